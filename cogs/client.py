"""The bot as commands and components see it."""

from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from cogs.interaction_shape import pass_over_malformed
from cogs.option_checks import CheckingTree
from cogs.parts import Parts

if TYPE_CHECKING:
    from cogs.drawing import Drawing
    from cogs.picture_actions import PictureActions


class DrawingBot(commands.AutoShardedBot):
    """discord.py's bot with what buttons reach through `interaction.client`.

    Commands get what they need by constructor; a button that was posted before a restart is rebuilt by
    discord.py from its id alone and has only the client to ask.
    """

    parts: Parts
    components: set[type[discord.ui.DynamicItem[Any]]]
    drawing: "Drawing"
    picture_actions: "PictureActions"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, tree_cls=CheckingTree, **options)
        self.components = set()
        pass_over_malformed(self._connection.parsers)

    def add_dynamic_items(self, *items: type[discord.ui.DynamicItem[Any]]) -> None:
        """Make these buttons and menus work, also those posted before a restart."""
        super().add_dynamic_items(*items)
        self.components |= set(items)

    def remove_dynamic_items(self, *items: type[discord.ui.DynamicItem[Any]]) -> None:
        """Forget them."""
        super().remove_dynamic_items(*items)
        self.components -= set(items)

    def has_component(self, custom_id: str) -> bool:
        """Whether a button or menu of ours has such a custom_id."""
        return any(item.__discord_ui_compiled_template__.fullmatch(custom_id) for item in self.components)
