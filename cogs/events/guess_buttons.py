"""The buttons of a guessing game, and the form in which people guess. They carry the game's id, and nothing of it."""

import re
from enum import Enum
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.language import ENGLISH, Language
from events.guessing import GUESS_LENGTH, GUESSES_AT_ONCE

_GAME = "(?P<game>guess[0-9a-f]{11})"
FORM_ID = re.compile(f"guess-form:{_GAME}")
FIELD = "guesses"


class GuessAction(Enum):
    """What a button does. The value stands in its custom_id."""

    GUESS = "guess"
    SO_FAR = "so-far"


class GuessButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=f"guessing:(?P<action>[a-z-]+):{_GAME}",
):
    """Does one thing in one game."""

    def __init__(self, action: GuessAction, game_id: str, say: Language = ENGLISH) -> None:
        is_guess = action is GuessAction.GUESS
        super().__init__(
            discord.ui.Button(
                label=say("Guess") if is_guess else say("What is found"),
                emoji="🔍" if is_guess else "📋",
                style=discord.ButtonStyle.primary if is_guess else discord.ButtonStyle.secondary,
                custom_id=f"guessing:{action.value}:{game_id}",
            )
        )
        self._action = action
        self._game_id = game_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed.

        Raises:
            ValueError: no button of ours does this; discord.py logs it, and nothing is done.
        """
        return cls(GuessAction(match["action"]), match["game"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            if self._action is GuessAction.GUESS:
                await bot.guessing.ask(interaction, self._game_id)
            else:
                await bot.guessing.tell_so_far(interaction, self._game_id)


class GuessForm(discord.ui.Modal):
    """One field; what was typed is read from the interaction, see `edit_form.py`."""

    def __init__(self, game_id: str, say: Language) -> None:
        super().__init__(title=say("Guess the tags"), custom_id=f"guess-form:{game_id}")
        guesses: discord.ui.TextInput[GuessForm] = discord.ui.TextInput(
            custom_id=FIELD, max_length=GUESSES_AT_ONCE * GUESS_LENGTH
        )
        self.add_item(
            discord.ui.Label(
                text=say("What do you see?"),
                description=say.counted(
                    "{count} tag at most", "Up to {count} tags, with commas between", GUESSES_AT_ONCE
                ),
                component=guesses,
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Nothing: the cog reads the form from the interaction."""


def game_view(game_id: str, say: Language) -> discord.ui.View:
    """A row of buttons."""
    view = discord.ui.View(timeout=None)
    for action in GuessAction:
        view.add_item(GuessButton(action, game_id, say))
    return view
