"""The moderators' desk: where reports and withheld pictures are brought for them to decide about."""

import logging

import discord

from cogs.client import DrawingBot
from cogs.error_answers import CONNECTION_ERRORS
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS, code_block, inline
from cogs.report_buttons import report_view, told_of
from generation.job import Job
from storage.reports import Report

log = logging.getLogger(__name__)

PROMPT_LENGTH = 1500


class Desk:
    """Posts in the channel that a server has named for it; without one, the audit log has it all the same."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    async def tell_of_withheld(self, job: Job) -> None:
        """Bring a job that the output check withheld, if it is such a one; moderators hear of it once."""
        report = await self._parts.reports.of_job(job.id)
        if report is not None and report.is_withheld and report.guild_id:
            await self.tell_of(report, job, 0)

    async def tell_of(self, report: Report, job: Job, number: int) -> None:
        """Bring a report of the picture `number` of `job`."""
        settled = await self._parts.guilds.settings(report.guild_id)
        if settled.log_channel_id is None:
            return
        say = language_of(settled.language or "en-US")
        channel = self._bot.get_partial_messageable(settled.log_channel_id, guild_id=report.guild_id)
        try:
            await channel.send(
                told_of(report, say),
                embed=await self._embed(report, job, number, say),
                view=report_view(report, say),
                nonce=report.id,
                allowed_mentions=NO_MENTIONS,
            )
        except (discord.HTTPException, *CONNECTION_ERRORS):
            log.warning("A report can't be posted in its server's channel", exc_info=True)

    async def _embed(self, report: Report, job: Job, number: int, say: Language) -> discord.Embed:
        image = job.images[number]
        embed = discord.Embed(description=code_block(image.prompt, PROMPT_LENGTH))
        embed.add_field(name=say("Why"), value=inline(report.reason) or "-", inline=False)
        embed.add_field(name=say("Seed"), value=f"`{image.seed}`")
        embed.add_field(name=say("Rating"), value=job.pictures[number].rating.value)
        if message := await self._parts.past_jobs.message_of(job.id):
            link = f"https://discord.com/channels/{report.guild_id}/{message[0]}/{message[1]}"
            embed.add_field(name=say("Message"), value=link, inline=False)
        return embed
