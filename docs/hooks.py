"""What the site's pages take from the program itself, so that it can't be wrong; mkdocs calls this.

Commands come from the command tree, options from click, settings from `config.toml`, metrics from their registry.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import click
from discord import AppCommandOptionType, AppCommandType, Permissions, app_commands
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from bot import cli
from cogs.permissions import EXTRAS, NEEDED, named
from generation.job_store import ForgetfulStore
from generation.tag_dictionary import load_dictionary
from settings.settings import Settings
from storage.database import Database
from storage.picture_files import PictureFiles
from watch.metrics import Metrics
from wiring.assembly import build_bot
from wiring.service import build_service, utc_now

ROOT = Path(__file__).parents[1]

OWNERS_COMMANDS = frozenset({"model", "reload"})
"""Discord shows them to whoever manages the server; the bot itself answers its owners alone."""

ROOT_FILES = {
    "SECURITY.md": "operators/security.md",
    "CONTRIBUTING.md": "contributors/contributing.md",
    "CHANGELOG.md": "contributors/changelog.md",
}
"""Files of the project's folder that are pages too, and where."""

MARK = re.compile(r"<!-- from the program: ([\w' ]+) -->.*?<!-- until here -->", re.DOTALL)
"""Stands in a page where something is put in; who reads the page's source finds between the marks where that is."""

Command = app_commands.Command[Any, ..., Any]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put all decision records into the navigation, under their headings."""
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    entries: list[dict[str, str]] = [
        {_heading(record): record.relative_to(ROOT / "docs").as_posix()} for record in records
    ]
    (contributors,) = (section for section in config.nav or [] if "Contributors" in section)
    contributors["Contributors"].append({"Decisions": entries})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand in files outside the folder."""
    for source, page in ROOT_FILES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        # Links are seen from where the file is.
        files.append(File.generated(config, page, content=text.replace("](docs/", "](../")))
    return files


def on_page_markdown(markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put in what the program says of itself, and let links to the project's files lead to their pages."""
    return MARK.sub(lambda mark: _from_the_program(mark[1]), _to_pages(markdown, page.file.src_uri))


def _to_pages(markdown: str, source: str) -> str:
    """In the repository a link leads to a file of the project's folder, in the site to the page made of it."""
    for name, target in ROOT_FILES.items():
        way = os.path.relpath(target, PurePosixPath(source).parent)
        markdown = re.sub(rf"\]\((?:\.\./)+{re.escape(name)}\)", f"]({way})", markdown)
    return markdown


def _from_the_program(what: str) -> str:
    match what:
        case "members' commands":
            return _commands(for_members=True)
        case "moderators' commands":
            return _commands(for_members=False)
        case "permissions":
            return _permissions()
        case "settings":
            return _settings((ROOT / "config.toml").read_text(encoding="utf-8"))
        case "command line":
            return _command_line()
        case "metrics":
            return _metrics()
    raise PluginError(f"Nobody knows how to make {what!r}")


async def _command_tree() -> app_commands.CommandTree[Any]:
    settings = Settings()
    database = Database("sqlite+aiosqlite://")
    bot = build_bot(settings, database, PictureFiles(settings.paths.data), load_dictionary(), None, Settings)
    await bot.add_cogs()
    return bot.tree


def _commands(*, for_members: bool) -> str:
    tree = asyncio.run(_command_tree())
    parts: list[str] = []
    menus: list[app_commands.ContextMenu] = []
    for command in sorted(tree.get_commands(), key=lambda command: command.name):
        if (command.default_permissions is None) is not for_members:
            continue
        if isinstance(command, app_commands.ContextMenu):
            menus.append(command)
            continue
        whose = _whose(command.name, command.default_permissions)
        if isinstance(command, app_commands.Group):
            leaves = sorted(command.walk_commands(), key=lambda leaf: leaf.qualified_name)
        else:
            leaves = [command]
        parts += [_command(leaf, whose) for leaf in leaves if isinstance(leaf, app_commands.Command)]
    if menus:
        parts.append("## In the menu of a message\n\nRight-click or press long on a message, then *Apps*.\n")
        parts += [f"- **{menu.name}**" for menu in menus if menu.type is AppCommandType.message]
    return "\n".join(parts) + "\n"


def _whose(name: str, permissions: Permissions | None) -> str:
    if permissions is None:
        return ""
    if name in OWNERS_COMMANDS:
        return "For the owners of the bot.\n\n"
    names = ", ".join(_named(permission) for permission, is_set in permissions if is_set)
    return f"For those with {names}.\n\n"


def _command(command: Command, whose: str) -> str:
    lines = [f"## `/{command.qualified_name}`\n", f"{command.description}\n\n{whose}"]
    if command.parameters:
        lines.append("| option | what it is |\n|---|---|")
        for it in command.parameters:
            mark = " \\*" if it.required else ""
            lines.append(f"| `{it.display_name}`{mark} | {_option(it)} |")
    return "\n".join(lines) + "\n"


def _option(parameter: app_commands.Parameter) -> str:
    text = _plain(str(parameter.description))
    if parameter.name == "aspect":
        return f"{text}; [the shapes](../members/first-picture.md#shapes)"
    if parameter.choices:
        return f"{text}: {', '.join(f'*{choice.name}*' for choice in parameter.choices)}"
    bounds = f"{parameter.min_value} to {parameter.max_value}"
    is_bounded = None not in (parameter.min_value, parameter.max_value) and parameter.name != "seed"
    is_number = parameter.type in (AppCommandOptionType.integer, AppCommandOptionType.number)
    return f"{text}, {bounds}" if is_number and is_bounded and bounds not in text else text


def _plain(text: str) -> str:
    """Keep from Markdown, in a table too, what only looks like it."""
    return re.sub(r"(?<!`)(__\w+__)(?!`)", r"`\1`", text.replace("<", "&lt;").replace("|", "\\|"))


def _permissions() -> str:
    needed = [f"- {_named(name)}" for name, is_set in NEEDED if is_set]
    extras = [f"- {_named(name)}: {gain}" for name, gain in EXTRAS.items()]
    return "\n".join(
        [
            f"As an integer they are `{NEEDED.value}`:\n",
            *needed,
            "\nTwo more are for servers that want what they bring; they grant them to the bot's role:\n",
            *extras,
        ]
    )


def _named(permission: str) -> str:
    """As Discord's own program has it, whose word for a guild is server."""
    return named([permission]).replace("Guild", "Server")


@dataclass
class _Section:
    """A table of `config.toml`: its settings with what is said of each, and what is said after them."""

    name: str
    settings: list[tuple[list[str], str]] = field(default_factory=list)
    afterwards: list[str] = field(default_factory=list)


def _sections(text: str) -> Iterator[_Section]:
    """Read the file as people do: comments tell of the settings that follow them without a gap."""
    section, is_fresh = _Section(""), False
    comments: list[str] = []
    for line in text.splitlines():
        if line.startswith("["):
            yield section
            section, comments = _Section(line.strip("[]")), []
        elif line.startswith("#"):
            if not is_fresh:
                comments = []
            comments.append(line.removeprefix("#").removeprefix(" "))
        elif " = " in line:
            if not is_fresh and section.settings:
                section.settings[-1][0].append(line)
            else:
                section.settings.append(([line], " ".join(comments)))
        else:
            if is_fresh:
                section.afterwards += [*comments, ""]
            comments = []
        is_fresh = line.startswith("#")
    if is_fresh:
        section.afterwards += comments
    yield section


def _settings(text: str) -> str:
    parts: list[str] = []
    for section in _sections(text):
        if not section.name:
            continue
        parts.append(f"## `[{section.name}]`\n")
        for lines, meaning in section.settings:
            for line in lines:
                key, _, default = line.partition(" = ")
                parts.append(f"`{section.name}.{key}` (default `{default}`)  ")
            parts.append(f":   {_plain(meaning)}\n")
        if section.afterwards:
            if not any(line.startswith(f"[{section.name}.") for line in section.afterwards):
                parts.append("## Tables of your own\n")  # the examples at the end of the file
            parts.append("\n".join(["```toml", *_as_toml(section.afterwards), "```\n"]))
    return "\n".join(parts)


def _as_toml(lines: list[str]) -> list[str]:
    """Sentences become comments again; settings stay."""
    while lines and not lines[-1]:
        lines = lines[:-1]
    is_code = re.compile(r"\[|[a-z_]+ = ")
    return [line if not line or is_code.match(line) else f"# {line}" for line in lines]


def _command_line() -> str:
    parts: list[str] = []
    for names, command in _commands_of(cli, ()):
        arguments = " ".join(
            f"[{it.human_readable_name}]" if not it.required else it.human_readable_name
            for it in command.params
            if isinstance(it, click.Argument)
        )
        usage = " ".join(filter(None, ("python bot.py", *names, "[OPTIONS]", arguments)))
        parts.append(
            f"## `{' '.join(names)}`\n\n{_plain(_paragraph(command.help))}\n\n```text\n{usage}\n```\n"
        )
        options = [it for it in command.params if isinstance(it, click.Option) and it.name != "config"]
        if options:
            parts.append("| option | what it does |\n|---|---|")
            parts += [f"| {_option_names(option)} | {_option_help(option)} |" for option in options]
            parts.append("")
    return "\n".join(parts)


def _commands_of(
    group: click.Group, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _commands_of(command, (*above, name))
        else:
            yield (*above, name), command


def _option_names(option: click.Option) -> str:
    metavar = option.make_metavar(click.Context(cli))
    value = "" if option.is_flag else f" {metavar}"
    return ", ".join(f"`{name}{value}`" for name in (*option.opts, *option.secondary_opts))


def _option_help(option: click.Option) -> str:
    default = option.default
    is_told = option.show_default and default is not None and not option.is_flag
    return _plain(_paragraph(option.help)) + (f" Default: `{default}`." if is_told else "")


def _paragraph(text: str | None) -> str:
    return " ".join((text or "").split())


def _metrics() -> str:
    settings = Settings()
    metrics = Metrics(build_service(settings, ForgetfulStore(), utc_now))
    rows = [
        f"| `{family.name}{'_total' if family.type == 'counter' else ''}` | {family.type} | {family.documentation} |"
        for family in sorted(metrics.registry.collect(), key=lambda family: family.name)
    ]
    return "\n".join(["| series | kind | what it is |\n|---|---|---|", *rows])


def _heading(file: Path) -> str:
    return file.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").strip()
