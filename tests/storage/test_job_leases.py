"""Leases of jobs: each is in one process's hands, a dead one's go to a living one, and nothing is written twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.job_leases import Lease
from storage.job_ledger import HeldJob, JobLedger, JobState
from storage.picture_files import PictureFiles
from tests.storage.test_job_ledger import AOI, NOON, PNG, REN, accepted, entry

LASTS = timedelta(seconds=60)
LATER = NOON + LASTS
HELD = HeldJob(is_over=False, is_called_off=False)
CALLED_OFF = HeldJob(is_over=False, is_called_off=True)


@pytest.fixture
async def second_database(database: Database, database_url: str) -> AsyncIterator[Database]:
    """The same database over connections of its own, as another process has them."""
    second = Database(database_url)
    yield second
    await second.stop()


def ledger_of(database: Database, folder: Path, instance: str) -> JobLedger:
    return JobLedger(database, PictureFiles(folder), Lease(instance=instance, lasts=LASTS))


@pytest.fixture
def left(database: Database, tmp_path: Path) -> JobLedger:
    """A process."""
    return ledger_of(database, tmp_path, "shards 0-1")


@pytest.fixture
def right(second_database: Database, tmp_path: Path) -> JobLedger:
    """Another."""
    return ledger_of(second_database, tmp_path, "shards 2-3")


async def test_a_job_stays_with_its_process_while_that_renews_its_lease(
    left: JobLedger, right: JobLedger
) -> None:
    await accepted(left, entry(1))
    assert await right.take_over(LATER - timedelta(seconds=1), with_earlier_runs=True) == []
    assert await left.renew(LATER - timedelta(seconds=1)) == {entry(1).id: HELD}
    assert await right.take_over(LATER, with_earlier_runs=True) == []
    (taken,) = await right.take_over(LATER + LASTS, with_earlier_runs=False)
    assert (taken.id, taken.state, taken.leased_until) == (entry(1).id, JobState.QUEUED, LATER + LASTS * 2)
    assert await left.renew(LATER + LASTS) == {}


async def test_what_waits_runs_or_is_untold_goes_over_in_the_order_of_acceptance_and_what_is_told_stays(
    left: JobLedger, right: JobLedger
) -> None:
    await accepted(left, *(entry(n, accepted_at=NOON - timedelta(seconds=n)) for n in (1, 2, 3, 4)))
    await left.mark_running(entry(1).id)
    await left.mark_finished(entry(3).id, PNG[:1], NOON, 1.0)
    await left.mark_finished(entry(4).id, PNG[:1], NOON, 1.0)
    await left.mark_delivered(entry(4).id, NOON)
    taken = await right.take_over(LATER, with_earlier_runs=False)
    assert [(job.id, job.state) for job in taken] == [
        (entry(3).id, "finished"),
        (entry(2).id, "queued"),
        (entry(1).id, "queued"),
    ]
    assert [job.interruptions for job in taken] == [0, 0, 1], "one was being drawn"
    assert [job.id for job in await right.undelivered()] == [entry(3).id]
    assert await left.undelivered() == []


async def test_each_time_that_a_process_ends_while_it_draws_a_job_is_counted_and_a_stop_is_none(
    database: Database, tmp_path: Path
) -> None:
    await accepted(ledger_of(database, tmp_path, "all"), entry(1))
    for count in (0, 1, 2):
        run = ledger_of(database, tmp_path, "all")
        (taken,) = await run.take_over(NOON, with_earlier_runs=True)
        assert (taken.state, taken.interruptions) == ("queued", count)
        assert await run.mark_running(entry(1).id)
    await run.put_back([entry(1).id])
    stranger = ledger_of(database, tmp_path, "another")
    await stranger.put_back([entry(1).id])
    for _ in range(2):  # the second time it has not even begun
        (taken,) = await ledger_of(database, tmp_path, "all").take_over(NOON, with_earlier_runs=True)
        assert (taken.state, taken.interruptions) == ("queued", 2)


async def test_a_process_that_lost_a_job_can_write_nothing_of_it(left: JobLedger, right: JobLedger) -> None:
    await accepted(left, entry(1), entry(2))
    assert await left.hold([entry(1).id, entry(2).id], NOON) == {entry(1).id, entry(2).id}
    await right.take_over(LATER, with_earlier_runs=False)
    assert not await left.mark_running(entry(1).id)
    assert not await left.mark_finished(entry(1).id, PNG[:1], LATER, 1.0)
    assert not await left.mark_failed(entry(1).id, {}, LATER)
    assert not await left.mark_cancelled(entry(1).id, LATER)
    await left.will_post([entry(1).id], "a-nonce")
    assert await left.hold([entry(1).id], LATER) == set()
    assert await right.hold([entry(1).id], LATER) == {entry(1).id}
    stored = await right.find(entry(1).id)
    assert stored is not None
    assert (stored.state, stored.post_nonce) == (JobState.QUEUED, None)
    assert await right.mark_finished(entry(1).id, PNG[:1], LATER, 1.0)
    assert await right.pictures(entry(1).id) == list(PNG[:1])


async def test_writing_an_end_again_after_a_lost_answer_is_no_loss_of_the_job(left: JobLedger) -> None:
    await accepted(left, entry(1))
    assert await left.mark_finished(entry(1).id, PNG[:1], NOON, 1.0)
    assert await left.mark_finished(entry(1).id, PNG[:1], NOON, 1.0)
    assert await left.pictures(entry(1).id) == list(PNG[:1])


async def test_what_was_told_is_taken_again_by_whoever_wants_to_tell_it_unless_another_holds_it(
    left: JobLedger, right: JobLedger
) -> None:
    await accepted(left, entry(1))
    await left.mark_finished(entry(1).id, PNG[:1], NOON, 1.0)
    await left.mark_delivered(entry(1).id, NOON)
    assert not await right.take(entry(1).id, LATER - timedelta(seconds=1))
    assert await left.take(entry(1).id, NOON)
    assert await right.take(entry(1).id, LATER)
    assert not await left.take(entry(1).id, LATER)
    await right.let_go(entry(1).id)
    assert await left.take(entry(1).id, LATER)


async def test_the_next_run_of_a_process_goes_on_at_once(
    left: JobLedger, right: JobLedger, database: Database, tmp_path: Path
) -> None:
    await accepted(left, entry(1))
    await accepted(right, entry(2))
    again = ledger_of(database, tmp_path, "shards 0-1")
    assert [job.id for job in await again.take_over(NOON, with_earlier_runs=True)] == [entry(1).id]
    assert await again.take_over(NOON, with_earlier_runs=True) == []
    assert not await left.mark_finished(entry(1).id, PNG[:1], NOON, 1.0)


async def test_a_name_that_begins_like_another_is_another(
    left: JobLedger, database: Database, tmp_path: Path
) -> None:
    await accepted(left, entry(1))
    longer = ledger_of(database, tmp_path, "shards 0-12")
    shorter = ledger_of(database, tmp_path, "shards 0")
    for other in (longer, shorter):
        assert await other.take_over(NOON, with_earlier_runs=True) == []


async def test_of_several_that_take_over_at_one_instant_each_job_gets_one(
    left: JobLedger, right: JobLedger, database: Database, tmp_path: Path
) -> None:
    gone = ledger_of(database, tmp_path, "shards 4")
    entries = [entry(number) for number in range(40)]
    await accepted(gone, *entries)
    outcomes = await asyncio.gather(
        *(ledger.take_over(LATER, with_earlier_runs=False) for ledger in (left, right, left, right))
    )
    taken = [job.id for jobs in outcomes for job in jobs]
    assert sorted(taken) == [each.id for each in entries]
    assert {*await left.renew(LATER), *await right.renew(LATER)} == set(taken)


async def test_who_holds_a_job_hears_that_it_is_to_be_called_off(left: JobLedger, right: JobLedger) -> None:
    await accepted(left, entry(1), entry(2), entry(3, user_id=REN))
    assert await right.ask_to_cancel(REN, NOON, entry(1).id) == 0
    assert await right.ask_to_cancel(AOI, NOON, entry(1).id) == 1
    assert await left.renew(NOON) == {entry(1).id: CALLED_OFF, entry(2).id: HELD, entry(3).id: HELD}
    assert await right.ask_to_cancel(AOI, NOON) == 2
    assert await left.renew(NOON) == {
        entry(1).id: CALLED_OFF,
        entry(2).id: CALLED_OFF,
        entry(3).id: HELD,
    }
    assert await left.mark_cancelled(entry(1).id, NOON)
    assert [job.id for job in await right.unfinished(AOI)] == [entry(2).id]
    (*_, taken) = await right.take_over(LATER, with_earlier_runs=False)
    assert (taken.id, taken.cancel_asked_at) == (entry(3).id, None)
