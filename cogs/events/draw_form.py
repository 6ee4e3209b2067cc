"""The form behind a contest's Draw button: what to draw, and what to keep out."""

import re
from typing import Any

import discord

from cogs.edit_form import TEXT_INPUT_LENGTH
from cogs.events.contest_card import rules_in_short
from cogs.language import Language
from cogs.plain_text import shortened
from events.contest_rules import ContestRules

CUSTOM_ID = re.compile("contest-draw:(?P<contest>[0-9a-f]{16})")
TITLE_LENGTH, DESCRIPTION_LENGTH = 45, 100


class DrawForm(discord.ui.Modal):
    """Two fields; what was typed is read from the interaction, see `edit_form.py`."""

    def __init__(self, contest_id: str, title: str, rules: ContestRules, say: Language) -> None:
        super().__init__(title=shortened(title, TITLE_LENGTH), custom_id=f"contest-draw:{contest_id}")
        tags: discord.ui.TextInput[DrawForm] = discord.ui.TextInput(
            custom_id="tags", style=discord.TextStyle.paragraph, max_length=TEXT_INPUT_LENGTH
        )
        negative: discord.ui.TextInput[DrawForm] = discord.ui.TextInput(
            custom_id="negative",
            style=discord.TextStyle.paragraph,
            max_length=TEXT_INPUT_LENGTH,
            required=False,
        )
        short = rules_in_short(rules, say) or say("What to draw, as tags with commas between")
        self.add_item(
            discord.ui.Label(
                text=say("Tags"), description=shortened(short, DESCRIPTION_LENGTH), component=tags
            )
        )
        self.add_item(discord.ui.Label(text=say("Keep out"), component=negative))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Nothing: the cog reads the form from the interaction."""
