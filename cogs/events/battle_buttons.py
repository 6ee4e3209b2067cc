"""The buttons of battles: answering a challenge, drawing, voting. Each carries the battle's id and nothing else."""

import re
from enum import Enum
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.language import ENGLISH, Language
from events.versus import LEFT_LETTER, RIGHT_LETTER


class BattleAction(Enum):
    """What a button does. The value stands in its custom_id."""

    ACCEPT = "accept"
    DECLINE = "decline"
    DRAW = "draw"
    VOTE_LEFT = "left"
    VOTE_RIGHT = "right"


_EMOJI = {
    BattleAction.ACCEPT: "⚔️",
    BattleAction.DRAW: "🖌️",
    BattleAction.VOTE_LEFT: "🩷",
    BattleAction.VOTE_RIGHT: "💜",
}
_STYLES = {BattleAction.ACCEPT: discord.ButtonStyle.success, BattleAction.DRAW: discord.ButtonStyle.primary}


def label_of(say: Language, action: BattleAction) -> str:
    """What a button says."""
    match action:
        case BattleAction.ACCEPT:
            return say("Accept")
        case BattleAction.DECLINE:
            return say("Decline")
        case BattleAction.DRAW:
            return say("Draw")
        case BattleAction.VOTE_LEFT:
            return LEFT_LETTER
        case BattleAction.VOTE_RIGHT:
            return RIGHT_LETTER


class BattleButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template="battle:(?P<action>[a-z]+):(?P<battle>[0-9a-f]{16})",
):
    """Does one thing in one battle."""

    def __init__(self, action: BattleAction, battle_id: str, say: Language = ENGLISH) -> None:
        super().__init__(
            discord.ui.Button(
                label=label_of(say, action),
                emoji=_EMOJI.get(action),
                style=_STYLES.get(action, discord.ButtonStyle.secondary),
                custom_id=f"battle:{action.value}:{battle_id}",
            )
        )
        self._action = action
        self._battle_id = battle_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed.

        Raises:
            ValueError: no button of ours does this; discord.py logs it, and nothing is done.
        """
        return cls(BattleAction(match["action"]), match["battle"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            await bot.battles.act(interaction, self._action, self._battle_id)


def battle_view(battle_id: str, say: Language, *actions: BattleAction) -> discord.ui.View:
    """A row of buttons."""
    view = discord.ui.View(timeout=None)
    for action in actions:
        view.add_item(BattleButton(action, battle_id, say))
    return view
