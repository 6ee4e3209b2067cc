"""The button under a picture that was drawn for an event, by which its asker hands it in."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.errors import NotYours
from cogs.language import ENGLISH, Language
from generation.errors import JobUnknown
from generation.job import Job

EnterHandler = Callable[[discord.Interaction[Any], Job, int], Awaitable[bool]]
"""Enters picture number so-and-so of a job in the event that it was drawn for; False where that is none of its."""


class EnterButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template="enter:(?P<job>[0-9a-f]{16}):(?P<number>[0-9])(?::(?P<instead>[0-9a-f]{16}))?",
):
    """Hands a picture in, perhaps instead of an entry."""

    def __init__(
        self,
        job_id: str,
        number: int,
        say: Language = ENGLISH,
        *,
        instead_of: str | None = None,
        label: str | None = None,
        row: int | None = None,
    ) -> None:
        custom_id = f"enter:{job_id}:{number}"
        super().__init__(
            discord.ui.Button(
                label=label or say("Enter"),
                emoji="🏮",
                style=discord.ButtonStyle.success if instead_of is None else discord.ButtonStyle.secondary,
                custom_id=custom_id if instead_of is None else f"{custom_id}:{instead_of}",
                row=row,
            )
        )
        self._job_id = job_id
        self._number = number
        self._instead_of = instead_of

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(match["job"], int(match["number"]), instead_of=match["instead"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand it in."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            job = await bot.parts.past_jobs.find(self._job_id, interaction.user.id, with_pictures=False)
            if job.user_id != interaction.user.id:
                raise NotYours
            if not 0 <= self._number < len(job.images):
                raise JobUnknown
            for enter in bot.enter_handlers:
                if self._instead_of is None and await enter(interaction, job, self._number):
                    return
            await bot.event_desks.enter(interaction, job, self._number, self._instead_of)
