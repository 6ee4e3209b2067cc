"""`/status`: how busy the bot is, with a small chart of the last hour."""

import asyncio
import io

import discord
from discord import app_commands
from discord.ext import commands

from cogs.job_message import ACCENT
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS
from cogs.sentences import duration, model_report
from watch.chart import draw_chart
from watch.history import History

CHART = "status.png"


class Status(commands.Cog):
    """Open to everybody: who waits wants to know for what."""

    def __init__(self, parts: Parts, history: History) -> None:
        self._parts = parts
        self._history = history

    @app_commands.command()
    async def status(self, interaction: discord.Interaction) -> None:
        """See how busy I am, now and in the last hour."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        say = language_of(interaction.locale)
        chart = await asyncio.to_thread(
            draw_chart, self._history.waiting(), self._history.images_per_minute()
        )
        alt_text = say("A chart of the last hour: how many waited, and how many pictures a minute were drawn")
        file = discord.File(io.BytesIO(chart), filename=CHART, description=alt_text)
        await interaction.edit_original_response(
            embed=self._embed(say), attachments=[file], allowed_mentions=NO_MENTIONS
        )

    def _embed(self, say: Language) -> discord.Embed:
        service, now = self._parts.service, self._history.now()
        embed = discord.Embed(title=say("How busy I am"), colour=ACCENT)
        embed.add_field(name=say("Waiting"), value=f"{now.waiting:.0f}")
        embed.add_field(name=say("Being drawn"), value=f"{now.running:.0f}")
        embed.add_field(name=say("Longest wait"), value=duration(say, now.oldest_wait_s))
        model = model_report(say, service.engine_state, service.profile.title, service.devices)
        embed.add_field(name=say("Model"), value=model, inline=False)
        embed.description = "🩷 " + say("Waiting") + " · 💙 " + say("Pictures a minute")
        embed.set_image(url=f"attachment://{CHART}")
        return embed
