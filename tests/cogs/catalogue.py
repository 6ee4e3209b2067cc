"""Every message that the bot can say, out of its source and commands; and a catalogue brought up to date.

    python -m tests.cogs.catalogue ja

adds what is new to `cogs/translations/ja.po`, to be translated, and drops what nobody says any more. For a new
language, name it as Discord does.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from cogs.language import NAME_CONTEXT, TRANSLATIONS
from generation.tag_dictionary import load_dictionary
from settings.settings import Settings
from storage.database import Database
from storage.picture_files import PictureFiles
from wiring.assembly import build_bot

COGS = Path(__file__).parents[2] / "cogs"
KEYWORDS = {"say": None, "counted": (1, 2)}


async def every_message() -> Catalog:
    """Gather the messages: sentences from the source, names and descriptions from the commands."""
    catalogue = Catalog(charset="utf-8")
    found = extract_from_dir(
        str(COGS),
        method_map=[("**.py", "python")],
        keywords=KEYWORDS,
        comment_tags=(),
        strip_comment_tags=False,
    )
    for file, _line, message, _comments, _context in found:
        catalogue.add(message, locations=[(file, 0)])
    # Only its commands are looked at: nothing is started, and no file made.
    dictionary = load_dictionary()
    settings, database = Settings(), Database("sqlite+aiosqlite://")
    files = PictureFiles(Path("no-such-folder"))
    bot = build_bot(settings, database, files, dictionary, None, lambda: settings)
    await bot.add_cogs()
    for command in [*bot.tree.walk_commands(), *_menus(bot.tree)]:
        for text, is_name in _texts(command):
            if text and text != "…":
                catalogue.add(text, locations=[("commands", 0)], context=NAME_CONTEXT if is_name else None)
    for title in dictionary.groups.values():
        catalogue.add(title, locations=[("groups of tags", 0)])
    return catalogue


def _menus(tree: app_commands.CommandTree[Any]) -> Iterator[app_commands.ContextMenu]:
    yield from (command for command in tree.get_commands() if isinstance(command, app_commands.ContextMenu))


def _texts(command: Any) -> Iterator[tuple[str, bool]]:
    yield command.name, True
    if isinstance(command, app_commands.ContextMenu):
        return
    yield command.description, False
    for parameter in getattr(command, "parameters", ()):
        yield parameter.name, True
        yield str(parameter.description), False
        yield from ((choice.name, False) for choice in parameter.choices)


def file_of(language: str) -> Path:
    """Where a language's catalogue is."""
    return TRANSLATIONS / f"{language}.po"


def read(language: str) -> Catalog:
    """Read a language's catalogue; an empty one where there is none."""
    file = file_of(language)
    if not file.exists():
        return Catalog(locale=language.replace("-", "_"), charset="utf-8")
    with file.open("rb") as source:
        return read_po(source, locale=language.replace("-", "_"))


async def update(language: str) -> None:
    """Bring a language's catalogue up to date."""
    catalogue = read(language)
    catalogue.update(await every_message(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    with file_of(language).open("wb") as target:
        write_po(target, catalogue, width=110, omit_header=False, sort_by_file=True, include_lineno=False)


if __name__ == "__main__":
    import asyncio

    asyncio.run(update(sys.argv[1]))
