"""`/contest`: what moderators do about contests and entries; each deed is in the audit."""

import io

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.discord_limits import CHOICE_LENGTH, CHOICES
from cogs.events.contest_export import exported
from cogs.events.errors import EntryGone, EventNotOpen, EventUnknown, MomentUnreadable
from cogs.events.event_choice import meant, offered
from cogs.language import language_of
from cogs.moderation import REASON_LENGTH
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS, inline, shortened
from cogs.standing import is_moderator, require_moderator
from events.moments import UnreadableMoment, read_span
from storage.contests import LIVING, Contest, ContestState

_Reason = app_commands.Range[str, None, REASON_LENGTH]
_WHICH = "Which contest (the one that is held here unless you say otherwise)"
_WHY = "Why, for the other moderators"


@app_commands.guild_only()
@app_commands.default_permissions(manage_messages=True)
class ContestModeration(
    commands.GroupCog, name="contest", description="For moderators: contests and their entries."
):
    """For those who may remove others' messages; all answers are for them alone."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    @app_commands.command()
    @app_commands.describe(by="For how much longer: 2h30m, 3d", event=_WHICH)
    async def extend(
        self, interaction: discord.Interaction, by: app_commands.Range[str, 1, 40], event: str | None = None
    ) -> None:
        """Give a contest more time: for entries, or for votes when it is voted on."""
        contest = await self._living(interaction, event)
        try:
            span = read_span(by)
        except UnreadableMoment as error:
            raise MomentUnreadable(error.text) from error
        await interaction.response.defer(ephemeral=True, thinking=True)
        moved = await self._parts.contests.move(contest, interaction.user.id, interaction.created_at, span)
        if moved is None:
            raise EventNotOpen(None)
        say = language_of(moved.locale)
        is_voted_on = moved.state is ContestState.VOTING
        moment = discord.utils.format_dt(moved.voting_ends_at if is_voted_on else moved.ends_at, "f")
        told = (
            say("The vote goes on until {moment}.", moment=moment)
            if is_voted_on
            else say("Entries are taken until {moment}.", moment=moment)
        )
        await self._bot.contest_host.scheduled.move(moved)
        await self._bot.contest_host.say_in_thread(moved, "⏳ " + told)
        await self._done(interaction, moved)

    @app_commands.command()
    @app_commands.describe(event=_WHICH)
    async def end(self, interaction: discord.Interaction, event: str | None = None) -> None:
        """End now what would end later: the entries, or the vote."""
        contest = await self._living(interaction, event)
        if contest.state is ContestState.ANNOUNCED:
            raise EventNotOpen(contest.starts_at)
        await interaction.response.defer(ephemeral=True, thinking=True)
        is_voted_on = contest.state is ContestState.VOTING
        due = contest.voting_ends_at if is_voted_on else contest.ends_at
        now = interaction.created_at
        if await self._parts.contests.move(contest, interaction.user.id, now, now - due) is None:
            raise EventNotOpen(None)
        await self._done(interaction, contest)

    @app_commands.command()
    @app_commands.describe(event=_WHICH, reason=_WHY)
    async def cancel(
        self, interaction: discord.Interaction, event: str | None = None, reason: _Reason = ""
    ) -> None:
        """Call a contest off: nobody wins."""
        contest = await self._living(interaction, event)
        await interaction.response.defer(ephemeral=True, thinking=True)
        if not await self._parts.contests.cancel(
            contest, interaction.user.id, interaction.created_at, reason
        ):
            raise EventNotOpen(None)
        say = language_of(contest.locale)
        await self._bot.contest_host.scheduled.end(contest)
        if contest.thread_id is not None:
            await self._bot.contest_host.say_in_thread(
                contest, "🚫 " + say("{title} is called off.", title=inline(contest.title))
            )
        await self._done(interaction, contest)

    @app_commands.command()
    @app_commands.describe(
        entry="The entry's number, or the picture's id as Info tells it", event=_WHICH, reason=_WHY
    )
    async def remove(
        self,
        interaction: discord.Interaction,
        entry: app_commands.Range[str, 1, 16],
        event: str | None = None,
        reason: _Reason = "",
    ) -> None:
        """Take an entry out of a contest."""
        contest = await self._living(interaction, event)
        entries = await self._parts.entries.of_contest(contest.id)
        wanted = entry.strip().lower()
        found = [it for it in entries if wanted in (str(it.shown_as), it.job_id, it.id)]
        if len(found) != 1:
            raise EntryGone
        await interaction.response.defer(ephemeral=True, thinking=True)
        if await self._parts.entries.remove(
            contest, found[0], interaction.user.id, interaction.created_at, reason
        ):
            await self._bot.contest_host.take_out(contest, found)
        await self._done(interaction, contest)

    @app_commands.command()
    @app_commands.describe(member="Who takes part no more", event=_WHICH, reason=_WHY)
    async def disqualify(
        self,
        interaction: discord.Interaction,
        member: discord.User,
        event: str | None = None,
        reason: _Reason = "",
    ) -> None:
        """Take everything of somebody out of a contest, and let them enter nothing more."""
        contest = await self._living(interaction, event)
        await interaction.response.defer(ephemeral=True, thinking=True)
        removed = await self._parts.entries.disqualify(
            contest, member.id, interaction.user.id, interaction.created_at, reason
        )
        await self._bot.contest_host.take_out(contest, removed)
        await self._done(interaction, contest)

    @app_commands.command()
    @app_commands.describe(event=_WHICH)
    async def export(self, interaction: discord.Interaction, event: str | None = None) -> None:
        """Get a contest's gallery as one page, and its entries and votes as tables."""
        require_moderator(interaction)
        contest = await meant(self._parts, interaction, event, [*LIVING, ContestState.ENDED])
        await interaction.response.defer(ephemeral=True, thinking=True)
        files = await exported(
            contest,
            self._parts,
            self._bot.contest_host,
            language_of(interaction.locale),
            interaction.filesize_limit,
        )
        await interaction.edit_original_response(
            content=f"**{inline(contest.title)}**",
            attachments=[discord.File(io.BytesIO(content), name) for name, content in files],
            allowed_mentions=NO_MENTIONS,
        )

    @extend.autocomplete("event")
    @end.autocomplete("event")
    @cancel.autocomplete("event")
    @remove.autocomplete("event")
    @disqualify.autocomplete("event")
    async def offer_living(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer contests that aren't over."""
        return await offered(self._parts, interaction, typed, *LIVING)

    @export.autocomplete("event")
    async def offer_all(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Offer all contests."""
        return await offered(self._parts, interaction, typed)

    @remove.autocomplete("entry")
    async def offer_entries(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer entries by number and name, to those who may remove them."""
        if not is_moderator(interaction):
            return []
        try:
            named = str(interaction.namespace.event or "") or None
            contest = await meant(self._parts, interaction, named, LIVING)
        except EventUnknown:
            return []
        wanted = typed.casefold().strip()
        entries = await self._parts.entries.of_contest(contest.id)
        offers = [
            (f"{entry.shown_as or ''} {entry.name} {entry.job_id}".strip(), entry.id) for entry in entries
        ]
        return [
            app_commands.Choice(name=shortened(name, CHOICE_LENGTH), value=entry_id)
            for name, entry_id in offers
            if wanted in name.casefold()
        ][:CHOICES]

    async def _living(self, interaction: discord.Interaction, event: str | None) -> Contest:
        require_moderator(interaction)
        contest = await meant(self._parts, interaction, event, LIVING)
        if contest.state not in LIVING:
            raise EventNotOpen(None)
        return contest

    async def _done(self, interaction: discord.Interaction, contest: Contest) -> None:
        say = language_of(interaction.locale)
        await interaction.edit_original_response(
            content=say("Done: {title}.", title=inline(contest.title)), allowed_mentions=NO_MENTIONS
        )
