"""Prompts with chance: `{red|blue|2::green} hair` and `__name__` for a line of a list, by the library dynamicprompts.

The lists are the operator's text files, one entry a line, and a person's own.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dynamicprompts.generators import CombinatorialPromptGenerator, RandomPromptGenerator
from dynamicprompts.wildcards.wildcard_manager import WildcardManager
from pyparsing import ParseBaseException

from generation.errors import UnknownWildcard, UnreadableTemplate

DEPTH_MAX = 12
"""How deep braces may be nested; the parser recurses into them."""

_CHANCE = re.compile(r"[{}]|__[\w/*.-]+?__")
_WILDCARD = re.compile(r"__([\w/.-]+?)__")

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
            UnreadableTemplate: its braces don't pair up or are nested too deep, or its lists go in a circle.
        """
        if not _CHANCE.search(template):
            return template
        generator: Any = RandomPromptGenerator(self._manager_for(template, own), seed=seed)
        try:
            (rolled,) = generator.generate(template, 1)
        except (ParseBaseException, RecursionError, ValueError, IndexError) as error:
            raise UnreadableTemplate(template) from error
        return str(rolled)

    def rolls(self, template: str, own: OwnLists, most: int) -> list[str]:
        """Return what `template` may become, `most` of it at most.

        Raises:
            UnknownWildcard, UnreadableTemplate: see `roll`.
        """
        if not _CHANCE.search(template):
            return [template]
        generator: Any = CombinatorialPromptGenerator(self._manager_for(template, own))
        try:
            return list(map(str, generator.generate(template, max_prompts=most)))
        except (ParseBaseException, RecursionError, ValueError, IndexError) as error:
            raise UnreadableTemplate(template) from error

    def _manager_for(self, template: str, own: OwnLists) -> WildcardManager:
        """The lists that `template` may name, all that it names among them."""
        manager = self._manager(own)
        known = set(manager.get_collection_names())
        for name in _WILDCARD.findall(template):
            if name not in known:
                raise UnknownWildcard(name, tuple(sorted(known)))
        if _depth(template) > DEPTH_MAX:
            raise UnreadableTemplate(template)
        return manager

    def _manager(self, own: OwnLists) -> WildcardManager:
        roots: list[Any] = [{name: list(entries) for name, entries in own.items()}]
        if self._folder is not None:
            roots.insert(0, self._folder)
        return WildcardManager(root_map={"": roots})


def _depth(template: str) -> int:
    depth = deepest = 0
    for char in template:
        depth += {"{": 1, "}": -1}.get(char, 0)
        deepest = max(deepest, depth)
    return deepest
