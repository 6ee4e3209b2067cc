"""The starter dictionary, and lists that an operator brings: whatever is in the file."""

import csv
import io
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generation.content_policy import ContentPolicy
from generation.place import Place
from generation.request import GenerationRequest
from generation.tag_dictionary import (
    NAME_LENGTH_MAX,
    STARTER,
    TagCategory,
    TagDictionary,
    UnreadableTagList,
    load_dictionary,
    read_starter,
    read_tag_list,
)
from tests import hostile

LIST = """\ufeffname,category,count,aliases
1girl,0,6000000,"1girls,sole_female"
fate_(series),3,500000,
saber_(fate),4,90000,
o_o,0,900,0_0

broken line
too,many,categories,
blue_hair,0,-5,
"""


@pytest.fixture(scope="module")
def starter() -> TagDictionary:
    return load_dictionary()


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    file = tmp_path / "tags.csv"
    file.write_text(LIST, encoding="utf-8")
    return file


def test_the_starter_has_tags_for_everything_that_people_draw_with(starter: TagDictionary) -> None:
    assert len(starter.tags) >= 1500
    of = {category: [tag for tag in starter.tags if tag.category is category] for category in TagCategory}
    assert len(of[TagCategory.CHARACTER]) >= 250
    assert len(of[TagCategory.SERIES]) >= 100
    assert len(starter.groups) >= 20
    assert all(len(starter.of_group(group)) >= 10 for group in starter.groups)


def test_every_tag_of_the_starter_stands_in_it_once_and_in_danboorus_spelling() -> None:
    tags, groups = read_starter(STARTER)
    names = [tag.name for tag in tags]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() == name.strip() for name in names)
    aliases = [alias for tag in tags for alias in tag.aliases]
    assert not set(aliases) & set(names)
    series = {tag.name for tag in tags if tag.category is TagCategory.SERIES}
    assert all(tag.series in series for tag in tags if tag.category is TagCategory.CHARACTER)
    assert all(tag.group in groups for tag in tags if tag.category is TagCategory.GENERAL)


def test_everything_in_the_starter_may_be_drawn_anywhere(starter: TagDictionary) -> None:
    policy = ContentPolicy()
    for tag in starter.tags:
        policy.check(GenerationRequest(tags=tag.name), Place(guild_id=1, channel_id=2))


def test_alternatives_are_of_the_same_kind(starter: TagDictionary) -> None:
    for tag, group in (("blue hair", "hair-colour"), ("beach", "places-outdoors")):
        found = starter.alternatives(tag, 3)
        assert len(found) == 3
        assert all((other := starter.named(name)) and other.group == group for name in found)
        assert tag not in found
    characters = starter.alternatives("Hatsune_Miku", 3)
    assert all((other := starter.named(name)) and other.series == "vocaloid" for name in characters)
    assert len(starter.alternatives("something that nobody knows", 3)) == 3


def test_a_list_is_read_whatever_else_is_in_it(imported: Path) -> None:
    found = read_tag_list(imported)
    assert [(tag.name, tag.category, tag.count, tag.aliases) for tag in found.tags] == [
        ("1girl", TagCategory.GENERAL, 6_000_000, ("1girls", "sole female")),
        ("fate (series)", TagCategory.SERIES, 500_000, ()),
        ("saber (fate)", TagCategory.CHARACTER, 90_000, ()),
        ("o_o", TagCategory.GENERAL, 900, ("0_0",)),
    ]
    assert found.skipped == 3


def test_the_imported_list_counts_and_the_starter_knows_groups_and_series(imported: Path) -> None:
    dictionary = load_dictionary(imported)
    girl = dictionary.named("1girl")
    assert girl is not None
    assert (girl.count, girl.group) == (6_000_000, "subjects")
    assert {"sole female", "one girl"} <= set(girl.aliases)
    saber = dictionary.named("saber (fate)")
    assert saber is not None
    assert saber.series == "fate (series)"
    assert dictionary.named("hatsune miku") is not None


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"just a text\nof two lines\n", b'"' * 5000])
def test_what_is_no_list_is_refused_and_the_bot_starts_without_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "tags.csv"
    file.write_bytes(content)
    with pytest.raises(UnreadableTagList):
        read_tag_list(file)
    assert len(load_dictionary(file).tags) >= 1500


@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("lists") / "tags.csv"
    file.write_bytes(content)
    with suppress(UnreadableTagList):
        assert read_tag_list(file).tags


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.lists(hostile.texts() | st.sampled_from(["0", "4", "900"]), max_size=5), max_size=5))
@example([["a\u0000b", "0", "1"], ["\u202ea", "0", "1"], ["a", "0", "٣", "b\u0000,c"]])
def test_a_list_of_anything_gives_tags_that_can_be_shown(rows: list[list[str]]) -> None:
    content = io.StringIO()
    csv.writer(content).writerows(rows)
    with TemporaryDirectory() as folder, suppress(UnreadableTagList):
        file = Path(folder) / "tags.csv"
        file.write_bytes(content.getvalue().encode(errors="surrogatepass"))
        for tag in read_tag_list(file).tags:
            assert "".join((tag.name, *tag.aliases)).isprintable()
            assert 0 < len(tag.name) <= NAME_LENGTH_MAX
