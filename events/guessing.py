"""Guess the tags: which are hidden, what a guess means, what a find is worth, and the hints.

Plain rules; knows neither Discord nor the database.
"""

import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Self

from rapidfuzz.distance import OSA

from generation.surprise import MOST_USED, PERSON, PLACES, SCENE
from generation.tag_dictionary import Tag, TagDictionary
from generation.tag_search import normal_form

TAGS_MIN, TAGS_MAX = 3, 8
GUESSES_AT_ONCE = 5
"""Tags in one form: more would be throwing the dictionary at the picture."""
GUESS_LENGTH = 100

SUBJECTS = ("1girl, solo", "1boy, solo")
"""What is no secret: everybody sees it."""

POINTS_MIN, POINTS_MAX = 10, 60
_USUAL_MAGNITUDE = 6.5
"""A tag that stands in three million posts is worth the least."""
_POINTS_A_MAGNITUDE = 10
LAST_SHARE = 0.5
"""What is left of a tag's points at the end of the game."""

_LETTERS_FOR_ONE_ERROR, _LETTERS_FOR_TWO_ERRORS = 4, 9

MASK = "•"


class HintKind(IntEnum):
    """What is told of the tags that nobody has found, one after the other."""

    GROUP = 1
    LETTERS = 2
    FIRST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class HiddenTag:
    """A tag that is to be found; `group` is the id of its group in the dictionary's guide."""

    name: str
    count: int
    aliases: tuple[str, ...] = ()
    group: str | None = None

    @classmethod
    def of(cls, tag: Tag) -> Self:
        """Hide a tag of the dictionary."""
        return cls(tag.name, tag.count, tag.aliases, tag.group)


@dataclass(frozen=True, slots=True)
class Secret:
    """What a picture is drawn from: what everybody is told, and the tags that are to be found."""

    subject: str
    tags: tuple[HiddenTag, ...]

    @property
    def prompt(self) -> str:
        """The hidden tags as a prompt."""
        return ", ".join(tag.name for tag in self.tags)

    def to_json(self) -> dict[str, Any]:
        """Make plain JSON of it."""
        tags = [
            {"name": tag.name, "count": tag.count, "aliases": list(tag.aliases), "group": tag.group}
            for tag in self.tags
        ]
        return {"subject": self.subject, "tags": tags}

    @classmethod
    def from_json(cls, stored: Any) -> Self:
        """Read what `to_json` made."""
        tags = (
            HiddenTag(tag["name"], tag["count"], tuple(tag["aliases"]), tag["group"])
            for tag in stored["tags"]
        )
        return cls(stored["subject"], tuple(tags))


def pick_secret(
    dictionary: TagDictionary, count: int, chance: random.Random, may_be_drawn: Callable[[str], bool]
) -> Secret:
    """Pick tags to hide, each of another group of the guide, so that none gives another away.

    Those that may not be drawn are left out; there may be fewer than `count` then.
    """
    groups = [*PERSON, chance.choice(PLACES), *SCENE]
    chance.shuffle(groups)
    picked: list[Tag] = []
    for group in groups:
        fitting = [
            tag
            for tag in dictionary.of_group(group)[:MOST_USED]
            if may_be_drawn(tag.name) and not any(_resembles(tag, other) for other in picked)
        ]
        if fitting and len(picked) < count:
            picked.append(chance.choice(fitting))
    return Secret(chance.choice(SUBJECTS), tuple(HiddenTag.of(tag) for tag in picked))


def split_guesses(text: str) -> list[str]:
    """Take apart what was typed, each guess once, in the form in which tags are compared."""
    parts = (normal_form(part.strip(" ()[]{}.!?\"'")) for part in re.split(r"[,，、;\n]", text))
    return list(dict.fromkeys(part[:GUESS_LENGTH] for part in parts if part))


def recognise(guess: str, tags: Sequence[HiddenTag], known: Callable[[str], str | None]) -> int | None:
    """Return the number of the hidden tag that `guess` means: by its name, an alias, or with typing errors.

    `known` says which tag of the dictionary a text is the name or alias of. What names another tag is no typing
    error: "black hair" doesn't find "black hat".
    """
    for number, tag in enumerate(tags):
        if guess == tag.name or guess in tag.aliases:
            return number
    if (named := known(guess)) is not None:
        return next((number for number, tag in enumerate(tags) if tag.name == named), None)
    distances = [
        (min(_errors(guess, form) for form in (tag.name, *tag.aliases)), number)
        for number, tag in enumerate(tags)
    ]
    errors, number = min(distances, default=(math.inf, 0))
    return None if math.isinf(errors) else number


def points(tag: HiddenTag, begun_at: datetime, ends_at: datetime, at: datetime) -> int:
    """Return what finding a tag is worth: the rarer the more, and half of it at the end of the game."""
    magnitude = math.log10(max(1, tag.count))
    worth = POINTS_MIN + _POINTS_A_MAGNITUDE * (_USUAL_MAGNITUDE - magnitude)
    worth = min(POINTS_MAX, max(POINTS_MIN, worth))
    gone = (at - begun_at) / (ends_at - begun_at)
    return max(1, round(worth * (1 - (1 - LAST_SHARE) * min(1.0, max(0.0, gone)))))


def hint_moments(begun_at: datetime, minutes: int) -> list[datetime]:
    """When hints are given: after a quarter, a half and three quarters of the time."""
    whole = timedelta(minutes=minutes)
    return [begun_at + whole * share for share in (0.25, 0.5, 0.75)]


def masked(name: str, kind: HintKind) -> str:
    """Return a tag with its letters covered; of the third kind, each word shows its first."""
    if kind is HintKind.FIRST_LETTERS:
        return re.sub(r"(?<=\w)\w", MASK, name)
    return re.sub(r"\w", MASK, name)


def is_warm(guess: str, tags: Sequence[HiddenTag], group_of: Callable[[str], str | None]) -> bool:
    """Whether a wrong guess is of the same kind as a tag that is still to be found: another hair colour."""
    group = group_of(guess)
    return group is not None and any(tag.group == group for tag in tags)


def _errors(guess: str, form: str) -> float:
    """How many typing errors make `form` of `guess`; infinite where there are more than are forgiven."""
    if len(form) < _LETTERS_FOR_ONE_ERROR:
        return math.inf
    allowed = 2 if len(form) >= _LETTERS_FOR_TWO_ERRORS else 1
    errors = OSA.distance(guess, form, score_cutoff=allowed)
    return errors if errors <= allowed else math.inf


def _resembles(tag: Tag, other: Tag) -> bool:
    """Whether who finds one has the other nearly: one's words are among the other's, or they share a name."""
    words, others = set(tag.name.split()), set(other.name.split())
    return words <= others or others <= words or bool({tag.name, *tag.aliases} & {other.name, *other.aliases})
