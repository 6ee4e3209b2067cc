"""Discord's own scheduled event of a contest, where the bot may make one; the contest is held all the same without."""

import logging
from datetime import timedelta

import discord

from cogs.client import DrawingBot
from cogs.error_answers import CONNECTION_ERRORS
from cogs.parts import Parts
from storage.contests import Contest

log = logging.getLogger(__name__)

LEAD = timedelta(seconds=30)
"""Discord schedules nothing in the past, and our clocks differ."""

DESCRIPTION_LENGTH = 1000
"""Characters of its description (guild scheduled event resource)."""


class ScheduledEvents:
    """Makes, moves and ends them."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    async def schedule(self, contest: Contest, guild: discord.Guild | None) -> int | None:
        """Make one unless there is one; returns its id, None where the bot may not."""
        if contest.scheduled_event_id is not None or guild is None:
            return contest.scheduled_event_id
        location = f"https://discord.com/channels/{contest.guild_id}/{contest.thread_id}"
        starts_at = max(contest.starts_at, self._parts.clock() + LEAD)
        try:
            if not await self._may_schedule(guild):
                return None
            # They take no nonce: whoever made one and died before it was noted would make a second.
            for known in await guild.fetch_scheduled_events(with_counts=False):
                if known.location == location:
                    return known.id
            event = await guild.create_scheduled_event(
                name=contest.title,
                description=contest.theme[:DESCRIPTION_LENGTH],
                start_time=starts_at,
                end_time=max(contest.voting_ends_at, starts_at + LEAD),
                entity_type=discord.EntityType.external,
                privacy_level=discord.PrivacyLevel.guild_only,
                location=location,
            )
        except (discord.HTTPException, *CONNECTION_ERRORS):
            log.warning("Discord didn't schedule contest %s", contest.id, exc_info=True)
            return None
        return event.id

    async def _may_schedule(self, guild: discord.Guild) -> bool:
        known = self._bot.get_guild(guild.id)
        if known is not None and not known.unavailable:
            own = known.me.guild_permissions
        elif self._bot.user is not None:
            # Another process serves that server, so nothing of it is known here.
            own = (
                await (await self._bot.fetch_guild(guild.id)).fetch_member(self._bot.user.id)
            ).guild_permissions
        else:
            return False
        return own.create_events or own.manage_events

    async def move(self, contest: Contest) -> None:
        """Let it end when the contest does."""
        if contest.scheduled_event_id is None:
            return
        try:
            await self._bot.http.edit_scheduled_event(
                contest.guild_id,
                contest.scheduled_event_id,
                scheduled_end_time=contest.voting_ends_at.isoformat(),
            )
        except (discord.HTTPException, *CONNECTION_ERRORS):
            log.warning("The scheduled event of contest %s can't be moved", contest.id, exc_info=True)

    async def end(self, contest: Contest) -> None:
        """Take it away; the contest is over."""
        if contest.scheduled_event_id is None:
            return
        try:
            await self._bot.http.delete_scheduled_event(contest.guild_id, contest.scheduled_event_id)
        except discord.NotFound:
            log.info("The scheduled event of contest %s was gone already", contest.id)
        except (discord.HTTPException, *CONNECTION_ERRORS):
            log.warning("The scheduled event of contest %s can't be ended", contest.id, exc_info=True)
