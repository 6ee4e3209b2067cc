"""Prompts with chance: what is rolled, what is refused, and that text without chance stays as it is."""

from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generation.errors import UnknownWildcard, UnreadableTemplate
from generation.wildcards import Wildcards
from tests import hostile

TAGS_WITHOUT_CHANCE = "1girl, ^_^, >_<, (smile:1.2), [night], saber \\(fate\\), #, 100%, $, o_o"


@pytest.fixture
def wildcards(tmp_path: Path) -> Wildcards:
    (tmp_path / "clothes").mkdir()
    (tmp_path / "colour.txt").write_text("red\nblue\n", encoding="utf-8")
    (tmp_path / "clothes" / "dress.txt").write_text("__colour__ dress\n", encoding="utf-8")
    (tmp_path / "circle.txt").write_text("__circle__ again\n", encoding="utf-8")
    return Wildcards(tmp_path)


def rolls(wildcards: Wildcards, template: str, count: int = 60) -> set[str]:
    return {wildcards.roll(template, seed, {}) for seed in range(count)}


def test_variants_wildcards_and_nesting_are_decided(wildcards: Wildcards) -> None:
    assert rolls(wildcards, "{red|blue} hair") == {"red hair", "blue hair"}
    assert rolls(wildcards, "__clothes/dress__") == {"red dress", "blue dress"}
    assert rolls(wildcards, "{a|{b|c}}") == {"a", "b", "c"}


def test_weights_make_an_option_likelier(wildcards: Wildcards) -> None:
    found = [wildcards.roll("{red|9::green}", seed, {}) for seed in range(300)]
    assert found.count("green") > found.count("red") * 4


def test_the_same_seed_rolls_the_same(wildcards: Wildcards) -> None:
    template = "{a|b|c|d}, __colour__, {e|f|g}"
    assert wildcards.roll(template, 7, {}) == wildcards.roll(template, 7, {})


def test_text_without_chance_comes_back_as_it_is(wildcards: Wildcards) -> None:
    assert wildcards.roll(TAGS_WITHOUT_CHANCE, 1, {}) == TAGS_WITHOUT_CHANCE


def test_a_persons_own_lists_stand_beside_the_operators(wildcards: Wildcards) -> None:
    own = {"pet": ["cat", "{small|large} dog"]}
    assert {wildcards.roll("__pet__", seed, own) for seed in range(60)} == {"cat", "small dog", "large dog"}
    assert wildcards.names(own) == ["circle", "clothes/dress", "colour", "pet"]


def test_a_list_that_is_not_there_is_named_with_those_that_are(wildcards: Wildcards) -> None:
    with pytest.raises(UnknownWildcard) as refusal:
        wildcards.roll("__color__", 1, {})
    assert refusal.value.name == "color"
    assert "colour" in refusal.value.known


@pytest.mark.parametrize(
    "template",
    [
        "{red|blue",
        "{" * 40 + "a" + "}" * 40,
        "__circle__",
        "{a|b} ${x",
        "{a|b} %{x}",
        f"{{9{'9' * 400}::a|b}}",
        "${x=a}{b|${x}}",
        "${a=b}" + "".join(f"${{{after}=${{{one}}}${{{one}}}}}" for one, after in pairwise(ascii_lowercase)),
    ],
)
def test_what_cannot_be_read_is_refused(wildcards: Wildcards, template: str) -> None:
    for read in (lambda: wildcards.roll(template, 1, {}), lambda: wildcards.rolls(template, {}, 10)):
        with pytest.raises(UnreadableTemplate):
            read()


@pytest.mark.parametrize("template", ["{a|b} " * 100, "__colour__ " * 150])
def test_more_chance_than_is_read_in_a_moment_is_refused(wildcards: Wildcards, template: str) -> None:
    with pytest.raises(UnreadableTemplate):
        wildcards.roll(template, 1, {})


def test_lists_that_name_each_other_do_not_grow_without_end(wildcards: Wildcards) -> None:
    own = {"a": ["__b__ " * 50] * 200, "b": ["__c__ " * 50] * 200, "c": ["x"], "deep": ["{" * 40 + "}" * 40]}
    for template in ("__a__", "__deep__", "{2$$__a__}"):
        with pytest.raises(UnreadableTemplate):
            wildcards.roll(template, 1, own)


def test_what_is_taken_several_at_once_is_tried_instead_of_counted_through(wildcards: Wildcards) -> None:
    assert set(wildcards.rolls("{2$$ and $$a|b}", {}, 10)) == {"a and b", "b and a"}
    assert wildcards.rolls(f"{{15$${'|'.join('a' * 30)}}}", {}, 10)
    assert len(wildcards.rolls("{2$$__colour__}, {1-2$$a|b|c}", {}, 10)) == 10


def test_a_piece_of_a_prompt_that_looks_like_a_list_stays_out_of_the_log(
    wildcards: Wildcards, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UnknownWildcard):
        wildcards.roll("{a|b}, __my secret__", 1, {})
    assert caplog.text == ""


def test_names_reach_no_file_outside_the_folder(wildcards: Wildcards, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.txt").write_text("secret", encoding="utf-8")
    with pytest.raises(UnknownWildcard):
        wildcards.roll("__../secret__", 1, {})


_templates = st.text(alphabet="{}|_$:%#a b1.,()[]\\/*-", max_size=60) | hostile.texts()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_templates, st.lists(_templates, min_size=1, max_size=4))
@example("__a__", ["__a__", "{9$$a|a|a|a|a|a|a|a|a|a|a|a|a}"])
def test_any_text_is_rolled_or_refused(text: str, entries: list[str]) -> None:
    own = {"a": entries}
    with suppress(UnknownWildcard, UnreadableTemplate):
        assert isinstance(Wildcards(None).roll(text, 1, own), str)
    with suppress(UnknownWildcard, UnreadableTemplate):
        assert len(Wildcards(None).rolls(text, own, 20)) <= 20


@pytest.mark.parametrize("text", hostile.LONG_TEXTS, ids=lambda text: text[:8])
def test_a_long_text_is_rolled_or_refused(text: str) -> None:
    for template in (text, text + "{a|b}"):
        with suppress(UnknownWildcard, UnreadableTemplate):
            Wildcards(None).roll(template, 1, {"a": [text]})
