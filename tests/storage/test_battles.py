"""Battles and tournaments: every change happens once, whoever asks for it at the same time, and sets what is due."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.audit import AuditLog, Deed
from storage.battles import (
    CHALLENGES_MAX,
    INVITED_FOR,
    NOBODY,
    TOURNAMENT_ADVANCE,
    Battle,
    BattleDeadline,
    BattleEntry,
    BattleState,
    BattleStore,
    EndedHow,
)
from storage.database import Database
from storage.deadlines import DeadlineStore
from storage.job_ledger import JobLedger
from storage.personal_data import PersonalData
from storage.picture_files import PictureFiles
from storage.tournaments import Joined, Tournament, TournamentState, TournamentStore
from storage.upkeep import Upkeep
from tests.storage.test_job_ledger import PNG, entry

GUILD, AOI, REN, MIKA = 1, 2**62 + 1, 2**62 + 2, 2**62 + 3
BATTLE, CUP = "00000000000000aa", "00000000000000bb"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
LEASE = timedelta(seconds=20)


def battle(**changed: Any) -> Battle:
    return replace(
        Battle(
            id=BATTLE, guild_id=GUILD, channel_id=5, theme="月夜 ✨", minutes=10, voting_minutes=3,
            aspect="portrait", seed=2**32 - 1, challenger_id=AOI, challenger_name="葵", opponent_id=REN,
            opponent_name="Ren", state=BattleState.INVITED, locale="en-US", created_at=NOW,
        ),
        **changed,
    )  # fmt: skip


def cup(**changed: Any) -> Tournament:
    return replace(
        Tournament(
            id=CUP, guild_id=GUILD, channel_id=5, title="夏祭り", themes=["a", "b"], minutes=10, voting_minutes=3,
            aspect="portrait", state=TournamentState.OPEN, locale="en-US", created_by=MIKA, created_at=NOW,
        ),
        **changed,
    )  # fmt: skip


@pytest.fixture
def store(database: Database) -> BattleStore:
    return BattleStore(database)


@pytest.fixture
async def jobs(database: Database, tmp_path: Path) -> list[str]:
    """The ids of jobs that pictures are of."""
    ledger = JobLedger(database, PictureFiles(tmp_path / "images"))
    for number in (1, 2):
        await ledger.accept(entry(number), {})
    return [entry(1).id, entry(2).id]


async def due(database: Database, at: datetime) -> list[str]:
    """The kinds of what is due by then, which is taken off."""
    deadlines, kinds = DeadlineStore(database), []
    while found := await deadlines.claim(at, "test", LEASE):
        for deadline in found:
            await deadlines.done(deadline, at)
            kinds.append(deadline.kind)
    return kinds


async def found(store: BattleStore) -> Battle:
    stored = await store.find(BATTLE)
    assert stored is not None
    return stored


async def voting(store: BattleStore, jobs: list[str]) -> Battle:
    """A battle in which both have entered, Ren first."""
    await store.challenge(battle())
    assert await store.accept(BATTLE, NOW)
    await store.enter(BATTLE, BattleEntry(REN, jobs[1], 0, NOW))
    after = await store.enter(BATTLE, BattleEntry(AOI, jobs[0], 0, LATER))
    assert after is not None
    assert after.state is BattleState.VOTING
    return after


async def only_one(*calls: Awaitable[object]) -> bool:
    return [bool(done) for done in await asyncio.gather(*calls)].count(True) == 1


async def test_a_challenge_is_answered_once(database: Database, store: BattleStore) -> None:
    await store.challenge(battle())
    assert (await found(store)).phase_ends_at == NOW + INVITED_FOR
    answers = [store.accept(BATTLE, NOW), store.refuse(BATTLE, NOW), store.accept(BATTLE, NOW)]
    assert await only_one(*answers, store.refuse(BATTLE, NOW, has_expired=True))


async def test_who_accepts_begins_the_time_to_draw(database: Database, store: BattleStore) -> None:
    await store.challenge(battle())
    begun = await store.accept(BATTLE, NOW)
    assert begun == battle(state=BattleState.DRAWING, phase_ends_at=NOW + timedelta(minutes=10))
    assert await due(database, NOW + timedelta(minutes=9)) == [BattleDeadline.CARD]
    assert await due(database, NOW + timedelta(days=1)) == [BattleDeadline.DRAWING]
    assert [each.id for each in await store.active(GUILD)] == [BATTLE]


async def test_a_challenge_that_nobody_answers_expires(database: Database, store: BattleStore) -> None:
    await store.challenge(battle())
    assert await due(database, NOW + INVITED_FOR) == [BattleDeadline.INVITE]
    assert await store.refuse(BATTLE, NOW, has_expired=True)
    assert (await found(store)).state is BattleState.EXPIRED
    assert await store.active(GUILD) == []


async def test_when_both_have_entered_the_vote_begins_at_once(
    database: Database, store: BattleStore, jobs: list[str]
) -> None:
    after = await voting(store, jobs)
    assert after.left_id in after.players
    assert set(after.sides) == set(after.players)
    assert after.phase_ends_at == LATER + timedelta(minutes=3)
    assert sorted(await due(database, LATER)) == [BattleDeadline.CARD, BattleDeadline.SHOW]
    assert await due(database, LATER + timedelta(minutes=3)) == [BattleDeadline.VOTING]
    assert await store.enter(BATTLE, BattleEntry(AOI, jobs[0], 0, LATER)) is None


async def test_nobody_has_more_than_a_few_battles_of_their_own_under_way(store: BattleStore) -> None:
    ids = [f"{number:016x}" for number in range(5)]
    begun = await asyncio.gather(*(store.challenge(battle(id=each)) for each in ids))
    assert begun.count(True) == CHALLENGES_MAX
    assert await store.challenge(battle(id="00000000000000ee", challenger_id=MIKA))
    assert await store.refuse(ids[begun.index(True)], NOW)
    assert await store.challenge(battle(id="00000000000000ef"))


async def test_a_phase_that_is_announced_late_begins_anew(
    database: Database, store: BattleStore, jobs: list[str]
) -> None:
    await voting(store, jobs)
    ends_at = LATER + timedelta(minutes=3)
    in_time = await store.give_time(BATTLE, BattleState.VOTING, LATER + timedelta(seconds=30))
    assert in_time is not None
    assert in_time.phase_ends_at == ends_at
    late = await store.give_time(BATTLE, BattleState.VOTING, ends_at + timedelta(hours=1))
    assert late is not None
    assert late.phase_ends_at == ends_at + timedelta(hours=1, minutes=3)
    assert BattleDeadline.VOTING not in await due(database, ends_at + timedelta(hours=1))
    assert await store.give_time(BATTLE, BattleState.DRAWING, LATER) is None


async def test_an_entry_takes_the_place_of_the_one_before(store: BattleStore, jobs: list[str]) -> None:
    await store.challenge(battle())
    await store.accept(BATTLE, NOW)
    for job_id in jobs:
        await store.enter(BATTLE, BattleEntry(AOI, job_id, 1, NOW))
    assert await store.entries(BATTLE) == {AOI: BattleEntry(AOI, jobs[1], 1, NOW)}


@pytest.mark.parametrize(("entered", "winner"), [([REN], REN), ([], NOBODY)])
async def test_who_stays_away_loses(
    database: Database, store: BattleStore, jobs: list[str], entered: list[int], winner: int
) -> None:
    await store.challenge(battle())
    await store.accept(BATTLE, NOW)
    for user_id in entered:
        await store.enter(BATTLE, BattleEntry(user_id, jobs[1], 0, NOW))
    for _ in range(2):
        await store.close_drawing(BATTLE, LATER)
    ended = await found(store)
    assert (ended.state, ended.winner_id, ended.ended_how) == (BattleState.ENDED, winner, EndedHow.ABSENCE)
    assert await due(database, NOW + timedelta(days=1)) == [BattleDeadline.RESULT]


async def test_a_vote_is_one_however_often_it_is_cast_and_the_last_one_counts(
    store: BattleStore, jobs: list[str]
) -> None:
    await voting(store, jobs)
    cast = [store.vote(BATTLE, MIKA, AOI, LATER) for _ in range(10)]
    assert all(await asyncio.gather(*cast, *(store.vote(BATTLE, 100 + n, REN, LATER) for n in range(10))))
    assert await store.votes(BATTLE) == {AOI: 1, REN: 10}
    assert await store.vote(BATTLE, MIKA, REN, LATER)
    assert await store.votes(BATTLE) == {REN: 11}
    assert not await store.vote(BATTLE, AOI, AOI, LATER)
    await store.close_voting(BATTLE, LATER)
    assert not await store.vote(BATTLE, 99, AOI, LATER)
    assert ((await found(store)).winner_id, (await found(store)).ended_how) == (REN, EndedHow.VOTES)


@pytest.mark.parametrize("votes", [[], [AOI, REN]])
async def test_of_as_many_votes_who_entered_first_wins(
    store: BattleStore, jobs: list[str], votes: list[int]
) -> None:
    await voting(store, jobs)
    for voter, for_id in enumerate(votes, 50):
        await store.vote(BATTLE, voter, for_id, LATER)
    await store.close_voting(BATTLE, LATER)
    assert (await found(store)).winner_id == REN


async def test_a_picture_that_is_gone_is_no_entry(store: BattleStore, jobs: list[str]) -> None:
    await voting(store, jobs)
    await store.lose_pictures(BATTLE, [REN], LATER)
    assert ((await found(store)).winner_id, (await found(store)).ended_how) == (AOI, EndedHow.ABSENCE)


async def test_moderators_end_cancel_and_disqualify_and_it_is_written_down(
    database: Database, store: BattleStore, jobs: list[str]
) -> None:
    await voting(store, jobs)
    await due(database, LATER)
    assert await store.hasten(BATTLE, MIKA, LATER, "late")
    assert await due(database, LATER) == [BattleDeadline.VOTING]
    assert not await store.disqualify(BATTLE, MIKA, MIKA, LATER)
    assert await only_one(*(store.disqualify(BATTLE, REN, MIKA, LATER, "traced") for _ in range(3)))
    assert ((await found(store)).winner_id, (await found(store)).ended_how) == (AOI, EndedHow.DISQUALIFIED)
    assert not await store.cancel(BATTLE, MIKA, LATER)
    await store.challenge(battle(id=CUP))
    assert await store.cancel(CUP, MIKA, LATER)
    assert await due(database, NOW + timedelta(days=1)) == [BattleDeadline.RESULT]
    entries, _ = await AuditLog(database).page(GUILD)
    assert [each.deed for each in entries] == [Deed.EVENT_CANCELLED, Deed.DISQUALIFIED, Deed.EVENT_ENDED]
    assert entries[1].user_id == REN
    assert entries[1].reason == "葵 / Ren: traced"


async def running(tournaments: TournamentStore, people: int = 4) -> Tournament:
    await tournaments.create(cup())
    for user_id in range(1, people + 1):
        assert await tournaments.join(CUP, user_id, f"Guest {user_id}", NOW, 32) is Joined.IN
    assert await tournaments.start(cup(), list(range(1, people + 1)), 7, MIKA, NOW)
    stored = await tournaments.find(CUP)
    assert stored is not None
    return stored


async def test_people_join_once_while_there_is_room_and_leave_before_it_begins(database: Database) -> None:
    tournaments = TournamentStore(database)
    await tournaments.create(cup())
    wishes = [tournaments.join(CUP, 1 + n % 4, "x", NOW, 3) for n in range(12)]
    joined = await asyncio.gather(*wishes)
    assert joined.count(Joined.IN) == 3
    assert {Joined.ALREADY, Joined.FULL} <= set(joined)
    inside = [player.user_id for player in await tournaments.players(CUP)]
    assert await tournaments.leave(CUP, inside[0])
    assert not await tournaments.leave(CUP, inside[0])
    assert not await tournaments.start(cup(), [1, 2, 3, 4], 7, MIKA, NOW)
    assert [each.id for each in await tournaments.under_way(GUILD)] == [CUP]


async def test_it_begins_once_and_nobody_comes_or_goes_afterwards(database: Database) -> None:
    tournaments = TournamentStore(database)
    begun = await running(tournaments)
    assert (begun.state, begun.seeds, begun.lot) == (TournamentState.RUNNING, [1, 2, 3, 4], 7)
    assert begun.theme_of(0) == "a"
    assert begun.theme_of(5) == "b"
    assert not await tournaments.start(cup(), [1, 2, 3, 4], 8, MIKA, NOW)
    assert await tournaments.join(CUP, 9, "x", NOW, 32) is Joined.CLOSED
    assert not await tournaments.leave(CUP, 1)
    assert await due(database, NOW) == [TOURNAMENT_ADVANCE]


async def test_a_match_is_begun_once_however_often_it_is_asked_for(
    database: Database, store: BattleStore
) -> None:
    tournaments = TournamentStore(database)
    await running(tournaments)
    first = battle(state=BattleState.DRAWING, tournament_id=CUP, round=0, number=0)
    walkover = battle(
        id="00000000000000ac", state=BattleState.ENDED, winner_id=AOI, ended_how=EndedHow.DISQUALIFIED,
        tournament_id=CUP, round=0, number=1,
    )  # fmt: skip
    others = [
        replace(each, id=f"{each.number}{number:015x}") for number in range(4) for each in (first, walkover)
    ]
    await asyncio.gather(*(tournaments.hold(CUP, [each], NOW) for each in others))
    held = await store.of_tournament(CUP)
    assert sorted((each.round, each.number) for each in held) == [(0, 0), (0, 1)]
    kinds = sorted(await due(database, NOW))
    assert kinds == [BattleDeadline.CARD, BattleDeadline.RESULT, TOURNAMENT_ADVANCE]
    ended = next(each for each in held if each.state is BattleState.ENDED)
    await store.told_result(ended, NOW)
    assert await due(database, NOW) == [TOURNAMENT_ADVANCE]
    assert not await store.cancel(ended.id, MIKA, NOW)


async def test_who_is_disqualified_is_out_and_a_cancelled_tournament_ends_its_battles(
    database: Database, store: BattleStore
) -> None:
    tournaments = TournamentStore(database)
    begun = await running(tournaments)
    assert await only_one(*(tournaments.disqualify(begun, 2, MIKA, NOW, "traced") for _ in range(3)))
    assert not await tournaments.disqualify(begun, 99, MIKA, NOW)
    out = [player.user_id for player in await tournaments.players(CUP) if player.disqualified_at]
    assert out == [2]
    await tournaments.hold(
        CUP, [battle(state=BattleState.DRAWING, tournament_id=CUP, round=0, number=0)], NOW
    )
    cancelled = await tournaments.cancel(begun, MIKA, LATER)
    assert cancelled is not None
    assert [each.id for each in cancelled] == [BATTLE]
    assert (await found(store)).state is BattleState.CANCELLED
    assert await tournaments.cancel(begun, MIKA, LATER) is None
    assert await due(database, NOW + timedelta(days=9)) == []
    await tournaments.end(CUP, 1, LATER)
    stored = await tournaments.find(CUP)
    assert stored is not None
    assert stored.state is TournamentState.CANCELLED


async def test_whose_data_is_erased_is_nobody_in_what_is_over_and_nameless_in_what_isnt(
    database: Database, store: BattleStore, jobs: list[str], tmp_path: Path
) -> None:
    tournaments = TournamentStore(database)
    await voting(store, jobs)
    await store.vote(BATTLE, MIKA, AOI, LATER)
    await store.close_voting(BATTLE, LATER)
    await store.challenge(battle(id="00000000000000ad"))
    await tournaments.create(cup(created_by=AOI))
    for user_id in (AOI, 2, 3, 4):
        await tournaments.join(CUP, user_id, "Guest", NOW, 32)
    await tournaments.start(cup(), [AOI, 2, 3, 4], 7, MIKA, NOW)
    personal_data = PersonalData(database, PictureFiles(tmp_path / "images"), lambda: LATER)
    kept = (await personal_data.export(AOI)).kept
    assert [len(kept[name]) for name in ("battle_entries", "tournament_players")] == [1, 1]
    await personal_data.erase(AOI)
    over, under_way, running = (
        await found(store),
        await store.find("00000000000000ad"),
        await tournaments.find(CUP),
    )
    assert over.challenger_id == over.winner_id
    assert over.challenger_id < 0
    assert over.opponent_id == REN
    assert (over.challenger_name, over.opponent_name) == ("", "Ren")
    assert under_way is not None
    assert (under_way.challenger_id, under_way.challenger_name) == (AOI, "")
    assert running is not None
    assert AOI in running.seeds
    assert await store.votes(BATTLE) == {over.challenger_id: 1}
    await personal_data.erase(MIKA)
    assert await store.votes(BATTLE) == {}


async def test_who_erases_their_data_after_a_tournament_is_nobody_in_its_bracket(
    database: Database, tmp_path: Path
) -> None:
    tournaments = TournamentStore(database)
    await running(tournaments)
    await tournaments.end(CUP, 1, LATER)
    await PersonalData(database, PictureFiles(tmp_path / "images"), lambda: LATER).erase(1)
    stored = await tournaments.find(CUP)
    assert stored is not None
    assert stored.champion_id == stored.seeds[0]
    assert stored.seeds[0] < 0
    assert [player.user_id for player in await tournaments.players(CUP)] == [2, 3, 4]


async def test_what_was_entered_outlives_other_pictures(
    database: Database, store: BattleStore, jobs: list[str], tmp_path: Path
) -> None:
    files = PictureFiles(tmp_path / "images")
    ledger = JobLedger(database, files)
    await ledger.take_over(NOW, with_earlier_runs=True)
    for job_id, png in zip(jobs, PNG, strict=False):
        await ledger.mark_finished(job_id, [png], NOW, 1.0)
    await store.challenge(battle())
    await store.accept(BATTLE, NOW)
    await store.enter(BATTLE, BattleEntry(REN, jobs[1], 0, NOW))
    upkeep = Upkeep(
        database,
        files,
        keep_for=timedelta(0),
        keep_bytes=0,
        clock=lambda: NOW + timedelta(days=36_500),
    )
    await upkeep.tidy()
    assert await ledger.pictures(jobs[0]) == []
    assert await ledger.pictures(jobs[1]) == [PNG[1]]
