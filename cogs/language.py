"""The languages that people are answered in: one gettext catalogue each, `translations/LOCALE.po`.

English stands in the code, and is what anything untranslated falls back to.
"""

import gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import discord
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from discord import app_commands

TRANSLATIONS = Path(__file__).with_name("translations")

NAME_CONTEXT = "name"
"""Command and option names are translated apart from ordinary words: Discord allows them few characters."""


class Language:
    """Says English messages in one language. `code` is Discord's name of it, such as "ja"."""

    def __init__(self, code: str, catalogue: gettext.NullTranslations) -> None:
        self.code = code
        self._catalogue = catalogue

    def __call__(self, message: str, /, **facts: object) -> str:
        """Say `message`, its {placeholders} filled in; without facts, braces are braces."""
        said = self._catalogue.gettext(message)
        return said.format(**facts) if facts else said

    def counted(self, one: str, many: str, count: int, **facts: object) -> str:
        """Say what depends on a number, as {count}: "{count} picture", "{count} pictures"."""
        return self._catalogue.ngettext(one, many, count).format(count=count, **facts)

    def name(self, name: str) -> str:
        """Say the name of a command or of an option."""
        return self._catalogue.pgettext(NAME_CONTEXT, name)


ENGLISH = Language("en-US", gettext.NullTranslations())


@cache
def languages() -> Mapping[str, Language]:
    """All languages besides English, by Discord's names of them."""
    return {file.stem: _read(file) for file in sorted(TRANSLATIONS.glob("*.po"))}


@cache
def language_names() -> Mapping[str, str]:
    """What every language calls itself, by Discord's names of them."""
    codes = [ENGLISH.code, *languages()]
    return {code: Locale.parse(code, sep="-").language_name or code for code in codes}


def language_of(locale: discord.Locale | str) -> Language:
    """The language for Discord's `locale`; English where there is none."""
    return languages().get(str(locale), ENGLISH)


class CommandTranslator(app_commands.Translator):
    """Gives discord.py the names and descriptions of commands in every language."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Translate; None where English will do."""
        language = language_of(locale)
        if language is ENGLISH or not string.message:
            return None
        is_name = context.location in {
            app_commands.TranslationContextLocation.command_name,
            app_commands.TranslationContextLocation.group_name,
            app_commands.TranslationContextLocation.parameter_name,
        }
        translated = language.name(string.message) if is_name else language(string.message)
        return None if translated == string.message else translated


def _read(file: Path) -> Language:
    """Compile a catalogue as it is read, so that a language is one file and nothing has to be built."""
    with file.open("rb") as source:
        catalogue = read_po(source, locale=file.stem.replace("-", "_"))
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(file.stem, gettext.GNUTranslations(compiled))
