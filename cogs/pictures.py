"""What people do with pictures that are there: the buttons under them, and the form that edits one."""

from typing import Any

import discord
from discord.ext import commands

from cogs.cancel_button import CancelButton
from cogs.client import DrawingBot
from cogs.edit_form import CUSTOM_ID as EDIT_FORM
from cogs.error_answers import answering_errors
from cogs.events.enter_button import EnterButton
from cogs.picture_buttons import PictureButton, PictureMenu, TagMenu

_ITEMS = (CancelButton, EnterButton, PictureButton, PictureMenu, TagMenu)


class Pictures(commands.Cog):
    """Makes buttons, menus and forms work, also those that were posted before a restart."""

    def __init__(self, bot: DrawingBot) -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """Let discord.py know the buttons."""
        self._bot.add_dynamic_items(*_ITEMS)

    async def cog_unload(self) -> None:
        """Forget them."""
        self._bot.remove_dynamic_items(*_ITEMS)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take edit forms by their custom_ids, which discord.py itself only does while it remembers the form."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        data: dict[str, Any] = dict(interaction.data or {})
        if named := EDIT_FORM.fullmatch(str(data.get("custom_id"))):
            async with answering_errors(interaction):
                actions = self._bot.picture_actions
                await actions.draw_edited(interaction, named["job"], int(named["number"]))
