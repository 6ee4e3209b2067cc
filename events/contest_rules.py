"""What may be drawn in a contest: its rules as data, applied to what a person asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from generation.aspect_ratio import AspectRatio
from generation.listed_tags import ListedTags
from generation.policy_terms import PolicyTerms, load_policy_terms
from generation.rating import Rating
from generation.request import SEED_LIMIT, GenerationRequest
from generation.tags import comparison_key, plain_text, split_tags

ENTRIES_PER_PERSON = range(1, 11)
IMAGES_PER_PERSON_MAX = 500
LISTED_MAX = 20
"""Tags that may be required, and that may be forbidden."""

_BETWEEN_TAGS = re.compile(r"[,，、\n\r{}|\[\]]|::")
"""Chance and change within a prompt don't hide a tag."""


class RuleBroken(Exception):
    """The root of what a request breaks."""


@dataclass(eq=False)
class TagForbidden(RuleBroken):
    """These are asked for, and the contest goes without them."""

    tags: tuple[str, ...]


@dataclass(eq=False)
class RatingTooHigh(RuleBroken):
    """The request is rated above what the contest takes."""

    rating: Rating
    ceiling: Rating


@dataclass(eq=False)
class NotAsRuled(RuleBroken):
    """A picture that wasn't drawn as the rules say. `option` is what differs: "seed", "aspect" or "tags"."""

    option: str


@dataclass(eq=False)
class UnreadableRules(Exception):
    """These are no rules. `option` is what can't be, `value` what was given."""

    option: str
    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestRules:
    """Rules; what is None or empty isn't ruled. `ceiling` is the highest rating. A fixed seed means one picture a go.

    Raises:
        UnreadableRules: a number is out of range, or there are too many tags.
    """

    required: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    aspect: AspectRatio | None = None
    seed: int | None = None
    ceiling: Rating | None = None
    entries_per_person: int = 1
    images_per_person: int | None = None

    def __post_init__(self) -> None:
        if self.seed is not None and not 0 <= self.seed < SEED_LIMIT:
            raise UnreadableRules("seed", self.seed)
        if self.entries_per_person not in ENTRIES_PER_PERSON:
            raise UnreadableRules("entries", self.entries_per_person)
        if self.images_per_person is not None and not 1 <= self.images_per_person <= IMAGES_PER_PERSON_MAX:
            raise UnreadableRules("drawings", self.images_per_person)
        for option in ("required", "forbidden"):
            if len(tags := getattr(self, option)) > LISTED_MAX:
                raise UnreadableRules(option, len(tags))

    def to_json(self) -> dict[str, Any]:
        """Write them down."""
        written: dict[str, Any] = _RULES.dump_python(self, mode="json", exclude_defaults=True)
        return written

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "ContestRules":
        """Read them again.

        Raises:
            ValueError: they were written by a version that this one doesn't understand.
        """
        return _RULES.validate_python(dict(written))

    def applied(self, request: GenerationRequest) -> GenerationRequest:
        """Return `request` as the rules have it: shape and seed fixed, what is required added where it lacks.

        Raises:
            TagForbidden, RatingTooHigh: what nobody can mend for the person.
        """
        self._check_what_is_asked_for(request)
        missing = ", ".join(self._missing(request))
        return replace(
            request,
            tags=f"{request.tags.rstrip(' ,')}, {missing}" if missing else request.tags,
            aspect_ratio=self.aspect or request.aspect_ratio,
            seed=request.seed if self.seed is None else self.seed,
            count=request.count if self.seed is None else 1,
        )

    def check(self, picture: GenerationRequest) -> None:
        """Pass a picture that was drawn, by what was asked for with it when chance had spoken.

        Raises:
            RuleBroken: it isn't as the rules say.
        """
        self._check_what_is_asked_for(picture)
        if self._missing(picture):
            raise NotAsRuled("tags")
        if self.aspect not in (None, picture.aspect_ratio):
            raise NotAsRuled("aspect")
        if self.seed not in (None, picture.seed):
            raise NotAsRuled("seed")

    def _check_what_is_asked_for(self, request: GenerationRequest) -> None:
        if self.ceiling is not None and request.rating > self.ceiling:
            raise RatingTooHigh(request.rating, self.ceiling)
        if not self.forbidden:
            return
        forbidden, terms = ListedTags(self.forbidden), _terms()
        asked_for = (tag.strip() for tag in _BETWEEN_TAGS.split(_text(request)) if tag.strip())
        if found := [tag for tag in asked_for if forbidden.longest_in(terms.read(tag))]:
            raise TagForbidden(tuple(plain_text(tag).strip() for tag in dict.fromkeys(found)))

    def _missing(self, request: GenerationRequest) -> list[str]:
        given = {comparison_key(tag) for tag in _BETWEEN_TAGS.split(_text(request))}
        given |= {comparison_key(tag) for tag in split_tags(_text(request))}
        return [tag for tag in self.required if comparison_key(tag) not in given]


_RULES = TypeAdapter(ContestRules)


@cache
def _terms() -> PolicyTerms:
    """The policy's reading of words, which sees through spelling tricks."""
    return load_policy_terms()


def _text(request: GenerationRequest) -> str:
    return ", ".join((request.subject, request.character, request.series, request.tags))
