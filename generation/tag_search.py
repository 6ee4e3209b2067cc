"""What to offer while a tag is typed: beginnings of names, of aliases and of later words, then typing errors.

Everything that may be typed stands in one sorted list of keys; what begins alike lies side by side, and the best of a
stretch are found by their scores. 140,000 tags take some tens of megabytes and a second to be put in order.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from generation.tag_dictionary import Tag, TagCategory, TagDictionary
from generation.tags import spoken_form

ALIAS_SHARE, WORD_SHARE = 0.7, 0.3
"""How much of its use counts for a tag that is reached by an alias, or by a word in the middle of its name."""

FUZZY_LENGTH_MIN = 4
"""Shorter texts resemble everything."""
FUZZY_TAGS = 30_000
"""Only the tags that are used most are looked through for typing errors."""
ERRORS_ALLOWED = 0.25
"""Share of the letters that may be wrong, missing, too many or exchanged."""

_LAST = "\U0010ffff"
_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Match:
    """A tag to offer; `alias` is what it was found by, where that isn't its name."""

    tag: Tag
    alias: str | None = None


class TagSearch:
    """An index over a dictionary; making it takes a second for a large one: do so on a thread."""

    def __init__(self, dictionary: TagDictionary) -> None:
        self._tags = dictionary.tags
        keys: list[tuple[str, int, float, bool]] = []
        for place, tag in enumerate(self._tags):
            name = tag.name
            keys.append((name, place, 1.0, False))
            space = name.find(" ")
            while space >= 0:
                keys.append((name[space + 1 :].lstrip("("), place, WORD_SHARE, False))
                space = name.find(" ", space + 1)
            keys.extend((alias, place, ALIAS_SHARE, True) for alias in tag.aliases)
        keys.sort(key=lambda key: key[0])
        counts = np.array([tag.count for tag in self._tags], dtype=np.float32)
        self._keys = [key[0] for key in keys]
        self._places = np.array([key[1] for key in keys], dtype=np.int32)
        self._shares = np.array([key[2] for key in keys], dtype=np.float32)
        self._scores = counts[self._places] * self._shares
        self._is_alias = np.array([key[3] for key in keys], dtype=bool)
        self._categories = np.array([tag.category.value for tag in self._tags], dtype=np.uint8)
        # The tags are ordered by use, so these are the most used ones.
        self._usual = [tag.name for tag in self._tags[:FUZZY_TAGS]]

    def complete(
        self, typed: str, *, limit: int = 25, categories: Collection[TagCategory] = ()
    ) -> list[Match]:
        """Return the tags that `typed` may become, best first; all categories unless some are named."""
        wanted = normal_form(typed)
        found = self._beginning_with(wanted, limit, categories)
        if len(found) < limit and len(wanted) >= FUZZY_LENGTH_MIN:
            known = {match.tag.name for match in found}
            found += [
                match for match in self._resembling(wanted, limit, categories) if match.tag.name not in known
            ]
        return found[:limit]

    def find(self, text: str) -> Tag | None:
        """Return the tag of this name or alias."""
        wanted = normal_form(text)
        low, high = bisect_left(self._keys, wanted), bisect_left(self._keys, wanted + "\0")
        names = [index for index in range(low, high) if self._tags[self._places[index]].name == wanted]
        aliases = [index for index in range(low, high) if self._is_alias[index]]
        best = max(names or aliases, key=lambda index: self._scores[index], default=None)
        return None if best is None else self._tags[self._places[best]]

    def _beginning_with(self, wanted: str, limit: int, categories: Collection[TagCategory]) -> list[Match]:
        low, high = bisect_left(self._keys, wanted), bisect_left(self._keys, wanted + _LAST)
        scores = self._scores[low:high]
        if categories:
            scores = np.where(self._allowed(self._places[low:high], categories), scores, -1.0)
        if not len(scores):
            return []
        most = min(len(scores), _CANDIDATES + limit)
        best = np.argpartition(-scores, most - 1)[:most]
        best = best[np.argsort(-scores[best], kind="stable")]
        exact = [
            index
            for index in best
            if self._keys[low + index] == wanted and self._shares[low + index] > WORD_SHARE
        ]
        found: dict[int, Match] = {}
        for index in [*exact, *best]:
            if scores[index] < 0:
                continue
            place = int(self._places[low + index])
            alias = self._keys[low + index] if self._is_alias[low + index] else None
            found.setdefault(place, Match(self._tags[place], alias))
            if len(found) == limit:
                break
        return list(found.values())

    def _resembling(self, wanted: str, limit: int, categories: Collection[TagCategory]) -> list[Match]:
        """Tags whose beginning is `wanted` but for a few errors: letters wrong, missing, too many or exchanged."""
        errors = max(1, int(len(wanted) * ERRORS_ALLOWED))
        # Letters that are missing make the beginning that was meant longer than what was typed.
        both = [
            cdist(
                [wanted],
                [name[:length] for name in self._usual],
                scorer=OSA.distance,
                score_cutoff=errors,
                dtype=np.uint8,
            )[0]
            for length in (len(wanted), len(wanted) + errors)
        ]
        distances = np.minimum(*both)
        places = np.flatnonzero(distances <= errors)
        if categories:
            places = places[self._allowed(places, categories)]
        ordered = places[np.lexsort((places, distances[places]))]
        return [Match(self._tags[int(place)]) for place in ordered[:limit]]

    def _allowed(
        self, places: "np.ndarray[Any, Any]", categories: Collection[TagCategory]
    ) -> "np.ndarray[Any, Any]":
        return np.isin(self._categories[places], [category.value for category in categories])


def normal_form(typed: str) -> str:
    """Bring what is typed to the form of the keys: case, full-width letters, underscores and spaces are all one."""
    return " ".join(spoken_form(unicodedata.normalize("NFKC", typed)).casefold().split())
