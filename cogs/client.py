"""The bot as commands and components see it."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord.ext import commands

from cogs.chosen_servers import keep_to_servers
from cogs.interaction_shape import pass_over_malformed
from cogs.option_checks import CheckingTree
from cogs.parts import Parts

if TYPE_CHECKING:
    from cogs.delivery import Delivery
    from cogs.drawing import Drawing
    from cogs.events.battles import Battles
    from cogs.events.contest_desk import ContestDesk
    from cogs.events.contest_host import ContestHost
    from cogs.events.deadline_watch import DeadlineHandler
    from cogs.events.desks import EventDesks
    from cogs.events.enter_button import EnterHandler
    from cogs.events.guessing import Guessing
    from cogs.events.tournaments import Tournaments
    from cogs.events.voting_booth import VotingBooth
    from cogs.picture_actions import PictureActions
    from generation.job import Ending, Job

    Bearer = Callable[[Job, Ending], Awaitable[bool]]


class DrawingBot(commands.AutoShardedBot):
    """discord.py's bot with what buttons reach through `interaction.client`.

    Commands get what they need by constructor; a button that was posted before a restart is rebuilt by
    discord.py from its id alone and has only the client to ask.
    """

    parts: Parts
    components: set[type[discord.ui.DynamicItem[Any]]]
    delivery: "Delivery"
    drawing: "Drawing"
    picture_actions: "PictureActions"
    event_desks: "EventDesks"
    contest_desk: "ContestDesk"
    contest_host: "ContestHost"
    voting_booth: "VotingBooth"
    battles: "Battles"
    tournaments: "Tournaments"
    guessing: "Guessing"
    deadline_handlers: "dict[str, DeadlineHandler]"
    """What to do at a deadline, by its kind; a cog of events adds its own when it is loaded."""
    enter_handlers: "list[EnterHandler]"
    """Who may know the event that a picture was drawn for; a cog of events adds its own when it is loaded."""
    bearers: "Sequence[Bearer]"
    """Who may bring the result of a job in a way of their own; False where it is none of theirs."""

    # Without `servers` it works everywhere.
    def __init__(self, *arguments: Any, servers: Collection[int] = (), **options: Any) -> None:
        super().__init__(*arguments, tree_cls=CheckingTree, **options)
        self.components = set()
        if servers:
            keep_to_servers(self._connection, servers)
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
