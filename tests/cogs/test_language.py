"""Every language says everything, with the same facts; and the commands speak it too."""

import re

import pytest
from babel.messages import Catalog
from discord import Locale

from cogs.language import ENGLISH, TRANSLATIONS, language_of, languages
from tests.cogs.catalogue import every_message, read

CODES = sorted(file.stem for file in TRANSLATIONS.glob("*.po"))


def keys_of(catalogue: Catalog) -> set[tuple[str | None, str]]:
    return {
        (message.context, message.id if isinstance(message.id, str) else message.id[0])
        for message in catalogue
        if message.id
    }


def forms_of(text: object) -> list[str]:
    """The singular and plural forms; most messages have one."""
    return [text] if isinstance(text, str) else list(text) if isinstance(text, tuple | list) else []


def facts_in(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_japanese_is_there() -> None:
    assert "ja" in CODES
    assert {locale.value for locale in Locale} >= set(CODES)


@pytest.mark.parametrize("code", CODES)
async def test_no_message_is_missing_and_none_is_left_over(code: str) -> None:
    """Repaired by `python -m tests.cogs.catalogue CODE` and a translation."""
    said, written = keys_of(await every_message()), keys_of(read(code))
    assert sorted(map(str, said - written)) == []
    assert sorted(map(str, written - said)) == []


@pytest.mark.parametrize("code", CODES)
def test_everything_is_translated_with_the_same_facts(code: str) -> None:
    for message in read(code):
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        ids = forms_of(message.id)
        strings = forms_of(message.string)
        assert all([*strings, strings]), ids
        for string in strings:
            assert facts_in(string) == facts_in(ids[-1]), ids


@pytest.mark.parametrize("code", CODES)
def test_names_of_commands_are_such_as_discord_takes(code: str) -> None:
    for message in read(code):
        if message.context == "name" and not re.fullmatch(r"[A-Z].*", str(message.id)):
            name = str(message.string)
            assert re.fullmatch(r"[-_'\w]{1,32}", name), name
            assert name == name.lower()


def test_who_speaks_another_language_is_answered_in_english() -> None:
    assert language_of("fi") is ENGLISH
    assert language_of(Locale.japanese) is languages()["ja"]
    assert ENGLISH("Seed {seed}", seed=7) == "Seed 7"


def test_numbers_take_the_right_form() -> None:
    assert ENGLISH.counted("{count} minute", "{count} minutes", 1) == "1 minute"
    assert ENGLISH.counted("{count} minute", "{count} minutes", 3) == "3 minutes"
    assert languages()["ja"].counted("{count} minute", "{count} minutes", 3) == "3分"
