"""Offers while tags are typed: the tag at the end of the text is completed, what stands before it is kept."""

import asyncio
import re
from collections.abc import Collection, Iterator
from typing import Any

import discord
from discord import app_commands

from cogs.discord_limits import CHOICE_LENGTH, CHOICES
from cogs.parts import Parts
from cogs.place import place_of
from cogs.plain_text import shortened
from generation.tag_dictionary import TagCategory
from generation.tag_search import Match

CANDIDATES = 40
"""How many tags are looked at: some of them may not be drawn where somebody types."""

_LAST_TAG = re.compile(r"[^,，、(\[{|\n]*$")


class TagCompletion:
    """Completes text options."""

    def __init__(self, parts: Parts) -> None:
        self._search = parts.search
        self._service = parts.service

    async def offers(
        self,
        interaction: discord.Interaction[Any],
        typed: str,
        categories: Collection[TagCategory] = (),
        *,
        with_series: bool = False,
    ) -> list[app_commands.Choice[str]]:
        """Return what `typed` may become, as choices; `with_series` lets characters bring theirs.

        Discord takes no choice of more than 100 characters, so a longer text is typed on unaided.
        """
        offered = await asyncio.to_thread(
            lambda: list(self._choices(typed, categories, with_series=with_series))
        )
        tags = [tag for tag, _ in offered]
        allowed = await self._service.gatekeeper.may_be_asked_for(tags, place_of(interaction))
        choices = [choice for (_, choice), is_allowed in zip(offered, allowed, strict=True) if is_allowed]
        return choices[:CHOICES]

    def _choices(
        self, typed: str, categories: Collection[TagCategory], *, with_series: bool
    ) -> Iterator[tuple[str, app_commands.Choice[str]]]:
        """Tags and the texts that they would make of what is typed."""
        last = _LAST_TAG.search(typed)
        start = last.start() if last else len(typed)
        kept, begun = typed[:start], typed[start:]
        gap = " " if kept.endswith((",", "，", "、")) else ""
        for match in self._search.complete(begun, limit=CANDIDATES, categories=categories):
            tag = match.tag
            added = f"{tag.name}, {tag.series}" if with_series and tag.series else tag.name
            value = f"{kept}{gap}{added}"
            if len(value) <= CHOICE_LENGTH:
                yield tag.name, app_commands.Choice(name=_name_of(match, kept, gap), value=value)


def _name_of(match: Match, kept: str, gap: str) -> str:
    """What the choice shows: the end of the text, which is what was just typed, and by which alias it was found."""
    name = match.tag.name if match.alias is None else f"{match.tag.name} ← {match.alias}"
    whole = f"{kept}{gap}{name}"
    return (
        whole
        if len(whole) <= CHOICE_LENGTH
        else "…" + shortened(whole[-(CHOICE_LENGTH - 1) :], CHOICE_LENGTH - 1)
    )
