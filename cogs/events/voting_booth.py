"""The vote: ballots with up to three picks, or two pictures at a time; for the voter alone to see."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import discord

from cogs.discord_limits import CHOICES
from cogs.events.access import Access
from cogs.events.contest_buttons import BallotMenu, LookButton, PairButton, Side
from cogs.events.entry_pictures import EntryPictures
from cogs.events.errors import EntryGone, EventNotOpen, EventUnknown, OwnEntry, TooManyPicks
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.plain_text import inline
from events.blind_order import next_pair, shuffled
from storage.ballots import PICKS_MAX, Voted
from storage.contests import Contest, ContestState, Voting
from storage.entries import Entry

REMEMBERED_FOR = timedelta(seconds=1)

MENUS = 4
"""Rows of a ballot; the fifth is for buttons. Entries beyond are picked while they are looked at."""

_Interaction = discord.Interaction[Any]


class VotingBooth:
    """Looks everything up anew for each press."""

    def __init__(self, parts: Parts, pictures: EntryPictures) -> None:
        self._parts = parts
        self._pictures = pictures
        self._read: dict[str, tuple[datetime, Contest | None, list[Entry]]] = {}

    async def open(self, interaction: _Interaction, contest_id: str) -> None:
        """Hand the voter their ballot, or their first pair.

        Raises:
            EventError: they can't vote, or not now.
        """
        contest = await self._voted_on(interaction, contest_id)
        if contest.voting is Voting.BALLOT:
            order = await self._order(contest, interaction.user.id)
            picked = await self._parts.ballots.picks_of(contest.id, interaction.user.id)
            text, view = _ballot(contest, order, picked, language_of(interaction.locale))
            await interaction.response.send_message(text, view=view, ephemeral=True)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._show_pair(interaction, contest)

    async def mark(
        self, interaction: _Interaction, contest_id: str, part: int, chosen: Sequence[str]
    ) -> None:
        """Make these the picks of one part of the ballot.

        Raises:
            EventError: it isn't counted.
        """
        contest = await self._voted_on(interaction, contest_id)
        order = await self._order(contest, interaction.user.id)
        among = [entry.id for entry in order[part * CHOICES : (part + 1) * CHOICES]]
        voted, picked = await self._parts.ballots.vote(
            contest.id, interaction.user.id, interaction.created_at, chosen=chosen, among=among
        )
        _require_counted(voted)
        text, view = _ballot(contest, order, picked, language_of(interaction.locale))
        await interaction.response.edit_message(content=text, view=view)

    async def look(
        self, interaction: _Interaction, contest_id: str, place: int, *, picks: bool = False
    ) -> None:
        """Show one entry of the voter's own order; `picks` picks it, or lets it go.

        Raises:
            EventError: it isn't counted, or they can't vote now.
        """
        contest = await self._voted_on(interaction, contest_id)
        await interaction.response.defer()
        order = await self._order(contest, interaction.user.id)
        if not order:
            raise EntryGone
        entry = order[min(place, len(order) - 1)]
        picked = await self._parts.ballots.picks_of(contest.id, interaction.user.id)
        if picks:
            voted, picked = await self._parts.ballots.vote(
                contest.id, interaction.user.id, interaction.created_at, chosen=picked ^ {entry.id}
            )
            _require_counted(voted)
        await self._show_entry(interaction, contest, order, order.index(entry), picked)

    async def compare(self, interaction: _Interaction, contest_id: str, winner: str, other: str) -> None:
        """Count which of two was found better, and show the next two.

        Raises:
            EventError: it isn't counted.
        """
        contest = await self._voted_on(interaction, contest_id)
        if contest.voting is not Voting.PAIRWISE:
            raise EventUnknown
        await interaction.response.defer()
        voted = await self._parts.ballots.compare(
            contest.id, interaction.user.id, interaction.created_at, winner=winner, other=other
        )
        if voted is not Voted.GONE:  # then the next pair is all that there is to say
            _require_counted(voted)
        await self._show_pair(interaction, contest)

    async def _voted_on(self, interaction: _Interaction, contest_id: str) -> Contest:
        contest, _ = await self._remembered(contest_id)
        if contest is None or contest.guild_id != interaction.guild_id:
            raise EventUnknown
        if contest.state in (ContestState.ANNOUNCED, ContestState.OPEN):
            raise EventNotOpen(contest.ends_at)
        if contest.state is not ContestState.VOTING or contest.voting_ends_at <= interaction.created_at:
            raise EventNotOpen(None)
        Access.from_json(contest.access).check(interaction)
        return contest

    async def _remembered(self, contest_id: str) -> tuple[Contest | None, list[Entry]]:
        """A contest and its entries, read anew each second: with every press they'd be most of the work.

        What may have changed meanwhile is seen by the transaction that counts a vote.
        """
        now = self._parts.clock()
        read_at, contest, entries = self._read.get(contest_id, (datetime.min.replace(tzinfo=UTC), None, []))
        if now - read_at > REMEMBERED_FOR:
            contest = await self._parts.contests.find(contest_id)
            entries = [] if contest is None else await self._parts.entries.of_contest(contest_id)
            self._read = {id_: it for id_, it in self._read.items() if now - it[0] <= REMEMBERED_FOR}
            self._read[contest_id] = now, contest, entries
        return contest, entries

    async def _order(self, contest: Contest, voter: int) -> list[Entry]:
        """Others' entries, in an order of the voter's own."""
        _, every = await self._remembered(contest.id)
        entries = {entry.id: entry for entry in every if entry.user_id != voter}
        return [entries[entry_id] for entry_id in shuffled(entries, voter)]

    async def _show_entry(
        self,
        interaction: _Interaction,
        contest: Contest,
        order: Sequence[Entry],
        place: int,
        picked: set[str],
    ) -> None:
        say, entry = language_of(interaction.locale), order[place]
        view, last = discord.ui.View(timeout=None), len(order) - 1
        view.add_item(LookButton(contest.id, max(0, place - 1), "◀", disabled=place == 0))
        label = say("Take it off") if entry.id in picked else say("Pick it")
        view.add_item(LookButton(contest.id, place, label, picks=True))
        view.add_item(LookButton(contest.id, min(last, place + 1), "▶", disabled=place == last))
        heading = say(
            "Entry {number} ({place} of {total})",
            number=entry.shown_as or "-",
            place=place + 1,
            total=len(order),
        )
        await interaction.edit_original_response(
            content=f"**{heading}**\n{_picks_in_words(order, picked, say)}",
            attachments=await self._files([(entry, f"entry-{entry.shown_as}")], say),
            view=view,
        )

    async def _show_pair(self, interaction: _Interaction, contest: Contest) -> None:
        say, voter = language_of(interaction.locale), interaction.user.id
        entries = {entry.id: entry for entry in await self._order(contest, voter)}
        seen = await self._parts.ballots.pairs_of(contest.id, voter)
        told = say.counted("You have compared {count} pair.", "You have compared {count} pairs.", len(seen))
        appearances = await self._parts.ballots.appearances(contest.id)
        pair = next_pair(list(entries), seen, appearances, voter)
        view = discord.ui.View(timeout=None)
        if pair is None:
            await interaction.edit_original_response(
                content=f"{told} " + say("There are no others: thank you."), attachments=[], view=view
            )
            return
        left, right = pair
        view.add_item(PairButton(contest.id, left, right, Side.LEFT, say("Left")))
        view.add_item(PairButton(contest.id, left, right, Side.RIGHT, say("Right")))
        files = await self._files([(entries[left], "left"), (entries[right], "right")], say)
        await interaction.edit_original_response(
            content="**" + say("Which of the two is better?") + f"**\n-# {told}", attachments=files, view=view
        )

    async def _files(self, entries: Sequence[tuple[Entry, str]], say: Language) -> list[discord.File]:
        files = []
        for entry, name in entries:
            if content := await self._pictures.shown(entry):
                described = say("Entry {number}", number=entry.shown_as or "-")
                files.append(discord.File(io.BytesIO(content), f"{name}.webp", description=described))
        return files


def _ballot(
    contest: Contest, order: Sequence[Entry], picked: set[str], say: Language
) -> tuple[str, discord.ui.View]:
    lines = [
        f"**{inline(contest.title)}**",
        _picks_in_words(order, picked, say),
        "-# " + say("The pictures are above, and one by one behind the button; the order is your own."),
    ]
    view = discord.ui.View(timeout=None)
    for part in range(MENUS):
        if entries := order[part * CHOICES : (part + 1) * CHOICES]:
            view.add_item(BallotMenu(contest.id, part, _menu(contest, part, entries, picked, say)))
    view.add_item(LookButton(contest.id, 0, say("Look one by one"), disabled=not order))
    return "\n".join(lines), view


def _menu(
    contest: Contest, part: int, entries: Sequence[Entry], picked: set[str], say: Language
) -> discord.ui.Select[discord.ui.View]:
    return discord.ui.Select(
        custom_id=f"ballot:{contest.id}:{part}",
        placeholder=say("Pick up to three…"),
        min_values=0,
        max_values=min(PICKS_MAX, len(entries)),
        options=[
            discord.SelectOption(
                label=say("Entry {number}", number=entry.shown_as or "-"),
                value=entry.id,
                default=entry.id in picked,
            )
            for entry in entries
        ],
    )


def _picks_in_words(order: Sequence[Entry], picked: set[str], say: Language) -> str:
    numbers = sorted(entry.shown_as or 0 for entry in order if entry.id in picked)
    if not numbers:
        return say("Your ballot is empty: pick up to three.")
    return say("On your ballot: {entries}. It counts as it is.", entries=", ".join(map(str, numbers)))


def _require_counted(voted: Voted) -> None:
    match voted:
        case Voted.COUNTED:
            return
        case Voted.CLOSED:
            raise EventNotOpen(None)
        case Voted.OWN:
            raise OwnEntry
        case Voted.GONE:
            raise EntryGone
        case Voted.TOO_MANY:
            raise TooManyPicks(PICKS_MAX)
