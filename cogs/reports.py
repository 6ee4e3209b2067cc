"""Reports: from the form behind a picture's button to the moderators' channel."""

from typing import Any

import discord
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.desk import Desk
from cogs.edit_form import fields_of
from cogs.error_answers import answering_errors
from cogs.errors import ServersOnly
from cogs.language import language_of
from cogs.parts import Parts
from cogs.report_buttons import ReportButton
from cogs.report_form import CUSTOM_ID, REASON_LENGTH
from generation.errors import JobUnknown


class Reports(commands.Cog):
    """Takes reports and brings them to the moderators."""

    def __init__(self, bot: DrawingBot, parts: Parts, desk: Desk) -> None:
        self._bot = bot
        self._parts = parts
        self._desk = desk

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
            await self._desk.tell_of(report, job, number)
        say = language_of(interaction.locale)
        await interaction.edit_original_response(
            content=say("Thank you. The server's moderators have your report.")
        )
