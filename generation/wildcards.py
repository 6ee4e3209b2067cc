"""Prompts with chance: `{red|blue|2::green} hair` and `__name__` for a line of a list, by the library dynamicprompts.

The lists are the operator's text files, one entry a line, and a person's own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from dynamicprompts.generators import CombinatorialPromptGenerator, RandomPromptGenerator
from dynamicprompts.wildcards.wildcard_manager import WildcardManager
from pyparsing import ParseBaseException

from generation.errors import UnknownWildcard, UnreadableTemplate

DEPTH_MAX = 12
"""How deep braces may be nested; the parser recurses into them."""

MARKS_MAX = 200
"""Braces, bars and names of lists in a prompt and in what its lists add: the parser takes milliseconds for each."""

_ROLLS_MARKS_MAX = 2_000
"""The same for all that a prompt may become, which takes that much longer."""

_DRAWS = 3
"""Rolls for each result that is asked for, where results can't be counted through."""

_CHANCE = re.compile(r"[{}]|__[\w/*.-]+?__")
_WILDCARD = re.compile(r"__([\w/.-]+?)__")
_NAME = re.compile(r"[\w/*-]+(\.[\w/*-]+)*")
_MARK = re.compile(r"[{}|]|__")
_SEVERAL_AT_ONCE = "$$"

_LIBRARY_ERRORS = (ParseBaseException, RuntimeError, ValueError, LookupError, OverflowError)
"""What the library makes of what it can't read."""

OwnLists = Mapping[str, Sequence[str]]
"""A person's wildcards: entries by name."""


class Wildcards:
    """Rolls prompts; `folder` holds the operator's lists, if there are any. Reads files: use it on a thread."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder if folder is not None and folder.is_dir() else None

    def names(self, own: OwnLists) -> list[str]:
        """All lists that may be named, the person's own ones over the operator's."""
        found: set[str] = set(self._manager(own).get_collection_names())
        return sorted(found)

    def roll(self, template: str, seed: int, own: OwnLists) -> str:
        """Return `template` with everything in it decided by `seed`; text without chance comes back as it is.

        Raises:
            UnknownWildcard: it names a list that is not there.
            UnreadableTemplate: its braces don't pair up, are too many or nested too deep, it has variables, or its
                lists go in a circle.
        """
        if not _CHANCE.search(template):
            return template
        return _drawn(template, seed, self._lists_for(template, own, MARKS_MAX))

    def rolls(self, template: str, own: OwnLists, most: int) -> list[str]:
        """Return what `template` may become, `most` of it at most.

        Raises:
            UnknownWildcard, UnreadableTemplate: see `roll`.
        """
        if not _CHANCE.search(template):
            return [template]
        try:
            lists = self._lists_for(template, own, _ROLLS_MARKS_MAX, one_at_a_time=True)
            generator: Any = CombinatorialPromptGenerator(lists)
            return list(map(str, generator.generate(template, max_prompts=most)))
        except _SeveralAtOnce:
            return self._some_rolls(template, own, most)
        except _LIBRARY_ERRORS as error:
            raise UnreadableTemplate(template) from error

    def _some_rolls(self, template: str, own: OwnLists, most: int) -> list[str]:
        """Roll again and again until there are `most`, or it has become too much."""
        lists = self._lists_for(template, own, _ROLLS_MARKS_MAX)
        found = {_drawn(template, 0, lists): None}
        with suppress(UnreadableTemplate):
            for seed in range(1, most * _DRAWS):
                found[_drawn(lists.read(template), seed, lists)] = None
        return list(found)[:most]

    def _lists_for(
        self, template: str, own: OwnLists, marks: int, *, one_at_a_time: bool = False
    ) -> "_CountedLists":
        """The lists that `template` may name, all that it names among them."""
        manager = self._manager(own)
        known = set(manager.get_collection_names())
        for name in _WILDCARD.findall(template):
            if name not in known:
                raise UnknownWildcard(name, tuple(sorted(known)))
        lists = _CountedLists(manager, template, marks, one_at_a_time=one_at_a_time)
        lists.read(template)
        return lists

    def _manager(self, own: OwnLists) -> WildcardManager:
        roots: list[Any] = [{name: list(entries) for name, entries in own.items()}]
        if self._folder is not None:
            roots.insert(0, self._folder)
        return WildcardManager(root_map={"": roots})


def marks_in(text: str) -> int:
    """How many braces, bars and names of lists a text has, if it leaves anything to chance."""
    return len(_MARK.findall(text)) if _CHANCE.search(text) else 0


def _drawn(template: str, seed: int, lists: "_CountedLists") -> str:
    generator: Any = RandomPromptGenerator(lists, seed=seed)
    try:
        (rolled,) = generator.generate(template, 1)
    except _LIBRARY_ERRORS as error:
        raise UnreadableTemplate(template) from error
    return str(rolled)


class _SeveralAtOnce(Exception):
    """A choice takes several of its options, so that the ways to roll it can't be counted through."""


class _CountedLists:
    """The library's lists, and a bound on what its parser gets of them: text that names lists makes more of itself.

    Variables (`${name}`) are refused because a few of them, each twice in the next, fill any memory.
    """

    def __init__(self, manager: Any, template: str, marks: int, *, one_at_a_time: bool) -> None:
        self._manager = manager
        self._template = template
        self._marks_left = marks
        self._one_at_a_time = one_at_a_time

    def read(self, text: str) -> str:
        """Return `text`, which the parser is about to read.

        Raises:
            UnreadableTemplate: it is too much.
        """
        if self._one_at_a_time and _SEVERAL_AT_ONCE in text:
            raise _SeveralAtOnce
        self._marks_left -= 1 + marks_in(text)
        if self._marks_left < 0 or "${" in text or _depth(text) > DEPTH_MAX:
            raise UnreadableTemplate(self._template)
        return text

    def get_values(self, name: str) -> "_CountedValues":
        """The entries of the lists of this name; the library asks for them so."""
        values = self._manager.get_values(name) if _NAME.fullmatch(name) else ()
        if not values:
            # The library would log the name, which is a piece of somebody's prompt.
            raise UnknownWildcard(name, tuple(sorted(self._manager.get_collection_names())))
        return _CountedValues(values, self)


class _CountedValues:
    """The entries of a list, counted as they are taken."""

    def __init__(self, values: Any, lists: _CountedLists) -> None:
        self._values = values
        self._lists = lists

    def __len__(self) -> int:
        return len(self._values)

    def iterate_string_values_weighted(self) -> Iterator[str]:
        """All of them."""
        return map(self._lists.read, self._values.iterate_string_values_weighted())

    def get_weighted_random_generator(self, dice: Random) -> Iterator[str]:
        """One after another as `dice` have it."""
        return map(self._lists.read, self._values.get_weighted_random_generator(dice))


def _depth(template: str) -> int:
    depth = deepest = 0
    for char in template:
        depth += {"{": 1, "}": -1}.get(char, 0)
        deepest = max(deepest, depth)
    return deepest
