"""The tags that are known: a starter dictionary of our own, and the list that an operator imported.

Looking tags up while somebody types is `tag_search.py`'s.
"""

import csv
import logging
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from generation.tags import EMOTICON_TAGS, spoken_form

log = logging.getLogger(__name__)

STARTER = Path(__file__).with_name("starter_tags.toml")

LINES_MAX = 1_000_000
NAME_LENGTH_MAX = 200
"""Bounds of an imported list; Danbooru's own longest tag has some 170 characters."""


class TagCategory(Enum):
    """What kind of tag it is, by the numbers of Danbooru's lists."""

    GENERAL = 0
    ARTIST = 1
    SERIES = 3
    CHARACTER = 4
    META = 5


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as prompts spell it. `count` says how much it is used; `series` is a character's, `group` the guide's."""

    name: str
    category: TagCategory
    count: int
    aliases: tuple[str, ...] = ()
    series: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class TagList:
    """What was read of a list, and how many of its lines could not be."""

    tags: list[Tag]
    skipped: int


class UnreadableTagList(Exception):
    """A file is no list of tags. `reason` completes "FILE can't be used: ..."."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TagDictionary:
    """All tags, those that are used most first, and the groups of the guide by their ids."""

    tags: tuple[Tag, ...]
    groups: Mapping[str, str]
    _members: Mapping[str, tuple[Tag, ...]] = field(repr=False)
    _named: Mapping[str, Tag] = field(repr=False)

    @classmethod
    def of(cls, tags: Iterable[Tag], groups: Mapping[str, str]) -> "TagDictionary":
        """Put a dictionary together."""
        ordered = tuple(sorted(tags, key=lambda tag: -tag.count))
        members: dict[str, list[Tag]] = {}
        for tag in ordered:
            if tag.group is not None:
                members.setdefault(tag.group, []).append(tag)
        return cls(
            ordered,
            groups,
            {group: tuple(own) for group, own in members.items()},
            {tag.name: tag for tag in ordered},
        )

    def named(self, name: str) -> Tag | None:
        """Return the tag that is written so, in any case and with underscores or spaces."""
        return self._named.get(spoken_form(name).strip().casefold())

    def of_group(self, group: str) -> tuple[Tag, ...]:
        """Return a group's tags, those that are used most first."""
        return self._members.get(group, ())

    def alternatives(self, name: str, count: int) -> tuple[str, ...]:
        """Return other tags of the same kind, to be tried in the place of one: its group's, or its series'.

        Those that stand beside it in use come first; of a tag that nobody knows, the most used hair colours.
        """
        tag = self.named(name)
        if tag is not None and tag.series is not None and tag.group is None:
            family = [other for other in self.tags if other.series == tag.series]
        else:
            family = list(self.of_group((tag.group if tag else None) or _ANYBODYS_GROUP))
        place = family.index(tag) if tag in family else 0
        beside = sorted(
            (other for other in family if other != tag), key=lambda other: abs(family.index(other) - place)
        )
        return tuple(other.name for other in beside[:count])


_ANYBODYS_GROUP = "hair-colour"
_FIRST_COUNT = 1_000_000
"""What the starter's most used tag counts, by and large as on Danbooru."""

_SERIES_OF_NAME = re.compile(r" \(([^()]+)\)$")


def load_dictionary(imported: Path | None = None) -> TagDictionary:
    """Load the starter, and over it the imported list where there is one that can be read."""
    starter, groups = read_starter(STARTER)
    if imported is None or not imported.is_file():
        return TagDictionary.of(starter, groups)
    try:
        found = read_tag_list(imported)
    except (OSError, UnreadableTagList) as error:
        log.warning("The imported list of tags can't be used, so I go on without it: %s", error)
        return TagDictionary.of(starter, groups)
    return TagDictionary.of(_merged(starter, found.tags), groups)


def read_starter(file: Path) -> tuple[list[Tag], dict[str, str]]:
    """Read the starter: its tags, and the titles of its groups by their ids."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    aliases: dict[str, list[str]] = {}
    for alias, name in content["aliases"].items():
        aliases.setdefault(name, []).append(alias)
    tags: list[Tag] = []

    def add(name: str, category: TagCategory, place: int, **facts: Any) -> None:
        # The farther down, the less it is used.
        count = _FIRST_COUNT // (place + 1)
        tags.append(Tag(name, category, count, tuple(aliases.get(name, ())), **facts))

    for rank, (group, own) in enumerate(content["groups"].items()):
        for place, name in enumerate(_listed(own["tags"])):
            add(name, TagCategory.GENERAL, place * 4 + rank, group=group)
    for rank, (series, names) in enumerate(content["characters"].items()):
        add(series, TagCategory.SERIES, 20 + rank)
        for place, name in enumerate(_listed(names)):
            add(name, TagCategory.CHARACTER, 40 + place * 4 + rank, series=series)
    return tags, {group: own["title"] for group, own in content["groups"].items()}


def read_tag_list(file: Path) -> TagList:
    """Read a list of four columns: name, category, count, aliases. A first line with their names may be there.

    Raises:
        OSError: the file can't be read.
        UnreadableTagList: nothing in it is such a line, or it is longer than any list of tags.
    """
    tags: dict[str, Tag] = {}
    skipped = 0
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = csv.reader(lines)
        number = 0
        while True:
            try:
                row = next(rows)
            except StopIteration:
                break
            except csv.Error:
                skipped += 1
                continue
            number += 1
            if number > LINES_MAX:
                raise UnreadableTagList(f"it has more than {LINES_MAX} lines")
            tag = _read_row(row)
            if tag is not None:
                tags.setdefault(tag.name, tag)
            elif row and number > 1:
                skipped += 1
    if not tags:
        raise UnreadableTagList("no line of it is a tag: name, category, count, aliases")
    return TagList(list(tags.values()), skipped)


_CATEGORIES = {str(category.value): category for category in TagCategory}


def _read_row(row: Sequence[str]) -> Tag | None:
    if len(row) < 3 or not row[2].isdecimal() or len(row[2]) > 12:
        return None
    name, category = _spoken(row[0]), _CATEGORIES.get(row[1])
    if category is None or not 0 < len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        return None
    aliases: tuple[str, ...] = ()
    if len(row) > 3 and row[3]:
        spoken = (_spoken(written) for written in row[3].split(","))
        aliases = tuple(alias for alias in spoken if alias and alias.isprintable())
    return Tag(name, category, int(row[2]), aliases)


def _spoken(written: str) -> str:
    name = written.strip().casefold()
    return name if name in EMOTICON_TAGS else name.replace("_", " ").strip()


def _listed(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(",") if name.strip()]


def _merged(starter: Iterable[Tag], imported: Iterable[Tag]) -> list[Tag]:
    """The imported tags with what the starter knows besides, then the starter's own."""
    known = {tag.name: tag for tag in starter}
    found = list(imported)
    series = {tag.name for tag in found if tag.category is TagCategory.SERIES}
    merged = []
    for tag in found:
        own = known.pop(tag.name, None)
        if own is not None:
            aliases = tuple(dict.fromkeys((*own.aliases, *tag.aliases)))
            merged.append(replace(tag, aliases=aliases, series=own.series, group=own.group))
        elif tag.category is TagCategory.CHARACTER and (derived := _series_of(tag.name, series)):
            merged.append(replace(tag, series=derived))
        else:
            merged.append(tag)
    return [*merged, *known.values()]


def _series_of(name: str, series: set[str]) -> str | None:
    """The series that a name such as "saber (fate)" states, where it is one."""
    stated = _SERIES_OF_NAME.search(name)
    if stated is None:
        return None
    return next((known for known in (stated[1], f"{stated[1]} (series)") if known in series), None)
