"""Presses of buttons and menus that nobody gave out: forged, from another message, or of a version that is gone."""

import logging
from collections.abc import Iterator
from typing import Any

import discord
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.errors import NothingThere

log = logging.getLogger(__name__)


class Strays(commands.Cog):
    """Answers what discord.py passes over in silence, so that it is logged and people aren't left waiting."""

    def __init__(self, bot: DrawingBot) -> None:
        self._bot = bot

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Refuse a component that its message doesn't have, and one that nothing of ours answers."""
        if interaction.type is not discord.InteractionType.component:
            return
        data: dict[str, Any] = dict(interaction.data or {})
        custom_id, kind = str(data.get("custom_id")), data.get("component_type")
        there = _components_of(interaction.message) if interaction.message else ()
        if self._bot.has_component(custom_id) and (custom_id, kind) in there:
            return
        async with answering_errors(interaction):
            log.warning("Interaction %d by %d presses what isn't there", interaction.id, interaction.user.id)
            raise NothingThere


def _components_of(message: discord.Message) -> Iterator[tuple[str | None, int]]:
    """The custom_ids and types of a message's buttons and menus."""
    for row in message.components:
        for component in getattr(row, "children", ()):
            yield getattr(component, "custom_id", None), component.type.value
