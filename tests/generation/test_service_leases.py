"""Two services on one database: what one leaves the other draws, once, and a cancel reaches whoever draws."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from generation.engine.engine import EngineState
from generation.errors import JobIsOver, NotTheAsker
from generation.job import Cancelled, HandedOver, Queued
from generation.service import GenerationService
from storage.database import DatabaseAway
from storage.job_leases import Lease
from storage.job_ledger import JobLedger
from tests.generation.services import (
    AOI,
    HERE,
    REN,
    finished,
    held_up,
    ready,
    request,
    running_service,
    utc_now,
)

SILENT = Lease(instance="shards 0", lasts=timedelta(0))
ALSO_SILENT = Lease(instance="shards 2", lasts=timedelta(0))
LIVING = Lease(instance="shards 1", lasts=timedelta(minutes=1))


@asynccontextmanager
async def process(source: Path, lease: Lease, **options: Any) -> AsyncIterator[GenerationService]:
    """A service that holds its jobs by `lease`."""
    async with running_service(source, lease=lease, **options) as (service, _):
        yield service


async def test_what_a_silent_process_held_another_draws_and_the_first_lets_go(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    load = threading.Event()
    options = {"folder": tmp_path, "database_url": database_url}
    async with (
        process(tiny_checkpoint, SILENT, load_when=load, **options) as first,
        process(tiny_checkpoint, LIVING, **options) as second,
    ):
        job = await first.submit(request(), AOI, HERE)
        assert not first.surely_holds_jobs
        assert second.surely_holds_jobs
        taken = await second.take_over()
        assert ([each.id for each in taken.waiting], taken.ended_count) == ([job.id], 0)
        assert await first.deliveries.hold([job]) == []
        await first.renew_leases()
        assert job.latest == HandedOver()
        assert first.waiting_count == 0
        load.set()
        await finished(taken.waiting[0])
        assert await second.deliveries.hold(taken.waiting) == taken.waiting
        assert [each.id async for jobs in second.deliveries.undelivered() for each in jobs] == [job.id]
        assert [jobs async for jobs in first.deliveries.undelivered()] == []
        assert (await second.take_over()).waiting == []


async def test_a_cancel_reaches_the_process_that_holds_the_job_also_after_it_changed_hands(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    load = threading.Event()
    options = {"folder": tmp_path, "database_url": database_url, "load_when": load}
    async with (
        process(tiny_checkpoint, SILENT, **options) as first,
        process(tiny_checkpoint, LIVING, **options) as second,
    ):
        held, left = [await first.submit(request(seed=seed), AOI, HERE) for seed in (1, 2)]
        await second.cancel(held.id, AOI)
        await first.renew_leases()
        assert await held.ending() == Cancelled()
        assert first.waiting_count == 1
        with pytest.raises(NotTheAsker):
            await second.cancel(left.id, REN)
        for over in (held.id, "0123456789abcdef"):
            with pytest.raises(JobIsOver):
                await second.cancel(over, AOI)
        # Asked for while nobody lived who could hear it.
        await second.cancel(left.id, AOI)
        taken = await second.take_over()
        assert [await job.ending() for job in taken.waiting] == [Cancelled()]
        assert taken.ended_count == 1
        await first.renew_leases()
        assert left.latest == HandedOver()
        load.set()


async def test_removing_everything_of_a_person_waits_for_what_another_process_holds(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.service.CANCEL_ELSEWHERE_S", 0.05)
    load = threading.Event()
    options = {"folder": tmp_path, "database_url": database_url, "load_when": load}
    async with (
        process(tiny_checkpoint, Lease(instance="shards 0"), **options) as first,
        process(tiny_checkpoint, Lease(instance="shards 1"), **options) as second,
    ):
        mine, elsewhere = await second.submit(request(), AOI, HERE), await first.submit(request(), AOI, HERE)
        others = await first.submit(request(), REN, HERE)
        await second.cancel_all(AOI)
        assert await mine.ending() == Cancelled()
        await first.renew_leases()
        assert await elsewhere.ending() == Cancelled()
        assert isinstance(others.latest, Queued)
        load.set()


async def look_twice(service: GenerationService) -> list[str]:
    """What the lease watch does in two of its rounds; returns the ids of what was taken up."""
    taken = []
    for _ in range(2):
        await service.renew_leases()
        taken += [job.id for job in (await service.take_over()).waiting]
    return taken


async def test_a_job_that_was_accepted_though_the_answer_got_lost_is_taken_up_and_drawn(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, is_lost, accept = threading.Event(), asyncio.Event(), JobLedger.accept

    async def losing_the_answer(*arguments: Any) -> None:
        await accept(*arguments)
        await is_lost.wait()
        raise DatabaseAway

    monkeypatch.setattr(JobLedger, "accept", losing_the_answer)
    async with process(tiny_checkpoint, LIVING, folder=tmp_path, load_when=load) as service:
        asking = asyncio.create_task(service.submit(request(), AOI, HERE))
        while not (held := await service._store.renew(utc_now())):
            await asyncio.sleep(0.01)
        assert await look_twice(service) == []
        is_lost.set()
        with pytest.raises(DatabaseAway):
            await asking
        await service.renew_leases()
        assert (await service.take_over()).waiting == []
        await service.renew_leases()
        (job,) = (await service.take_over()).waiting
        assert {job.id} == set(held)
        assert await look_twice(service) == []
        load.set()
        await finished(job)
        assert await look_twice(service) == []


async def test_one_job_that_cannot_be_read_now_keeps_no_others_from_being_taken_over_and_comes_later(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, sources = threading.Event(), JobLedger.sources
    options = {"folder": tmp_path, "load_when": load}
    async with (
        process(tiny_checkpoint, SILENT, **options) as first,
        process(tiny_checkpoint, LIVING, **options) as second,
    ):
        jobs = [(await first.submit(request(seed=seed), AOI, HERE)).id for seed in range(3)]

        async def hurt(ledger: JobLedger, job_id: str) -> list[bytes]:
            if job_id == jobs[1]:
                raise DatabaseAway
            return await sources(ledger, job_id)

        monkeypatch.setattr(JobLedger, "sources", hurt)
        assert [job.id for job in (await second.take_over()).waiting] == [jobs[0], jobs[2]]
        monkeypatch.undo()
        assert await look_twice(second) == [jobs[1]]
        load.set()


async def test_a_process_without_a_model_takes_over_only_what_has_ended(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    load, options = threading.Event(), {"folder": tmp_path}
    async with (
        process(tiny_checkpoint, SILENT, load_when=load, **options) as first,
        process(tmp_path / "nowhere", Lease(instance="shards 1"), **options) as without_model,
        process(tiny_checkpoint, Lease(instance="shards 2"), load_when=load, **options) as healthy,
    ):
        await ready(without_model)
        assert without_model.engine_state is EngineState.FAILED
        waits, ended = [await first.submit(request(seed=seed), AOI, HERE) for seed in (1, 2)]
        await first.cancel(ended.id, AOI)
        await ended.ending()
        taken = await without_model.take_over()
        assert (taken.waiting, taken.ended_count) == ([], 1)
        (job,) = (await healthy.take_over()).waiting
        assert job.id == waits.id
        load.set()
        await finished(job)


async def test_a_job_that_comes_back_before_its_loss_was_noticed_is_gone_on_with(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    load, elsewhere = threading.Event(), threading.Event()
    async with (
        process(tiny_checkpoint, SILENT, folder=tmp_path, load_when=load) as first,
        process(tiny_checkpoint, ALSO_SILENT, folder=tmp_path, load_when=elsewhere) as second,
    ):
        job = await first.submit(request(), AOI, HERE)
        assert len((await second.take_over()).waiting) == 1
        assert (await first.take_over()).waiting == []
        load.set()
        await finished(job)
        elsewhere.set()


async def test_a_job_that_comes_back_while_it_is_let_go_is_drawn_and_not_cancelled(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    elsewhere = threading.Event()
    async with (
        running_service(tiny_checkpoint, lease=SILENT, folder=tmp_path) as (first, engine),
        process(tiny_checkpoint, ALSO_SILENT, folder=tmp_path, load_when=elsewhere) as second,
    ):
        await ready(first)
        reached, go_on = held_up(engine)
        job = await first.submit(request(), AOI, HERE)
        await asyncio.to_thread(reached.wait)
        await second.take_over()
        await first.renew_leases()
        assert job.latest == HandedOver()
        assert (await first.take_over()).waiting == []
        go_on.set()
        while first.running_count:
            await asyncio.sleep(0.01)
        await first.renew_leases()
        await first.renew_leases()
        (again,) = (await first.take_over()).waiting
        await finished(again)
        elsewhere.set()
