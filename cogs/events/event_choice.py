"""Which contest somebody means: by the option of a command, or by where they are."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from cogs.discord_limits import CHOICE_LENGTH, CHOICES
from cogs.events.errors import EventUnknown
from cogs.parts import Parts
from cogs.plain_text import shortened
from storage.contests import Contest, ContestState


async def offered(
    parts: Parts, interaction: discord.Interaction[Any], typed: str, *states: ContestState
) -> list[app_commands.Choice[str]]:
    """Offer this server's contests in these states (in all, where none is named), the newest first."""
    if interaction.guild_id is None:
        return []
    wanted = typed.casefold().strip()
    contests = await parts.contests.of_guild(interaction.guild_id, *states, limit=100)
    return [
        app_commands.Choice(name=shortened(contest.title, CHOICE_LENGTH), value=contest.id)
        for contest in contests
        if wanted in contest.title.casefold()
    ][:CHOICES]


async def meant(
    parts: Parts,
    interaction: discord.Interaction[Any],
    option: str | None,
    states: Sequence[ContestState],
) -> Contest:
    """Return the contest that is named by id or title, or else the one that is held here, or the only one.

    Raises:
        EventUnknown: there is none, or several that it could be.
    """
    guild_id = interaction.guild_id or 0
    if option:
        contest = await parts.contests.find(option)
        if contest is not None and contest.guild_id == guild_id:
            return contest
        named = await parts.contests.of_guild(guild_id, limit=100)
        return _only([it for it in named if it.title.casefold() == option.strip().casefold()])
    here = await parts.contests.held_in(interaction.channel_id or 0)
    if here is not None and here.guild_id == guild_id:
        return here
    return _only(await parts.contests.of_guild(guild_id, *states, limit=2))


def _only(contests: Sequence[Contest]) -> Contest:
    if len(contests) != 1:
        raise EventUnknown
    return contests[0]
