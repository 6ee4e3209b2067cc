"""The form behind Report: why a picture is reported."""

import re
from typing import Any

import discord

from cogs.language import Language

CUSTOM_ID = re.compile("report-form:(?P<job>[0-9a-f]{16}):(?P<number>[0-9])")
REASON_LENGTH = 300


class ReportForm(discord.ui.Modal):
    """One field; what was typed is read from the interaction, see `edit_form.py`."""

    def __init__(self, job_id: str, number: int, say: Language) -> None:
        super().__init__(title=say("Report this picture"), custom_id=f"report-form:{job_id}:{number}")
        reason: discord.ui.TextInput[ReportForm] = discord.ui.TextInput(
            custom_id="reason", style=discord.TextStyle.paragraph, max_length=REASON_LENGTH
        )
        self.add_item(
            discord.ui.Label(
                text=say("What is wrong with it?"),
                description=say("The server's moderators read it, with your name"),
                component=reason,
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Nothing: the cog reads the form from the interaction."""
