"""The buttons of tournaments: joining, leaving, looking at the bracket. Each carries the tournament's id alone."""

import re
from enum import Enum
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.language import ENGLISH, Language


class TournamentAction(Enum):
    """What a button does. The value stands in its custom_id."""

    JOIN = "join"
    LEAVE = "leave"
    BRACKET = "bracket"


_EMOJI = {TournamentAction.JOIN: "🙋", TournamentAction.BRACKET: "🏆"}


def label_of(say: Language, action: TournamentAction) -> str:
    """What a button says."""
    match action:
        case TournamentAction.JOIN:
            return say("Join")
        case TournamentAction.LEAVE:
            return say("Leave")
        case TournamentAction.BRACKET:
            return say("Bracket")


class TournamentButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template="tournament:(?P<action>[a-z]+):(?P<tournament>[0-9a-f]{16})",
):
    """Does one thing in one tournament."""

    def __init__(self, action: TournamentAction, tournament_id: str, say: Language = ENGLISH) -> None:
        is_first = action is TournamentAction.JOIN
        super().__init__(
            discord.ui.Button(
                label=label_of(say, action),
                emoji=_EMOJI.get(action),
                style=discord.ButtonStyle.success if is_first else discord.ButtonStyle.secondary,
                custom_id=f"tournament:{action.value}:{tournament_id}",
            )
        )
        self._action = action
        self._tournament_id = tournament_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed.

        Raises:
            ValueError: no button of ours does this; discord.py logs it, and nothing is done.
        """
        return cls(TournamentAction(match["action"]), match["tournament"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            await bot.tournaments.act(interaction, self._action, self._tournament_id)


def tournament_view(tournament_id: str, say: Language) -> discord.ui.View:
    """The row of buttons under the call for people."""
    view = discord.ui.View(timeout=None)
    for action in TournamentAction:
        view.add_item(TournamentButton(action, tournament_id, say))
    return view
