"""Themes of events: people's text that the bot itself posts and letters into pictures, so the policy reads it first."""

from collections.abc import Sequence
from typing import Any

import discord

from cogs.events.errors import ThemeRefused
from cogs.parts import Parts
from cogs.place import place_of


async def require_fit_themes(
    parts: Parts, interaction: discord.Interaction[Any], themes: Sequence[str]
) -> None:
    """Pass texts that somebody may have posted here.

    Raises:
        ThemeRefused: the policy wouldn't have one drawn here.
        PersonBlocked: they may do nothing here.
    """
    place, gatekeeper = place_of(interaction), parts.service.gatekeeper
    await gatekeeper.check_person(interaction.user.id, place.guild_id)
    if not all(await gatekeeper.may_be_asked_for(themes, place)):
        raise ThemeRefused
