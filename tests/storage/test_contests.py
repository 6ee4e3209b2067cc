"""Contests in the database: each change of state once, each vote counted once, however many press at once."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from storage.audit import AuditLog, Deed
from storage.ballots import BallotStore, Voted
from storage.contests import CLOSE, RESULTS, Contest, ContestState, ContestStore, Voting
from storage.database import Database
from storage.deadlines import DeadlineStore
from storage.entries import Entering, Entry, EntryStore
from storage.event_posts import EventPosts
from storage.job_ledger import JobLedger, Quota
from storage.personal_data import PersonalData
from storage.picture_files import PictureFiles
from tests.storage.test_job_ledger import AOI, PNG, REN, entry

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
MIKA, GUILD = 13, 1
END, VOTES_END = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
LEASE = timedelta(seconds=20)

CONTEST = Contest(
    id="c" * 16,
    guild_id=GUILD,
    channel_id=5,
    title="Lanterns",
    theme="Night",
    rules={"required": ["lantern"]},
    access={},
    voting=Voting.BALLOT,
    state=ContestState.OPEN,
    starts_at=NOW,
    ends_at=END,
    voting_ends_at=VOTES_END,
    created_by=MIKA,
    created_at=NOW,
)


class Held:
    """A contest with what it takes to enter it."""

    def __init__(self, database: Database, files: PictureFiles) -> None:
        self.contests = ContestStore(database)
        self.entries = EntryStore(database)
        self.ballots = BallotStore(database)
        self.ledger = JobLedger(database, files)
        self.numbers: Iterator[int] = count(1)

    async def entered(self, user_id: int, at: datetime = NOW, instead_of: str | None = None) -> Entering:
        job = entry(next(self.numbers), user_id=user_id, occasion=CONTEST.id)
        assert await self.ledger.accept(job, {}) is None
        await self.ledger.mark_finished(job.id, PNG[:1], NOW, 1.0)
        return await self.enter_job(job.id, user_id, at, instead_of)

    async def enter_job(
        self, job_id: str, user_id: int, at: datetime = NOW, instead_of: str | None = None
    ) -> Entering:
        return await self.entries.enter(
            CONTEST,
            user_id=user_id,
            name=f"Person {user_id}",
            job_id=job_id,
            number=0,
            at=at + timedelta(milliseconds=int(job_id, 16)),
            per_person=2,
            instead_of=instead_of,
        )

    async def voted_on(self) -> list[Entry]:
        for user_id in (AOI, AOI, REN, MIKA):
            assert await self.entered(user_id) is Entering.ENTERED
        assert await self.contests.advance(CONTEST.id, ContestState.VOTING, END)
        return await self.entries.of_contest(CONTEST.id)


@pytest.fixture
def files(tmp_path: Path) -> PictureFiles:
    return PictureFiles(tmp_path / "images")


@pytest.fixture
async def held(database: Database, files: PictureFiles) -> Held:
    held = Held(database, files)
    await held.contests.create(CONTEST)
    return held


async def test_a_contest_comes_back_as_it_was_made_with_its_deadlines(held: Held, database: Database) -> None:
    assert await held.contests.find(CONTEST.id) == CONTEST
    assert await held.contests.of_guild(GUILD, ContestState.OPEN) == [CONTEST]
    assert await held.contests.of_guild(GUILD, ContestState.ENDED) == []
    await held.contests.opened(CONTEST.id, thread_id=6, card_message_id=7)
    await held.contests.announced(CONTEST.id, scheduled_event_id=8)
    found = await held.contests.held_in(6)
    assert found == replace(CONTEST, thread_id=6, card_message_id=7, scheduled_event_id=8)
    deadlines = DeadlineStore(database)
    (close,) = await deadlines.claim(END, "a", LEASE)
    await deadlines.done(close, END)
    (results,) = await deadlines.claim(VOTES_END, "a", LEASE)
    assert (close.kind, results.kind) == (CLOSE, RESULTS)


async def test_a_contest_goes_on_at_its_moments_and_no_earlier(held: Held) -> None:
    later = replace(CONTEST, id="d" * 16, state=ContestState.ANNOUNCED, starts_at=NOW + timedelta(minutes=9))
    await held.contests.create(later)
    for state, moment in (
        (ContestState.OPEN, later.starts_at),
        (ContestState.VOTING, later.ends_at),
        (ContestState.ENDED, later.voting_ends_at),
    ):
        early = moment - timedelta(seconds=1)
        assert await held.contests.advance(later.id, state, early) is None
        changed = await asyncio.gather(*(held.contests.advance(later.id, state, moment) for _ in range(3)))
        assert [contest.state for contest in changed if contest] == [state] * 3
    assert not await held.contests.cancel(later, MIKA, NOW, "")


async def test_what_moderators_move_moves_with_its_deadlines_once(held: Held, database: Database) -> None:
    hour = timedelta(hours=1)
    moved = await asyncio.gather(*(held.contests.move(CONTEST, MIKA, NOW, hour) for _ in range(3)))
    (contest,) = [it for it in moved if it is not None]
    assert (contest.ends_at, contest.voting_ends_at) == (END + hour, VOTES_END + hour)
    await held.contests.announced(CONTEST.id, scheduled_event_id=None)
    assert await DeadlineStore(database).claim(END, "a", LEASE) == []
    assert await held.contests.cancel(contest, MIKA, NOW, "rain")
    assert await DeadlineStore(database).claim(VOTES_END + hour, "a", LEASE) == []
    assert await held.contests.move(contest, MIKA, NOW, hour) is None
    deeds = [entry.deed for entry in (await AuditLog(database).page(GUILD))[0]]
    assert deeds == [Deed.EVENT_CANCELLED, Deed.EVENT_EXTENDED, Deed.EVENT_STARTED]


async def test_entries_are_counted_exactly_however_often_the_button_is_pressed(held: Held) -> None:
    entered = await asyncio.gather(*(held.entered(AOI) for _ in range(5)))
    assert sorted(entered) == [Entering.ENTERED] * 2 + [Entering.FULL] * 3
    first, second = await held.entries.of_person(CONTEST.id, AOI)
    assert await held.enter_job(first.job_id, AOI) is Entering.KNOWN
    assert await held.entered(AOI, instead_of=first.id) is Entering.ENTERED
    assert first.id not in {it.id for it in await held.entries.of_person(CONTEST.id, AOI)}
    assert not await held.entries.withdraw(CONTEST.id, second.id, REN, NOW)
    withdrawn = await asyncio.gather(
        *(held.entries.withdraw(CONTEST.id, second.id, AOI, NOW) for _ in range(3))
    )
    assert sorted(withdrawn) == [False, False, True]
    assert await held.entered(REN, at=END) is Entering.CLOSED
    await held.entries.disqualify(CONTEST, AOI, MIKA, NOW, "two accounts")
    assert await held.entries.of_contest(CONTEST.id) == []
    assert await held.entered(AOI) is Entering.DISQUALIFIED


async def test_a_ballot_is_counted_once_and_as_it_was_last(held: Held) -> None:
    entries = await held.voted_on()
    mine, others = (
        [it.id for it in entries if it.user_id == AOI],
        [it.id for it in entries if it.user_id != AOI],
    )
    votes = await asyncio.gather(
        *(
            held.ballots.vote(CONTEST.id, AOI, END, chosen=others[place % 2 : place % 2 + 1])
            for place in range(20)
        )
    )
    assert {verdict for verdict, _ in votes} == {Voted.COUNTED}
    assert len((await held.ballots.ballots(CONTEST.id))[AOI]) == 1
    assert (await held.ballots.vote(CONTEST.id, AOI, END, chosen=others))[0] is Voted.COUNTED
    assert await held.ballots.picks_of(CONTEST.id, AOI) == set(others)
    # A part of the ballot leaves the others alone.
    assert (await held.ballots.vote(CONTEST.id, AOI, END, chosen=[], among=others[:1]))[0] is Voted.COUNTED
    assert await held.ballots.picks_of(CONTEST.id, AOI) == {others[1]}
    assert (await held.ballots.vote(CONTEST.id, AOI, END, chosen=mine[:1]))[0] is Voted.OWN
    assert (await held.ballots.vote(CONTEST.id, AOI, END, chosen=["0" * 16]))[0] is Voted.GONE
    assert (await held.ballots.vote(CONTEST.id, AOI, VOTES_END, chosen=others))[0] is Voted.CLOSED
    fourth = {it.id for it in entries}
    assert (await held.ballots.vote(CONTEST.id, 99, END, chosen=fourth))[0] is Voted.TOO_MANY
    assert await held.ballots.voters(CONTEST.id) == 1


async def test_many_voters_at_once_are_all_counted(held: Held) -> None:
    entries = await held.voted_on()
    chosen = [entries[number % 4].id for number in range(60)]
    votes = await asyncio.gather(
        *(
            held.ballots.vote(CONTEST.id, 100 + number, END, chosen=[pick])
            for number, pick in enumerate(chosen)
            for _ in range(2)
        )
    )
    assert {verdict for verdict, _ in votes} == {Voted.COUNTED}
    cast = await held.ballots.ballots(CONTEST.id)
    assert cast == {100 + number: [pick] for number, pick in enumerate(chosen)}


async def test_a_pair_is_compared_once_by_a_voter_and_the_newest_answer_counts(held: Held) -> None:
    entries = await held.voted_on()
    left, right = entries[2].id, entries[3].id
    await asyncio.gather(
        *(
            held.ballots.compare(CONTEST.id, AOI, END, winner=winner, other=other)
            for winner, other in ((left, right), (right, left)) * 5
        )
    )
    assert await held.ballots.compare(CONTEST.id, AOI, END, winner=left, other=right) is Voted.COUNTED
    assert await held.ballots.comparisons(CONTEST.id) == [(AOI, left, right)]
    assert await held.ballots.pairs_of(CONTEST.id, AOI) == {(min(left, right), max(left, right))}
    assert await held.ballots.appearances(CONTEST.id) == {left: 1, right: 1}
    own = entries[0].id
    assert await held.ballots.compare(CONTEST.id, AOI, END, winner=own, other=left) is Voted.OWN


async def test_entries_are_numbered_once_and_a_removed_one_gets_no_votes(
    held: Held, database: Database
) -> None:
    entries = await held.voted_on()
    order = [it.id for it in entries]
    await held.entries.number(CONTEST.id, order)
    await held.entries.number(CONTEST.id, order[::-1])
    assert [it.shown_as for it in await held.entries.of_contest(CONTEST.id)] == [1, 2, 3, 4]
    removed = await asyncio.gather(
        *(held.entries.remove(CONTEST, entries[0], MIKA, END, "rude") for _ in range(3))
    )
    assert sorted(removed) == [False, False, True]
    assert (await held.ballots.vote(CONTEST.id, REN, END, chosen=[entries[0].id]))[0] is Voted.GONE
    deeds = [entry.deed for entry in (await AuditLog(database).page(GUILD))[0]]
    assert deeds == [Deed.ENTRY_REMOVED, Deed.EVENT_STARTED]


async def test_the_pictures_that_one_may_have_for_an_event_are_counted_exactly(held: Held) -> None:
    quotas = {Quota.IMAGES_FOR_EVENT.value: 2}
    jobs = [entry(number, occasion=CONTEST.id) for number in range(1, 6)]
    reached = await asyncio.gather(*(held.ledger.accept(job, quotas) for job in jobs))
    assert [it.quota for it in reached if it is not None] == [Quota.IMAGES_FOR_EVENT] * 3
    assert await held.ledger.accept(entry(7, user_id=REN, occasion=CONTEST.id), quotas) is None
    assert await held.ledger.accept(entry(8, occasion="other"), quotas) is None


async def test_who_leaves_takes_entries_and_votes_along(
    held: Held, database: Database, files: PictureFiles
) -> None:
    entries = await held.voted_on()
    rens = next(it.id for it in entries if it.user_id == REN)
    for voter, pick in ((REN, entries[0].id), (MIKA, entries[0].id), (AOI, rens)):
        assert (await held.ballots.vote(CONTEST.id, voter, END, chosen=[pick]))[0] is Voted.COUNTED
    personal_data = PersonalData(database, files, lambda: END)
    exported = (await personal_data.export(REN)).kept
    assert [row["id"] for row in exported["entries"]] == [rens]
    assert [row["entry_id"] for row in exported["ballots"]] == [entries[0].id]
    await personal_data.erase(REN)
    assert {it.user_id for it in await held.entries.of_contest(CONTEST.id, with_removed=True)} == {AOI, MIKA}
    assert await held.ballots.ballots(CONTEST.id) == {MIKA: [entries[0].id]}


async def test_a_message_of_an_event_is_posted_once_and_known_again(database: Database) -> None:
    posts, sent = EventPosts(database), []

    async def send(nonce: str) -> tuple[int, int]:
        sent.append(nonce)
        return 5, 2**62

    for _ in range(2):
        assert await posts.once(CONTEST.id, "vote", send) == (5, 2**62)
    assert sent == [f"{CONTEST.id}:vote"]
    await posts.forget(CONTEST.id, "vote")
    assert await posts.find(CONTEST.id, "vote") is None
