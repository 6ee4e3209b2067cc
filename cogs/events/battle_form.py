"""The form behind Draw: a prompt for a battle's theme.

What was typed is read from the interaction, see `edit_form.py`.
"""

import re
from typing import Any

import discord

from cogs.edit_form import TEXT_INPUT_LENGTH
from cogs.language import Language
from cogs.plain_text import shortened
from generation.aspect_ratio import AspectRatio
from generation.request import GenerationRequest
from storage.battles import Battle

CUSTOM_ID = re.compile("battle-form:(?P<battle>[0-9a-f]{16})")

DESCRIPTION_LENGTH = 100
"""Characters of a label's description (component reference)."""


class BattleForm(discord.ui.Modal):
    """Tags, and what to keep out; the seed and the shape are the battle's."""

    def __init__(self, battle: Battle, say: Language) -> None:
        super().__init__(title=say("Draw for the battle"), custom_id=f"battle-form:{battle.id}")
        self._add(say("Tags"), "tags", shortened(battle.theme, DESCRIPTION_LENGTH))
        self._add(say("Keep out"), "negative", None)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Nothing: the cog reads the form from the interaction."""

    def _add(self, label: str, custom_id: str, description: str | None) -> None:
        field: discord.ui.TextInput[BattleForm] = discord.ui.TextInput(
            custom_id=custom_id,
            style=discord.TextStyle.paragraph,
            required=custom_id == "tags",
            max_length=TEXT_INPUT_LENGTH,
        )
        self.add_item(discord.ui.Label(text=label, description=description, component=field))


def battle_request(battle: Battle, fields: dict[str, str]) -> GenerationRequest:
    """What a form asks for, as the battle has it: one picture of its seed and shape.

    Raises:
        NoTags, TextTooLong: a field holds what can't be.
    """
    return GenerationRequest(
        tags=fields.get("tags", ""),
        negative_prompt=fields.get("negative", ""),
        seed=battle.seed,
        aspect_ratio=AspectRatio.parse(battle.aspect),
    )
