"""Guess the tags: what is hidden, what a guess means, what it is worth, the hints."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.guessing import (
    TAGS_MAX,
    TAGS_MIN,
    HiddenTag,
    HintKind,
    Secret,
    hint_moments,
    is_warm,
    masked,
    pick_secret,
    points,
    recognise,
    split_guesses,
)
from generation.tag_dictionary import load_dictionary
from generation.tag_search import TagSearch

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ONE = NOON + timedelta(hours=1)
DICTIONARY = load_dictionary()
SEARCH = TagSearch(DICTIONARY)
TAGS = (
    HiddenTag("blue sky", 1_000_000, (), "nature"),
    HiddenTag("black hat", 80_000, ("dark headgear",), "headwear"),
    HiddenTag("hair ornament", 1_500, ("hairpiece",), "headwear"),
    HiddenTag("sad", 300, (), "expressions"),
)


def known(text: str) -> str | None:
    tag = SEARCH.find(text)
    return None if tag is None else tag.name


@pytest.mark.parametrize("count", [TAGS_MIN, TAGS_MAX])
def test_hidden_tags_are_of_different_kinds_and_the_same_chance_hides_the_same(count: int) -> None:
    for seed in range(30):
        secret = pick_secret(DICTIONARY, count, random.Random(seed), lambda _: True)
        assert secret == pick_secret(DICTIONARY, count, random.Random(seed), lambda _: True)
        assert len(secret.tags) == len({tag.group for tag in secret.tags}) == count
        words = [set(tag.name.split()) for tag in secret.tags]
        assert not any(one <= other for one in words for other in words if one is not other)
        assert Secret.from_json(secret.to_json()) == secret
        assert all(recognise(tag.name, secret.tags, known) == n for n, tag in enumerate(secret.tags))


def test_what_may_not_be_drawn_is_never_hidden() -> None:
    for seed in range(20):
        secret = pick_secret(DICTIONARY, TAGS_MAX, random.Random(seed), lambda name: "hair" not in name)
        assert not any("hair" in tag.name for tag in secret.tags)
    assert pick_secret(DICTIONARY, TAGS_MAX, random.Random(1), lambda _: False).tags == ()


@pytest.mark.parametrize(
    ("guess", "number"),
    [
        ("blue sky", 0),
        ("Blue_Sky", 0),
        ("ｂｌｕｅ　ｓｋｙ", 0),
        ("(blue sky)", 0),
        ("blue sy", 0),
        ("bleu sky", 0),
        ("dark headgear", 1),
        ("dark headgaer", 1),
        ("black hair", None),
        ("hair ornament", 2),
        ("hairpeice", 2),
        ("hiar ornamnt", 2),
        ("hat", None),
        ("sad", 3),
        ("mad", None),
        ("sky", None),
    ],
)
def test_names_aliases_and_typing_errors_are_recognised_and_other_tags_are_not(
    guess: str, number: int | None
) -> None:
    [text] = split_guesses(guess)
    assert recognise(text, TAGS, known) == number


def test_what_is_typed_is_taken_apart_and_each_guess_is_there_once() -> None:
    typed = "Blue sky,  black_hat、blue   sky\n, ,SAD!; smile"
    assert split_guesses(typed) == ["blue sky", "black hat", "sad", "smile"]
    assert split_guesses(" ,\n") == []


@given(st.text(max_size=300))
def test_nothing_that_is_typed_breaks_it(typed: str) -> None:
    for guess in split_guesses(typed):
        assert 0 < len(guess) <= 100
        recognise(guess, TAGS, known)


@pytest.mark.parametrize(
    ("count", "gone", "expected"),
    [(3_000_000, 0, 10), (1_000_000, 0, 15), (10_000, 0, 35), (1, 0, 60), (10_000, 30, 26), (10_000, 60, 18)],
)
def test_rare_tags_and_quick_finds_are_worth_more(count: int, gone: int, expected: int) -> None:
    at = NOON + timedelta(minutes=gone)
    assert points(HiddenTag("x", count), NOON, ONE, at) == expected


@given(st.integers(0, 10**9), st.integers(-100, 10_000))
def test_every_find_is_worth_something(count: int, gone: int) -> None:
    assert 1 <= points(HiddenTag("x", count), NOON, ONE, NOON + timedelta(seconds=gone)) <= 60


def test_hints_come_within_the_game_and_cover_letters_alone() -> None:
    assert hint_moments(NOON, 60) == [NOON + timedelta(minutes=minutes) for minutes in (15, 30, 45)]
    assert masked("off-shoulder dress", HintKind.LETTERS) == "•••-•••••••• •••••"
    assert masked("off-shoulder dress", HintKind.FIRST_LETTERS) == "o••-s••••••• d••••"


def test_another_tag_of_the_same_kind_is_warm() -> None:
    groups = {"white hat": "headwear", "beach": "places"}
    assert is_warm("white hat", TAGS, groups.get)
    assert not is_warm("beach", TAGS, groups.get)
    assert not is_warm("xyz", TAGS, groups.get)
