"""The form behind "Remix this": what to make of the picture, and how much of it to draw anew."""

from typing import Any

import discord

from cogs.language import Language

CUSTOM_ID = "remix"


class RemixForm(discord.ui.Modal):
    """Draws over the person's reference; what was typed is read from the interaction, see `edit_form.py`."""

    def __init__(self, attachment: discord.Attachment, say: Language) -> None:
        super().__init__(title=say("Remix this picture"), custom_id=CUSTOM_ID)
        tags: discord.ui.TextInput[RemixForm] = discord.ui.TextInput(
            custom_id="tags", style=discord.TextStyle.paragraph, default=described(attachment)
        )
        strength: discord.ui.TextInput[RemixForm] = discord.ui.TextInput(
            custom_id="strength", default="0.6", max_length=5
        )
        self.add_item(discord.ui.Label(text=say("Tags"), component=tags))
        self.add_item(
            discord.ui.Label(
                text=say("Strength"),
                description=say("0.05 draws hardly anything anew, 1 next to everything"),
                component=strength,
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Nothing: the cog reads the form from the interaction."""


def described(attachment: discord.Attachment) -> str:
    """The tags of one of our own pictures, from the words that describe it; nothing for others."""
    _, found, prompt = (attachment.description or "").partition(": ")
    return prompt[:1000] if found else ""
