"""The buttons and menus of contests. Each carries ids alone, so that it works however long ago it was posted."""

import re
from enum import Enum
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.language import ENGLISH, Language

_ID = "[0-9a-f]{16}"
_Button = discord.ui.Button[discord.ui.View]


class ContestAction(Enum):
    """What a button of a contest does. The value stands in its custom_id."""

    DRAW = "draw"
    STANDS = "stands"
    VOTE = "vote"


def label_of(say: Language, action: ContestAction) -> str:
    """What a button says."""
    match action:
        case ContestAction.DRAW:
            return say("Draw")
        case ContestAction.STANDS:
            return say("How it stands")
        case ContestAction.VOTE:
            return say("Vote")


_EMOJI = {ContestAction.DRAW: "🖌️", ContestAction.STANDS: "📊", ContestAction.VOTE: "🗳️"}


class ContestButton(
    discord.ui.DynamicItem[_Button],
    template=f"contest:(?P<action>draw|stands|vote):(?P<contest>{_ID})",
):
    """Does one thing in one contest."""

    def __init__(self, action: ContestAction, contest_id: str, say: Language = ENGLISH) -> None:
        is_first = action is not ContestAction.STANDS
        super().__init__(
            discord.ui.Button(
                label=label_of(say, action),
                emoji=_EMOJI[action],
                style=discord.ButtonStyle.primary if is_first else discord.ButtonStyle.secondary,
                custom_id=f"contest:{action.value}:{contest_id}",
            )
        )
        self._action = action
        self._contest_id = contest_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(ContestAction(match["action"]), match["contest"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            match self._action:
                case ContestAction.DRAW:
                    await bot.contest_desk.open_form(interaction, self._contest_id)
                case ContestAction.STANDS:
                    await bot.contest_desk.tell_how_it_stands(interaction, self._contest_id)
                case ContestAction.VOTE:
                    await bot.voting_booth.open(interaction, self._contest_id)


class WithdrawButton(
    discord.ui.DynamicItem[_Button], template=f"withdraw:(?P<contest>{_ID}):(?P<entry>{_ID})"
):
    """Takes one's own entry back."""

    def __init__(self, contest_id: str, entry_id: str, label: str = "") -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"withdraw:{contest_id}:{entry_id}"))
        self._contest_id = contest_id
        self._entry_id = entry_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(match["contest"], match["entry"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            await bot.contest_desk.withdraw(interaction, self._contest_id, self._entry_id)


class BallotMenu(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]],
    template=f"ballot:(?P<contest>{_ID}):(?P<part>[0-9])",
):
    """A part of the ballot; its options' values are entries."""

    def __init__(
        self, contest_id: str, part: int, select: discord.ui.Select[discord.ui.View] | None = None
    ) -> None:
        super().__init__(select or discord.ui.Select(custom_id=f"ballot:{contest_id}:{part}"))
        self._contest_id = contest_id
        self._part = part

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the menu that was used."""
        return cls(match["contest"], int(match["part"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Make these the picks of this part."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            data: dict[str, Any] = dict(interaction.data or {})
            chosen = [value for value in data.get("values") or [] if re.fullmatch(_ID, str(value))]
            await bot.voting_booth.mark(interaction, self._contest_id, self._part, chosen)


class LookButton(
    discord.ui.DynamicItem[_Button],
    template=f"look:(?P<contest>{_ID}):(?P<place>[0-9]{{1,5}})(?P<pick>:pick)?",
):
    """Turns to an entry of the voter's own order, or picks the one that is looked at, or lets it go."""

    def __init__(
        self,
        contest_id: str,
        place: int,
        label: str = "",
        *,
        picks: bool = False,
        disabled: bool = False,
        row: int | None = None,
    ) -> None:
        custom_id = f"look:{contest_id}:{place}" + ":pick" * picks
        style = discord.ButtonStyle.success if picks else discord.ButtonStyle.secondary
        super().__init__(
            discord.ui.Button(label=label, custom_id=custom_id, disabled=disabled, style=style, row=row)
        )
        self._contest_id = contest_id
        self._place = place
        self._picks = picks

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(match["contest"], int(match["place"]), picks=match["pick"] is not None)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            await bot.voting_booth.look(interaction, self._contest_id, self._place, picks=self._picks)


class Side(Enum):
    """Which of two was found better."""

    LEFT = "left"
    RIGHT = "right"


class PairButton(
    discord.ui.DynamicItem[_Button],
    template=f"pair:(?P<contest>{_ID}):(?P<left>{_ID}):(?P<right>{_ID}):(?P<side>left|right)",
):
    """Says which of two entries is better."""

    def __init__(self, contest_id: str, left: str, right: str, side: Side, label: str = "") -> None:
        custom_id = f"pair:{contest_id}:{left}:{right}:{side.value}"
        emoji = "⬅️" if side is Side.LEFT else "➡️"
        super().__init__(discord.ui.Button(label=label or None, emoji=emoji, custom_id=custom_id))
        self._contest_id = contest_id
        self._pair = (left, right)
        self._side = side

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(match["contest"], match["left"], match["right"], Side(match["side"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Count it, and show the next pair."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            winner, other = self._pair if self._side is Side.LEFT else self._pair[::-1]
            await bot.voting_booth.compare(interaction, self._contest_id, winner, other)


CONTEST_ITEMS = (ContestButton, WithdrawButton, BallotMenu, LookButton, PairButton)
