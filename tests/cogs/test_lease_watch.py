"""The watch over leases: nothing that takes long keeps it from renewing, and what it takes over is followed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from cogs.delivery import Delivery
from cogs.lease_watch import LeaseWatch
from generation.job import Cancelled, Job
from generation.service import GenerationService
from storage.database import DatabaseAway
from storage.job_ledger import JobLedger
from tests.cogs.processes import Process, processes_in
from tests.generation.services import AOI, utc_now

LEASE = timedelta(seconds=1)


Start = Callable[..., "WatchedProcess"]


class HeardDelivery(Delivery):
    """Remembers what it was asked to do, and brings nothing."""

    def __init__(self, service: GenerationService) -> None:
        super().__init__(cast("Any", None), service, utc_now, cast("Any", None))
        self.followed: list[str] = []
        self.looks = 0

    def follow(self, job: Job) -> None:
        self.followed.append(job.id)

    def look_again(self) -> None:
        self.looks += 1


class WatchedProcess:
    """A process with its watch over leases."""

    def __init__(self, process: Process) -> None:
        self.service, self.ledger = process.service, process.ledger
        self.asked, self.ended = process.asked, process.ended
        self.delivery = HeardDelivery(process.service)
        self.watch = LeaseWatch(process.service, self.delivery, process.service.lease.total_seconds())


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts processes on one database."""
    watched: list[WatchedProcess] = []
    async with processes_in(tmp_path) as start_one:

        def start_watched(instance: str, lasts: timedelta = LEASE) -> WatchedProcess:
            watched.append(WatchedProcess(start_one(instance, lasts)))
            return watched[-1]

        yield start_watched
        for process in watched:
            await process.watch.stop()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_what_a_dead_process_left_is_followed_and_brought(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    dead, living = start("dead", timedelta(0)), start("living")
    waits, _ = await dead.asked(), await dead.ended()
    living.watch.start()
    await until(lambda: living.delivery.followed == [waits.id])
    assert living.delivery.looks == 1
    assert "Took over from a process that is gone; jobs to draw: 1, to bring: 1" in caplog.text


async def test_what_was_lost_sight_of_is_followed_and_nobody_is_said_to_be_dead(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    accept = JobLedger.accept

    async def losing_the_answer(*arguments: Any) -> None:
        await accept(*arguments)
        raise DatabaseAway

    living = start("living")
    monkeypatch.setattr(JobLedger, "accept", losing_the_answer)
    with pytest.raises(DatabaseAway):
        await living.asked()
    (lost,) = await living.ledger.unfinished()
    living.watch.start()
    await until(lambda: living.delivery.followed == [lost.id])
    await asyncio.sleep(LEASE.total_seconds())
    assert living.delivery.followed == [lost.id]
    assert "Took over" not in caplog.text


async def test_leases_are_renewed_while_something_is_slow_to_be_taken_over_or_called_off(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()
    sources, mark_cancelled = JobLedger.sources, JobLedger.mark_cancelled

    async def slow_sources(*arguments: Any) -> list[bytes]:
        await go_on.wait()
        return await sources(*arguments)

    async def slow_cancel(*arguments: Any) -> bool:
        await go_on.wait()
        return await mark_cancelled(*arguments)

    dead, living, third = start("dead", timedelta(0)), start("living"), start("third")
    own, called_off, left = await living.asked(), await living.asked(), await dead.asked()
    monkeypatch.setattr(JobLedger, "sources", slow_sources)
    monkeypatch.setattr(JobLedger, "mark_cancelled", slow_cancel)
    await third.service.cancel(called_off.id, AOI)
    living.watch.start()
    for _ in range(4):
        await asyncio.sleep(LEASE.total_seconds() / 2)
        for job in (own, called_off):
            stored = await living.ledger.find(job.id)
            assert stored is not None
            assert stored.leased_until is not None
            assert stored.leased_until > utc_now()
    assert living.delivery.followed == []
    go_on.set()
    await until(lambda: living.delivery.followed == [left.id])
    assert await called_off.ending() == Cancelled()


async def test_the_watch_goes_on_after_the_database_was_away(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    living, third = start("living"), start("third")
    renew = JobLedger.renew
    failures: list[int] = []

    async def away_at_first(*arguments: Any) -> Any:
        if not failures:
            failures.append(1)
            raise DatabaseAway
        return await renew(*arguments)

    monkeypatch.setattr(JobLedger, "renew", away_at_first)
    await living.asked()
    living.watch.start()
    await asyncio.sleep(2 * LEASE.total_seconds())
    assert failures
    assert "The watch over leases failed; again in 0.25 s" in caplog.text
    assert await third.ledger.take_over(utc_now(), with_earlier_runs=False) == []


async def test_a_stopped_watch_lets_leases_run_out(start: Start) -> None:
    living, third = start("living"), start("third")
    job = await living.asked()
    living.watch.start()
    await living.watch.stop()
    await asyncio.sleep(LEASE.total_seconds())
    assert [each.id for each in await third.ledger.take_over(utc_now(), with_earlier_runs=False)] == [job.id]
