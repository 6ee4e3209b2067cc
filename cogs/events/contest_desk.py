"""What members do in a contest: draw for it, enter, replace and withdraw, and ask how it stands."""

from typing import Any

import discord

from cogs.drawing import Drawing
from cogs.events.access import Access
from cogs.events.contest_buttons import WithdrawButton
from cogs.events.contest_card import link, state_in_words
from cogs.events.desks import EventDesks
from cogs.events.draw_form import DrawForm
from cogs.events.enter_button import EnterButton
from cogs.events.errors import Disqualified, EntryGone, EventNotOpen, EventUnknown, RuleHinders
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS, inline
from events.contest_rules import ContestRules, RuleBroken
from generation.errors import PictureHidden
from generation.job import Job
from generation.occasion import Occasion
from generation.request import GenerationRequest
from storage.contests import Contest, ContestState
from storage.entries import Entering, Entry


class ContestDesk:
    """Looks everything up anew for each press: who may do it, and whether the contest is open."""

    def __init__(self, parts: Parts, drawing: Drawing, desks: EventDesks) -> None:
        self._parts = parts
        self._drawing = drawing
        self._desks = desks
        desks.add(self)

    async def find(self, contest_id: str, guild_id: int | None) -> Contest:
        """Return a contest of this server.

        Raises:
            EventUnknown: there is none.
        """
        contest = await self._parts.contests.find(contest_id)
        if contest is None or contest.guild_id != guild_id:
            raise EventUnknown
        return contest

    async def open_form(self, interaction: discord.Interaction[Any], contest_id: str) -> None:
        """Show the form in which somebody writes what to draw.

        Raises:
            EventError: the contest isn't open to them now.
        """
        contest = await self._open_contest(interaction, contest_id)
        say = language_of(interaction.locale)
        form = DrawForm(contest.id, contest.title, ContestRules.from_json(contest.rules), say)
        await interaction.response.send_modal(form)

    async def draw(
        self, interaction: discord.Interaction[Any], contest_id: str, request: GenerationRequest
    ) -> None:
        """Have something drawn for a contest.

        Raises:
            EventError: the contest isn't open to them now, or a rule hinders.
            GenerationError: see `Drawing.draw`.
        """
        await self._desks.draw(self._drawing, interaction, contest_id, request)

    async def prepared(
        self, interaction: discord.Interaction[Any], event_id: str, request: GenerationRequest
    ) -> tuple[GenerationRequest, Occasion] | None:
        """See `EventDesk.prepared`."""
        if await self._parts.contests.find(event_id) is None:
            return None
        contest = await self._open_contest(interaction, event_id)
        rules = ContestRules.from_json(contest.rules)
        try:
            request = rules.applied(request)
        except RuleBroken as broken:
            raise RuleHinders(broken) from broken
        return request, Occasion(event_id=contest.id, images_per_person=rules.images_per_person)

    async def enter(
        self, interaction: discord.Interaction[Any], job: Job, number: int, instead_of: str | None
    ) -> bool:
        """See `EventDesk.enter`."""
        contest = None if job.occasion is None else await self._parts.contests.find(job.occasion)
        if contest is None:
            return False
        if job.is_hidden:
            raise PictureHidden
        rules = ContestRules.from_json(contest.rules)
        try:
            rules.check(job.pictures[number])
        except RuleBroken as broken:
            raise RuleHinders(broken) from broken
        entered = await self._parts.entries.enter(
            contest,
            user_id=interaction.user.id,
            name=interaction.user.display_name,
            job_id=job.id,
            number=number,
            at=interaction.created_at,
            per_person=rules.entries_per_person,
            instead_of=instead_of,
        )
        await self._tell_of_entering(interaction, contest, job, number, entered)
        return True

    async def withdraw(self, interaction: discord.Interaction[Any], contest_id: str, entry_id: str) -> None:
        """Take one's own entry back.

        Raises:
            EventNotOpen, EntryGone: it can't be any more.
        """
        contest = await self.find(contest_id, interaction.guild_id)
        if not await self._parts.entries.withdraw(
            contest.id, entry_id, interaction.user.id, interaction.created_at
        ):
            if contest.state is not ContestState.OPEN:
                raise EventNotOpen(None)
            raise EntryGone
        say = language_of(interaction.locale)
        text, view = await self._standing(contest, interaction.user.id, say)
        await interaction.response.edit_message(
            content=say("Your entry is withdrawn.") + "\n" + text, view=view, allowed_mentions=NO_MENTIONS
        )

    async def tell_how_it_stands(self, interaction: discord.Interaction[Any], contest_id: str) -> None:
        """Show the live numbers, and the person's own entries, to them alone.

        Raises:
            EventUnknown: there is no such contest.
        """
        contest = await self.find(contest_id, interaction.guild_id)
        text, view = await self._standing(contest, interaction.user.id, language_of(interaction.locale))
        await interaction.response.send_message(text, view=view, ephemeral=True, allowed_mentions=NO_MENTIONS)

    async def _open_contest(self, interaction: discord.Interaction[Any], contest_id: str) -> Contest:
        contest = await self.find(contest_id, interaction.guild_id)
        if contest.state is ContestState.ANNOUNCED:
            raise EventNotOpen(contest.starts_at)
        if contest.state is not ContestState.OPEN or contest.ends_at <= interaction.created_at:
            raise EventNotOpen(None)
        Access.from_json(contest.access).check(interaction)
        if await self._parts.entries.is_disqualified(contest.id, interaction.user.id):
            raise Disqualified
        return contest

    async def _standing(self, contest: Contest, user_id: int, say: Language) -> tuple[str, discord.ui.View]:
        entries = await self._parts.entries.of_contest(contest.id)
        people = len({entry.user_id for entry in entries})
        lines = [
            f"**{inline(contest.title)}** {link(contest)}",
            state_in_words(contest, say),
            say.counted("{count} entry so far", "{count} entries so far", len(entries))
            + " "
            + say.counted("by {count} person.", "by {count} people.", people),
        ]
        if contest.state is ContestState.VOTING:
            voters = await self._parts.ballots.voters(contest.id)
            lines.append(say.counted("{count} person has voted.", "{count} people have voted.", voters))
        own = [entry for entry in entries if entry.user_id == user_id]
        view = discord.ui.View(timeout=None)
        if own:
            lines += [say("Yours: {entries}", entries=", ".join(f"`{entry.job_id}`" for entry in own))]
        if own and contest.state is ContestState.OPEN:
            for place, entry in enumerate(own, 1):
                label = say("Withdraw") if len(own) == 1 else say("Withdraw number {number}", number=place)
                view.add_item(WithdrawButton(contest.id, entry.id, label))
        return "\n".join(lines), view

    async def _tell_of_entering(
        self,
        interaction: discord.Interaction[Any],
        contest: Contest,
        job: Job,
        number: int,
        entered: Entering,
    ) -> None:
        say = language_of(interaction.locale)
        view = discord.ui.View(timeout=None)
        match entered:
            case Entering.ENTERED:
                text = "🏮 " + say(
                    "Entered in {title}. Until {moment} you can replace or withdraw it: press How it stands, or Enter "
                    "under another picture.",
                    title=inline(contest.title),
                    moment=discord.utils.format_dt(contest.ends_at, "f"),
                )
            case Entering.KNOWN:
                text = say("This picture is entered already.")
            case Entering.FULL:
                own = await self._parts.entries.of_person(contest.id, interaction.user.id)
                text = self._full(view, job, number, own, say)
            case Entering.CLOSED:
                raise EventNotOpen(contest.starts_at if contest.state is ContestState.ANNOUNCED else None)
            case Entering.DISQUALIFIED:
                raise Disqualified
        await interaction.response.send_message(text, view=view, ephemeral=True, allowed_mentions=NO_MENTIONS)

    def _full(self, view: discord.ui.View, job: Job, number: int, own: list[Entry], say: Language) -> str:
        """Offer to put the picture in the place of another."""
        if not own:
            return say("You have no entries left: the moderators have removed what you entered.")
        for place, entry in enumerate(own, 1):
            label = say("Replace my entry") if len(own) == 1 else say("Replace number {number}", number=place)
            view.add_item(EnterButton(job.id, number, say, instead_of=entry.id, label=label))
        return say.counted(
            "You have entered as many as you may: {count}. Shall this picture take its place?",
            "You have entered as many as you may: {count}. Shall this picture take the place of one?",
            len(own),
        )
