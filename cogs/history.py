"""`/history`: people look through what they have drawn, a job a page, for nobody else to see."""

import re
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs import sentences
from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.job_message import JobMessage, result_message
from cogs.language import Language, language_of
from cogs.plain_text import NO_MENTIONS
from generation.past_jobs import HistoryPage


class History(commands.Cog):
    """Shows people their own pictures, newest first."""

    def __init__(self, bot: DrawingBot) -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """Make the buttons work, also of pages shown before a restart."""
        self._bot.add_dynamic_items(PageButton)

    async def cog_unload(self) -> None:
        """Forget the buttons."""
        self._bot.remove_dynamic_items(PageButton)

    @app_commands.command()
    async def history(self, interaction: discord.Interaction) -> None:
        """Look through the pictures that you have drawn; only you see them."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = await self._bot.past_jobs.page(interaction.user.id)
        await _show(interaction, page)


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"history:(?P<number>[0-9]{1,9})"
):
    """Turns to the page of this number in the presser's own history."""

    def __init__(self, number: int, label: str = "", *, disabled: bool = False) -> None:
        super().__init__(discord.ui.Button(label=label, disabled=disabled, custom_id=f"history:{number}"))
        self._number = number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show that page in place of this one."""
        async with answering_errors(interaction):
            await interaction.response.defer()
            bot: DrawingBot = interaction.client
            await _show(interaction, await bot.past_jobs.page(interaction.user.id, self._number))


async def _show(interaction: discord.Interaction[Any], page: HistoryPage | None) -> None:
    say = language_of(interaction.locale)
    if page is None:
        await interaction.edit_original_response(content=sentences.no_history(say), view=None)
        return
    result = await result_message(page.job, page.job.latest, interaction.filesize_limit)
    view = discord.ui.View(timeout=None)
    view.add_item(PageButton(page.number - 1, "◀ " + say("Older"), disabled=page.number == 1))
    view.add_item(PageButton(page.number + 1, say("Newer") + " ▶", disabled=page.number == page.total))
    await interaction.edit_original_response(
        content=_heading(say, page, result),
        embeds=[result.embed] if result.embed else [],
        attachments=result.files(),
        view=view,
        allowed_mentions=NO_MENTIONS,
    )


def _heading(say: Language, page: HistoryPage, result: JobMessage) -> str:
    return f"{sentences.history_heading(say, page.number, page.total, page.job.accepted_at)}\n{result.content}".strip()
