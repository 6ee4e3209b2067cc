"""What moderators do about a report: buttons under its message, each of which acts once."""

import re
from datetime import timedelta
from enum import Enum
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.errors import NotAgeRestricted
from cogs.job_message import plain_pictures
from cogs.language import ENGLISH, Language, language_of
from cogs.picture_removal import remove_from_message
from cogs.place import is_age_restricted
from cogs.plain_text import NO_MENTIONS
from cogs.standing import require_moderator
from generation.errors import JobUnknown
from storage.blocks import Block
from storage.reports import Report


class ReportDeed(Enum):
    """What a button does. The value stands in its custom_id."""

    LOOK = "look"
    HIDE = "hide"
    BLOCK_DAY = "block-1"
    BLOCK_WEEK = "block-7"
    BLOCK_MONTH = "block-30"
    DISMISS = "dismiss"
    RELEASE = "release"

    @property
    def days(self) -> int | None:
        """For how long it blocks; None where it doesn't."""
        name, _, days = self.value.partition("-")
        return int(days) if name == "block" else None


def label_of(say: Language, deed: ReportDeed) -> str:
    """What a button says."""
    match deed:
        case ReportDeed.LOOK:
            return say("Look at it")
        case ReportDeed.HIDE:
            return say("Hide")
        case ReportDeed.DISMISS:
            return say("Dismiss")
        case ReportDeed.RELEASE:
            return say("Show it")
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
            if self._deed is ReportDeed.LOOK:
                await _show(interaction, bot, report)
                return
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
            case ReportDeed.RELEASE:
                if await reports.dismiss(report, by, now):
                    job = await bot.parts.past_jobs.find(report.job_id, report.asker_id)
                    # An earlier run may have drawn it, whose jobs are taken over with a warning otherwise.
                    if await bot.parts.service.deliveries.take(job):
                        bot.delivery.follow(job)
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


async def _show(interaction: discord.Interaction[Any], bot: DrawingBot, report: Report) -> None:
    """Show the pictures to the moderator alone; withheld ones where Discord lets adults' pictures be shown at all.

    Raises:
        NotAgeRestricted: this channel isn't such a place.
        PicturesGone: they were cleaned away.
    """
    if report.is_withheld and not is_age_restricted(interaction.channel):
        raise NotAgeRestricted
    await interaction.response.defer(ephemeral=True, thinking=True)
    job = await bot.parts.past_jobs.find(report.job_id, report.asker_id)
    shown = await plain_pictures(job, interaction.filesize_limit, language_of(interaction.locale))
    await interaction.edit_original_response(**shown.as_edit())


def told_of(report: Report, say: Language) -> str:
    """Who reported whose picture, why, and what was done."""
    asker = f"<@{report.asker_id}>"
    if report.is_withheld:
        lines = [say("The output check withheld a picture of {asker}; nobody has seen it.", asker=asker)]
    else:
        reporter = f"<@{report.reporter_id}>"
        lines = [say("{reporter} reported a picture of {asker}.", reporter=reporter, asker=asker)]
    if report.hidden_by:
        lines.append(say("Hidden by {moderator}.", moderator=f"<@{report.hidden_by}>"))
    if report.blocked_by:
        lines.append(say("Blocked by {moderator}.", moderator=f"<@{report.blocked_by}>"))
    if report.dismissed_by and report.is_withheld:
        lines.append(say("Shown after all by {moderator}.", moderator=f"<@{report.dismissed_by}>"))
    elif report.dismissed_by:
        lines.append(say("Dismissed by {moderator}.", moderator=f"<@{report.dismissed_by}>"))
    return "\n".join(lines)


def report_view(report: Report, say: Language) -> discord.ui.View:
    """The buttons of a report; those that would do nothing any more are greyed out."""
    view = discord.ui.View(timeout=None)
    is_over = report.dismissed_by is not None
    is_hidden, is_blocked = report.hidden_by is not None, report.blocked_by is not None
    view.add_item(ReportButton(ReportDeed.LOOK, report.id, say))
    if report.is_withheld:
        view.add_item(ReportButton(ReportDeed.RELEASE, report.id, say, disabled=is_over or is_blocked))
    else:
        view.add_item(ReportButton(ReportDeed.HIDE, report.id, say, disabled=is_over or is_hidden))
        is_done = is_over or is_hidden or is_blocked
        view.add_item(ReportButton(ReportDeed.DISMISS, report.id, say, disabled=is_done))
    for deed in (ReportDeed.BLOCK_DAY, ReportDeed.BLOCK_WEEK, ReportDeed.BLOCK_MONTH):
        button = ReportButton(deed, report.id, say, disabled=is_over or is_blocked)
        button.item.row = 1
        view.add_item(button)
    return view
