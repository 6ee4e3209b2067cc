"""**Enter**, under a picture that was drawn for an event. Each kind of event says whether the picture is for it."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.events.errors import EventUnknown
from cogs.language import ENGLISH, Language
from generation.job import Job

EnterHandler = Callable[[discord.Interaction[Any], Job, int], Awaitable[bool]]
"""Enters picture number so-and-so of a job in the event that it was drawn for; False where that is none of its."""


class EnterButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template="enter:(?P<job>[0-9a-f]{16}):(?P<number>[0-9])",
):
    """Enters one picture of a job."""

    def __init__(self, job_id: str, number: int, say: Language = ENGLISH, row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                label=say("Enter"),
                emoji="🎟️",
                style=discord.ButtonStyle.success,
                custom_id=f"enter:{job_id}:{number}",
                row=row,
            )
        )
        self._job_id = job_id
        self._number = number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(match["job"], int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Find the event, which answers."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            job = await bot.parts.past_jobs.find(self._job_id, interaction.user.id, with_pictures=False)
            if job.user_id == interaction.user.id and self._number < len(job.images):
                for enter in bot.enter_handlers:
                    if await enter(interaction, job, self._number):
                        return
            raise EventUnknown
