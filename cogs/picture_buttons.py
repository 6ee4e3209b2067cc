"""The buttons and menus under pictures. Each carries a job's id and a picture's number, and nothing else.

They work however long ago they were posted: discord.py rebuilds them from their ids. What they do stands in
`picture_actions.py`, what is laid out where in `picture_view.py`.
"""

import re
from enum import Enum
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.language import ENGLISH, Language

_JOB = "(?P<job>[0-9a-f]{16}):(?P<number>[0-9])"


class Action(Enum):
    """What a button does. The value stands in its custom_id."""

    AGAIN = "again"
    EDIT = "edit"
    VARY_SUBTLE = "vary-subtle"
    VARY_STRONG = "vary-strong"
    UPSCALE_1_5 = "upscale-1.5"
    UPSCALE_2 = "upscale-2"
    INFO = "info"
    SAVE = "save"
    UNSAVE = "unsave"
    DELETE = "delete"
    DELETE_SURELY = "delete-surely"
    OPEN = "open"
    REPORT = "report"


_EMOJI = {
    Action.AGAIN: "🔁",
    Action.EDIT: "✏️",
    Action.VARY_SUBTLE: "✨",
    Action.VARY_STRONG: "🌊",
    Action.UPSCALE_1_5: "🔍",
    Action.UPSCALE_2: "🔎",
    Action.INFO: "📋",
    Action.SAVE: "⭐",
    Action.UNSAVE: "💔",
    Action.DELETE: "🗑️",
    Action.DELETE_SURELY: "🗑️",
    Action.OPEN: "🖼️",
    Action.REPORT: "🚩",
}


def label_of(say: Language, action: Action, number: int = 0) -> str:
    """What a button says."""
    match action:
        case Action.AGAIN:
            return say("Again")
        case Action.EDIT:
            return say("Edit")
        case Action.VARY_SUBTLE:
            return say("Vary a little")
        case Action.VARY_STRONG:
            return say("Vary a lot")
        case Action.UPSCALE_1_5:
            return say("Enlarge ×1.5")
        case Action.UPSCALE_2:
            return say("Enlarge ×2")
        case Action.INFO:
            return say("Info")
        case Action.SAVE:
            return say("Save")
        case Action.UNSAVE:
            return say("Let go")
        case Action.DELETE:
            return say("Delete")
        case Action.DELETE_SURELY:
            return say("Delete for good")
        case Action.REPORT:
            return say("Report")
        case Action.OPEN:
            return say("Picture {number}", number=number + 1)


class PictureButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"picture:(?P<action>{'|'.join(re.escape(action.value) for action in Action)}):{_JOB}",
):
    """Does one thing with one picture of a job."""

    def __init__(
        self, action: Action, job_id: str, number: int = 0, say: Language = ENGLISH, row: int | None = None
    ) -> None:
        is_final = action is Action.DELETE_SURELY
        super().__init__(
            discord.ui.Button(
                label=label_of(say, action, number),
                emoji=_EMOJI[action],
                style=discord.ButtonStyle.danger if is_final else discord.ButtonStyle.secondary,
                custom_id=f"picture:{action.value}:{job_id}:{number}",
                row=row,
            )
        )
        self._action = action
        self._job_id = job_id
        self._number = number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(Action(match["action"]), match["job"], int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            await bot.picture_actions.act(interaction, self._action, self._job_id, self._number)


class PictureMenu(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template="pictures:(?P<job>[0-9a-f]{16})",
):
    """Opens one of many pictures; its options' values are job and number."""

    def __init__(self, job_id: str, select: discord.ui.Select[discord.ui.View] | None = None) -> None:
        super().__init__(select or discord.ui.Select(custom_id=f"pictures:{job_id}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the menu that was used."""
        return cls(match["job"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Open the chosen picture."""
        async with answering_errors(interaction):
            chosen = re.fullmatch(_JOB, chosen_value(interaction))
            if chosen is not None:
                bot: DrawingBot = interaction.client
                number = int(chosen["number"])
                await bot.picture_actions.act(interaction, Action.OPEN, chosen["job"], number)


class TagMenu(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template=rf"tags:{_JOB}",
):
    """Draws a picture with others in the place of one of its tags; its options' values are the tags' places."""

    def __init__(
        self, job_id: str, number: int, select: discord.ui.Select[discord.ui.View] | None = None
    ) -> None:
        super().__init__(select or discord.ui.Select(custom_id=f"tags:{job_id}:{number}"))
        self._job_id = job_id
        self._number = number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the menu that was used."""
        return cls(match["job"], int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Draw the chosen tag's alternatives."""
        async with answering_errors(interaction):
            value = chosen_value(interaction)
            if value.isdecimal():
                bot: DrawingBot = interaction.client
                await bot.picture_actions.vary_tag(interaction, self._job_id, self._number, int(value[:4]))


def chosen_value(interaction: discord.Interaction[Any]) -> str:
    """The one value that was chosen in a menu; empty where somebody sent none."""
    data: dict[str, Any] = dict(interaction.data or {})
    return str((data.get("values") or [""])[0])
