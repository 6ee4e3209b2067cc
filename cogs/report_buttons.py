"""What moderators do about a report: buttons under its message, each of which acts once."""

import re
from datetime import timedelta
from enum import Enum
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.language import ENGLISH, Language, language_of
from cogs.picture_removal import remove_from_message
from cogs.plain_text import NO_MENTIONS
from cogs.standing import require_moderator
from generation.errors import JobUnknown
from storage.blocks import Block
from storage.reports import Report


class ReportDeed(Enum):
    """What a button does. The value stands in its custom_id."""

    HIDE = "hide"
    BLOCK_DAY = "block-1"
    BLOCK_WEEK = "block-7"
    BLOCK_MONTH = "block-30"
    DISMISS = "dismiss"

    @property
    def days(self) -> int | None:
        """For how long it blocks; None where it doesn't."""
        name, _, days = self.value.partition("-")
        return int(days) if name == "block" else None


def label_of(say: Language, deed: ReportDeed) -> str:
    """What a button says."""
    match deed:
        case ReportDeed.HIDE:
            return say("Hide")
        case ReportDeed.DISMISS:
            return say("Dismiss")
        case _:
            return say.counted("Block for {count} day", "Block for {count} days", deed.days or 0)


class ReportButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"report:(?P<deed>{'|'.join(deed.value for deed in ReportDeed)}):(?P<report>[0-9a-f]{{16}})",
):
    """Does one thing about one report."""

    def __init__(
        self, deed: ReportDeed, report_id: str, say: Language = ENGLISH, *, disabled: bool = False
    ) -> None:
        super().__init__(
            discord.ui.Button(
                label=label_of(say, deed),
                style=discord.ButtonStyle.danger
                if deed is ReportDeed.HIDE
                else discord.ButtonStyle.secondary,
                custom_id=f"report:{deed.value}:{report_id}",
                disabled=disabled,
            )
        )
        self._deed = deed
        self._report_id = report_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(ReportDeed(match["deed"]), match["report"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it, once; then the message tells who did what."""
        async with answering_errors(interaction):
            guild_id = require_moderator(interaction)
            bot: DrawingBot = interaction.client
            report = await bot.parts.reports.find(self._report_id)
            if report is None or report.guild_id != guild_id:
                raise JobUnknown
            await interaction.response.defer()
            await self._act(interaction, bot, report)
            say = language_of(interaction.locale)
            report = await bot.parts.reports.find(report.id) or report
            await interaction.edit_original_response(
                content=told_of(report, say), view=report_view(report, say), allowed_mentions=NO_MENTIONS
            )

    async def _act(self, interaction: discord.Interaction[Any], bot: DrawingBot, report: Report) -> None:
        reports, by, now = bot.parts.reports, interaction.user.id, interaction.created_at
        match self._deed:
            case ReportDeed.HIDE:
                if await reports.hide(report, by, now):
                    job = await bot.parts.past_jobs.find(report.job_id, report.asker_id, with_pictures=False)
                    await remove_from_message(bot, job, await bot.parts.past_jobs.message_of(job.id))
            case ReportDeed.DISMISS:
                await reports.dismiss(report, by, now)
            case _:
                block = Block(
                    guild_id=report.guild_id,
                    user_id=report.asker_id,
                    blocked_by=by,
                    reason=report.reason,
                    begins_at=now,
                    ends_at=now + timedelta(days=self._deed.days or 0),
                )
                await reports.block(report, block)


def told_of(report: Report, say: Language) -> str:
    """Who reported whose picture, why, and what was done."""
    asker = f"<@{report.asker_id}>"
    lines = [
        say("{reporter} reported a picture of {asker}.", reporter=f"<@{report.reporter_id}>", asker=asker)
    ]
    if report.hidden_by:
        lines.append(say("Hidden by {moderator}.", moderator=f"<@{report.hidden_by}>"))
    if report.blocked_by:
        lines.append(say("Blocked by {moderator}.", moderator=f"<@{report.blocked_by}>"))
    if report.dismissed_by:
        lines.append(say("Dismissed by {moderator}.", moderator=f"<@{report.dismissed_by}>"))
    return "\n".join(lines)


def report_view(report: Report, say: Language) -> discord.ui.View:
    """The buttons that still do something."""
    view = discord.ui.View(timeout=None)
    is_over = report.dismissed_by is not None
    for deed in ReportDeed:
        match deed:
            case ReportDeed.HIDE:
                disabled = is_over or report.hidden_by is not None
            case ReportDeed.DISMISS:
                disabled = is_over or report.hidden_by is not None or report.blocked_by is not None
            case _:
                disabled = is_over or report.blocked_by is not None
        view.add_item(ReportButton(deed, report.id, say, disabled=disabled))
    return view
