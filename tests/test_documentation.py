"""The documentation is true: its site builds strictly and loads nothing from elsewhere, and what it names is there."""

import asyncio
import importlib.util
import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
from discord import app_commands
from discord.shard import Shard
from sqlalchemy import AsyncAdaptedQueuePool

from bot import cli
from generation.tag_dictionary import load_dictionary
from settings.settings import Settings
from storage.database import POOL_OVERFLOW, POOL_SIZE, Database
from storage.picture_files import PictureFiles
from watch.server import WatchServer
from wiring.assembly import IDENTIFY_PAUSE_S, build_bot

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
DOCUMENTS = sorted({*ROOT.glob("*.md"), *DOCS.rglob("*.md")} - {ROOT / "CHANGELOG.md"})
BUILD_TIMEOUT_S = 240

SPANS = re.compile(r"(?<!`)`([^`]+)`(?!`)")
SHELL_BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
HTTP_ROUTES = {"/healthz", "/readyz", "/metrics"}
"""Of the watch; they look like commands."""


def named(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def spans_of(document: Path) -> list[str]:
    text = re.sub(
        r"^ *```.*?^ *```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return [" ".join(span.split()) for span in SPANS.findall(text)]


def shell_lines_of(document: Path) -> Iterator[str]:
    for block in SHELL_BLOCKS.findall(document.read_text(encoding="utf-8")):
        yield from block.replace("\\\n", " ").splitlines()
    yield from spans_of(document)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return folder


class _Loaded(HTMLParser):
    """Collects the addresses that a browser fetches by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        kept = {"link": ("stylesheet", "icon", "preload", "preconnect")}.get(tag)
        if kept is not None and (attributes.get("rel") or "") not in kept:
            return
        if tag in ("link", "script", "img", "iframe", "source", "video"):
            self.addresses += [value for name in ("src", "href") if (value := attributes.get(name))]


def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert {"index.html", "operators/configuration.html", "members/commands.html"} <= {
        page.relative_to(site).as_posix() for page in pages
    }
    for page in pages:
        loaded = _Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        strangers = [address for address in loaded.addresses if urlsplit(address).netloc]
        assert not strangers, page


def test_what_the_program_says_of_itself_is_in_the_pages(site: Path) -> None:
    def text(page: str) -> str:
        return re.sub(r"<[^>]+>", "", (site / page).read_text(encoding="utf-8"))

    settings, options = text("operators/configuration.html"), text("operators/command-line.html")
    for section, keys in Settings().model_dump().items():
        for key in keys if section not in {"loras", "profiles"} else ():
            assert (f"{section}.{key}" in settings) or (key in {"roles", "servers"})
    assert all(name in options for name in ("setup", "tags import", "--no-questions", "--ceiling"))
    assert "anim4gine_jobs_total" in text("operators/metrics.html")
    commands = text("members/commands.html") + text("moderators/commands.html")
    assert all(f"/{name}" in commands for name in _names_of(_tree()))


def _tree() -> app_commands.CommandTree[Any]:
    async def build() -> app_commands.CommandTree[Any]:
        settings = Settings()
        files = PictureFiles(settings.paths.data)
        bot = build_bot(settings, Database("sqlite+aiosqlite://"), files, load_dictionary(), None, Settings)
        await bot.add_cogs()
        return bot.tree

    return asyncio.run(build())


def _names_of(tree: app_commands.CommandTree[Any]) -> set[str]:
    return {
        command.qualified_name
        for command in tree.walk_commands()
        if isinstance(command, app_commands.Command)
    }


@pytest.fixture(scope="module")
def commands() -> set[str]:
    return _names_of(_tree())


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_slash_commands_that_are_named_exist(document: Path, commands: set[str]) -> None:
    roots = {name.partition(" ")[0] for name in commands}
    for span in spans_of(document):
        if not (found := re.match(r"/([a-z]+)(?: ([a-z]+))?(?= |$)", span)) or span in HTTP_ROUTES:
            continue
        root, second = found[1], found[2]
        assert root in roots, span
        subcommands = {name.partition(" ")[2] for name in commands if name.startswith(f"{root} ")}
        # `/preset` names all of them; an option has a colon after it.
        assert not subcommands or second is None or second in subcommands or f" {second}:" in span, span


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_shell_commands_that_are_named_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in shell_lines_of(document):
        words = shlex.split(line, comments=True, posix=True) if line.count('"') % 2 == 0 else []
        match words:
            case ["make", target, *_] if target.isalpha():
                assert target in targets, line
            case [python, "-m", module, *_] if "python" in python and module.startswith(("bench.", "tests.")):
                assert importlib.util.find_spec(module) is not None, line
        for at, (python, file) in enumerate(pairwise(words)):
            if "python" in python and file == "bot.py":
                _check_arguments(words[at + 2 :], line)


def _check_arguments(words: list[str], line: str) -> None:
    command: click.Command = cli
    known = {name for parameter in cli.params for name in parameter.opts}
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, line
        command, words = command.commands[words[0]], words[1:]
    known |= {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        if word.startswith("-"):
            assert word.partition("=")[0] in known | {"--help"}, line


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_settings_that_are_named_exist(document: Path) -> None:
    defaults = Settings().model_dump()
    for span in spans_of(document):
        if found := re.fullmatch(r"([a-z0-9]+)\.([a-z0-9_]+)(?: = .*)?", span):
            section, key = found.groups()
            if section in defaults and key != "py":
                assert key in defaults[section], span
        elif found := re.fullmatch(r"\[([a-z0-9]+)\]", span):
            assert found[1] in defaults or found[1] == "smile", span
        elif found := re.match(r"ANIM4GINE_([A-Z0-9]+)__([A-Z0-9_]+)\b", span):
            section, key = (part.lower() for part in found.groups())
            assert key in defaults[section], span


def test_the_counts_of_scaling_are_the_programs_own() -> None:
    text = " ".join((DOCS / "scaling.md").read_text(encoding="utf-8").split())
    assert f"keeps {POOL_SIZE} connections to PostgreSQL, and has up to {POOL_SIZE + POOL_OVERFLOW}" in text
    timeouts = re.findall(r"wait_for\(coro, timeout=(\d+)", inspect.getsource(Shard.reidentify))
    assert f"after {timeouts[0]} s at a later one" in text
    assert f"up to {int(timeouts[0]) / IDENTIFY_PAUSE_S:.0f} processes can lose" in text
    database = Database("postgresql+asyncpg://bot@db/bot")
    assert isinstance(database.engine.pool, AsyncAdaptedQueuePool)
    assert (database.engine.pool.size(), database.engine.pool._max_overflow) == (POOL_SIZE, POOL_OVERFLOW)


def test_the_routes_that_are_named_are_served() -> None:
    source = Path(sys.modules[WatchServer.__module__].__file__ or "").read_text(encoding="utf-8")
    assert all(f'"{route}"' in source for route in HTTP_ROUTES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_to_files_for_who_reads_the_repository(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for address in re.findall(r"\]\(([^)\s]+)\)", text):
        if not urlsplit(address).scheme and (target := address.partition("#")[0]):
            assert (document.parent / target).exists(), address
