"""Reports: from the form behind a picture's button to the moderators' channel."""

import logging
from typing import Any

import discord
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.edit_form import fields_of
from cogs.error_answers import CONNECTION_ERRORS, answering_errors
from cogs.errors import ServersOnly
from cogs.language import language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS, code_block, inline
from cogs.report_buttons import ReportButton, report_view, told_of
from cogs.report_form import CUSTOM_ID, REASON_LENGTH
from generation.errors import JobUnknown
from generation.job import Job
from storage.reports import Report

log = logging.getLogger(__name__)

PROMPT_LENGTH = 1500


class Reports(commands.Cog):
    """Takes reports and brings them to the moderators."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    async def cog_load(self) -> None:
        """Make the moderators' buttons work, also those posted before a restart."""
        self._bot.add_dynamic_items(ReportButton)

    async def cog_unload(self) -> None:
        """Forget them."""
        self._bot.remove_dynamic_items(ReportButton)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take the form by its custom_id, also when it was opened before a restart."""
        data: dict[str, Any] = dict(interaction.data or {})
        is_form = interaction.type is discord.InteractionType.modal_submit
        if is_form and (named := CUSTOM_ID.fullmatch(str(data.get("custom_id")))):
            async with answering_errors(interaction):
                await self._report(interaction, named["job"], int(named["number"]))

    async def _report(self, interaction: discord.Interaction[Any], job_id: str, number: int) -> None:
        job = await self._parts.past_jobs.find(job_id, interaction.user.id, with_pictures=False)
        guild_id = job.place.guild_id
        if guild_id is None or guild_id != interaction.guild_id:
            raise ServersOnly
        if number >= len(job.images):
            raise JobUnknown
        await interaction.response.defer(ephemeral=True, thinking=True)
        report = await self._parts.reports.report(
            job_id=job.id,
            guild_id=guild_id,
            asker_id=job.user_id,
            reporter_id=interaction.user.id,
            reason=fields_of(interaction).get("reason", "")[:REASON_LENGTH],
            at=interaction.created_at,
        )
        if report is not None:
            await self._tell_moderators(report, job, number)
        say = language_of(interaction.locale)
        await interaction.edit_original_response(
            content=say("Thank you. The server's moderators have your report.")
        )

    async def _tell_moderators(self, report: Report, job: Job, number: int) -> None:
        """Post a report where the server wants it; without such a channel it stands in the audit alone."""
        settled = await self._parts.guilds.settings(report.guild_id)
        if settled.log_channel_id is None:
            return
        say = language_of(settled.language or "en-US")
        image = job.images[number]
        embed = discord.Embed(description=code_block(image.prompt, PROMPT_LENGTH))
        embed.add_field(name=say("Why"), value=inline(report.reason) or "-", inline=False)
        embed.add_field(name=say("Seed"), value=f"`{image.seed}`")
        embed.add_field(name=say("Rating"), value=job.pictures[number].rating.value)
        if message := await self._parts.past_jobs.message_of(job.id):
            link = f"https://discord.com/channels/{report.guild_id}/{message[0]}/{message[1]}"
            embed.add_field(name=say("Message"), value=link, inline=False)
        channel = self._bot.get_partial_messageable(settled.log_channel_id, guild_id=report.guild_id)
        try:
            await channel.send(
                told_of(report, say), embed=embed, view=report_view(report, say), allowed_mentions=NO_MENTIONS
            )
        except (discord.HTTPException, *CONNECTION_ERRORS):
            # The audit has it all the same.
            log.warning("A report can't be posted in its server's channel", exc_info=True)
