"""Completing tags: what is offered for what is typed, and in which order."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.tag_dictionary import TagCategory, load_dictionary
from generation.tag_search import TagSearch, normal_form

DANBOORU = Path(__file__).parents[3] / "shared" / "data" / "danbooru.csv"
SEARCH = TagSearch(load_dictionary())


def offered(typed: str, search: TagSearch = SEARCH, **options: object) -> list[str]:
    return [match.tag.name for match in search.complete(typed, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hatsu", "hatsune miku"),
        ("HATSUNE_M", "hatsune miku"),
        ("ｈａｔｓｕｎｅ", "hatsune miku"),
        ("sole_female", "solo"),
        ("nekomi", "cat ears"),
        ("sky", "blue sky"),
        ("blonde hiar", "blonde hair"),
        ("hatsne mku", "hatsune miku"),
        ("cherry blosoms", "cherry blossoms"),
        ("lokoing at viewer", "looking at viewer"),
    ],
)
def test_a_tag_is_found_by_its_beginning_its_alias_a_word_of_it_and_in_spite_of_errors(
    typed: str, meant: str
) -> None:
    assert meant in offered(typed)


def test_the_exact_tag_comes_first_then_the_most_used() -> None:
    assert offered("solo")[0] == "solo"
    found = SEARCH.complete("blue")
    by_name = [match.tag.count for match in found if match.tag.name.startswith("blue")]
    assert by_name == sorted(by_name, reverse=True)


def test_an_alias_is_told() -> None:
    (match, *_) = SEARCH.complete("nekomimi")
    assert (match.tag.name, match.alias) == ("cat ears", "nekomimi")


def test_only_the_asked_kinds_are_offered() -> None:
    for category in (TagCategory.CHARACTER, TagCategory.SERIES):
        for typed in ("", "s", "fate", "hatsne mi"):
            found = SEARCH.complete(typed, categories=[category])
            assert all(match.tag.category is category for match in found)
    assert offered("vocal", categories=[TagCategory.SERIES]) == ["vocaloid"]


def test_nothing_typed_offers_what_is_used_most() -> None:
    assert "1girl" in offered("")[:3]


def test_a_tag_is_named_exactly_or_by_an_alias() -> None:
    assert SEARCH.find("Blue_Hair") is not None
    found = SEARCH.find("miku")
    assert found is not None
    assert found.name == "hatsune miku"
    assert SEARCH.find("hats") is None


@given(st.text(max_size=40), st.integers(1, 25))
def test_any_text_gets_at_most_as_many_different_offers(typed: str, limit: int) -> None:
    found = offered(typed, limit=limit)
    assert len(found) == len(set(found)) <= limit


@pytest.mark.parametrize("text", ["1girl", "Ｂｌｕｅ＿ＨＡＩＲ", "  long   hair "])
def test_the_form_that_is_compared_is_stable(text: str) -> None:
    assert normal_form(normal_form(text)) == normal_form(text)


@pytest.mark.skipif(not DANBOORU.exists(), reason="the full list of tags is not beside the project")
def test_with_a_full_list_the_right_tags_still_come_first() -> None:
    search = TagSearch(load_dictionary(DANBOORU))
    assert offered("hatsune", search)[0] == "hatsune miku"
    assert offered("sole_female", search)[0] in ("1girl", "solo")
    assert "hatsune miku" in offered("hatsne mku", search)
    assert offered("long h", search)[0] == "long hair"
