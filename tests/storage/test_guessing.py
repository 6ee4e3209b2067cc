"""Guessing games in the database: each tag is found once, each guess counts once, each game ends once."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.audit import AuditLog, Deed
from storage.database import Database
from storage.deadlines import DeadlineStore
from storage.guessing import (
    GUESSES,
    WINDOW,
    Find,
    GameDeadline,
    GameState,
    Guess,
    GuessingGame,
    GuessingStore,
    is_game,
    new_game_id,
    standings_of,
)
from storage.job_ledger import JobLedger
from storage.personal_data import PersonalData
from storage.picture_files import PictureFiles
from storage.standings import Standing, StandingStore
from tests.storage.test_job_ledger import PNG, entry

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
AOI, REN, MIKA = 11, 12, 13
BLUE, RED, SAD = Guess("blue sky", 0, 20), Guess("red hair", 1, 30), Guess("sad", 2, 40)


@pytest.fixture
def store(database: Database) -> GuessingStore:
    return GuessingStore(database)


def game(channel_id: int = 2) -> GuessingGame:
    return GuessingGame(
        id=new_game_id(),
        guild_id=1,
        channel_id=channel_id,
        started_by=AOI,
        secret={"tags": ["blue sky", "red hair", "sad"]},
        tag_count=3,
        minutes=10,
        state=GameState.DRAWING,
        locale="en-US",
        created_at=NOON,
    )


async def running(store: GuessingStore, channel_id: int = 2) -> GuessingGame:
    new = game(channel_id)
    assert await store.open(new)
    assert await store.begin(new.id, NOON, [NOON + timedelta(minutes=5)])
    await store.posted(new.id, 99)
    return new


async def test_a_channel_has_one_game_at_a_time(store: GuessingStore) -> None:
    first, beside = game(), game()
    opened = await asyncio.gather(*(store.open(each) for each in (first, beside, game())))
    assert opened.count(True) == 1
    assert await store.open(game(channel_id=3))
    on = await store.in_channel(2)
    assert on is not None
    assert await store.fail(on.id, NOON)
    assert not await store.fail(on.id, NOON)
    assert await store.in_channel(2) is None
    again = game()
    assert await store.open(again)
    assert await store.begin(again.id, NOON, [])
    assert await store.fail(again.id, NOON)  # begun, but the channel took no picture
    assert not await store.fail((await running(store)).id, NOON)


async def test_a_game_begins_once_and_its_hints_and_end_are_due(
    database: Database, store: GuessingStore
) -> None:
    new = await running(store)
    assert not await store.begin(new.id, NOON + timedelta(minutes=1), [])
    on = await store.find(new.id)
    assert on is not None
    assert (on.state, on.message_id, on.ends_at) == (GameState.RUNNING, 99, NOON + timedelta(minutes=10))
    deadlines, later = DeadlineStore(database), NOON + timedelta(hours=1)
    due = []
    while claimed := await deadlines.claim(later, "test", timedelta(minutes=1)):
        due += claimed
        await deadlines.done(claimed[0], later)
    assert [(each.kind, each.step) for each in due] == [(GameDeadline.HINT, 1), (GameDeadline.END, 0)]


async def test_the_first_finds_a_tag_and_the_last_tag_ends_the_game(store: GuessingStore) -> None:
    new = await running(store)
    counted = await store.guess(new.id, AOI, [BLUE, Guess("green sky")], NOON)
    assert counted is not None
    assert (counted.found, counted.left, counted.is_over) == ([Find(0, AOI, 20)], 2, False)
    late = await store.guess(new.id, REN, [Guess("bleu sky", 0, 19), RED], NOON)
    assert late is not None
    assert (late.late, late.found) == ([Find(0, AOI, 20)], [Find(1, REN, 30)])
    last = await store.guess(new.id, AOI, [SAD], NOON)
    assert last is not None
    assert last.is_over
    assert await store.guess(new.id, REN, [SAD], NOON) is None
    assert await store.finds(new.id) == [Find(0, AOI, 20), Find(1, REN, 30), Find(2, AOI, 40)]
    ended = await store.find(new.id)
    assert ended is not None
    assert ended.state is GameState.ENDED


async def test_hammering_counts_a_guess_once(store: GuessingStore) -> None:
    new = await running(store)
    told = await asyncio.gather(
        *(store.guess(new.id, user_id, [BLUE], NOON) for user_id in (AOI, REN) for _ in range(20))
    )
    assert sum(len(each.found) for each in told if each) == 1
    assert sum(len(each.late) for each in told if each) == 1
    assert sum(len(each.repeated) for each in told if each) == 38
    assert len(await store.finds(new.id)) == 1


async def test_who_guesses_too_much_waits_a_little_and_loses_nothing(store: GuessingStore) -> None:
    new = await running(store)
    for number in range(GUESSES):
        await store.guess(new.id, AOI, [Guess(f"tag {number}")], NOON + timedelta(seconds=1))
    later = NOON + timedelta(seconds=2)
    held = await store.guess(new.id, AOI, [BLUE], later)
    assert held is not None
    assert held.free_at == NOON + timedelta(seconds=1) + WINDOW
    other = await store.guess(new.id, REN, [RED], later)
    assert other is not None
    assert other.found
    free = await store.guess(new.id, AOI, [BLUE], held.free_at)
    assert free is not None
    assert free.found


async def test_after_the_time_nobody_guesses_even_if_the_end_is_late(store: GuessingStore) -> None:
    new = await running(store)
    assert await store.guess(new.id, AOI, [BLUE], NOON + timedelta(minutes=10)) is None
    assert await store.guess(new_game_id(), AOI, [BLUE], NOON) is None


async def test_a_game_ends_once_counts_with_two_and_a_moderators_end_is_written_down(
    database: Database, store: GuessingStore
) -> None:
    alone, together = await running(store), await running(store, channel_id=3)
    await store.guess(alone.id, AOI, [BLUE], NOON)
    await store.guess(together.id, AOI, [BLUE], NOON)
    await store.guess(together.id, REN, [RED], NOON)
    ends = await asyncio.gather(*(store.end(alone.id, NOON) for _ in range(5)))
    assert ends.count(True) == 1
    assert await store.end(together.id, NOON, by=MIKA, reason="bedtime")
    board = await StandingStore(database).leaderboard(1, "2026-Q4", AOI)
    assert [(each.user_id, each.points) for each in board.standings] == [(REN, 30), (AOI, 20)]
    [written], _ = await AuditLog(database).page(1)
    assert (written.deed, written.actor_id, written.reason) == (Deed.EVENT_ENDED, MIKA, "bedtime")
    due = await DeadlineStore(database).claim(NOON, "test", timedelta(minutes=1))
    assert {each.kind for each in due} == {GameDeadline.BOARD}
    assert not await store.give_hint(alone.id, 1)


async def test_the_secret_is_one_until_the_game_is_over(store: GuessingStore) -> None:
    new = game()
    assert is_game(new.id)
    assert not is_game(None)
    assert not await store.is_secret(new.id)  # nobody has heard of it
    await store.open(new)
    assert await store.is_secret(new.id)
    await store.begin(new.id, NOON, [])
    assert await store.is_secret(new.id)
    await store.end(new.id, NOON)
    assert not await store.is_secret(new.id)
    assert not await store.is_secret("0123456789abcdef")


async def test_who_deletes_their_data_leaves_the_games_and_what_they_found_stays_found(
    database: Database, store: GuessingStore, tmp_path: Path
) -> None:
    files = PictureFiles(tmp_path / "images")
    ledger = JobLedger(database, files)
    personal_data = PersonalData(database, files, lambda: NOON)
    new = await running(store)
    await ledger.accept(entry(1, occasion=new.id), {})
    await ledger.mark_finished(entry(1).id, PNG[:1], NOON, 1.0)
    await store.guess(new.id, AOI, [BLUE], NOON)
    await store.guess(new.id, REN, [RED], NOON)
    export = await personal_data.export(AOI)
    assert (export.jobs, export.file_hashes) == ([], [])  # the tags are still being guessed
    assert [len(export.kept[name]) for name in ("guesses", "finds")] == [1, 1]
    await store.end(new.id, NOON)
    assert len((await personal_data.export(AOI)).jobs) == 1
    await personal_data.erase(AOI)
    assert not any((await personal_data.export(AOI)).kept.values())
    assert await store.finds(new.id) == [Find(0, 0, 20), Find(1, REN, 30)]
    over = await store.find(new.id)
    assert over is not None
    assert over.started_by == 0
    assert (await StandingStore(database).leaderboard(1, "2026-Q4", AOI)).people == 1


def test_equal_points_are_the_same_place() -> None:
    finds = [Find(0, AOI, 20), Find(1, REN, 10), Find(2, REN, 10), Find(3, MIKA, 5), Find(4, 0, 99)]
    assert standings_of(finds) == [Standing(AOI, 1, 20), Standing(REN, 1, 20), Standing(MIKA, 3, 5)]
