"""The button under a waiting message by which the asker calls the drawing off."""

import re
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.language import ENGLISH, Language


class CancelButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"cancel:(?P<job_id>[0-9a-f]{16})"
):
    """Carries nothing but the job's id, so it works however long ago it was posted; the service decides."""

    def __init__(self, job_id: str, say: Language = ENGLISH) -> None:
        super().__init__(
            discord.ui.Button(
                label=say("Cancel"), style=discord.ButtonStyle.secondary, custom_id=f"cancel:{job_id}"
            )
        )
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(match["job_id"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Cancel the job; its message then tells so by itself."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            await bot.parts.service.cancel(self.job_id, interaction.user.id)
            await interaction.response.defer()
