"""A service whose database goes away and comes back: what was accepted is drawn and told, once."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from generation import job_endings, patience
from generation.job import Cancelled, Ending, Finished, Job, Running, Suspended
from generation.service import GenerationService
from storage import database
from tests.generation.services import (
    AOI,
    HERE,
    REN,
    finished,
    held_up,
    ready,
    request,
    running_service,
)
from tests.outages import Outage, outage_of

SOME_TRIES_S = 0.6


@pytest.fixture(autouse=True)
def asking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES_S", (0.02, 0.1))
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)


@pytest.fixture
async def outage(database_url: str) -> AsyncIterator[Outage]:
    async with outage_of(database_url) as outage:
        yield outage


async def told_by(service: GenerationService) -> list[str]:
    """The ids of the jobs whose results are to be brought."""
    return [job.id async for jobs in service.deliveries.undelivered() for job in jobs]


async def begun(job: Job) -> None:
    while not isinstance(job.latest, Running):
        await asyncio.sleep(0.01)


async def test_an_outage_loses_neither_finished_pictures_nor_the_line(
    tiny_checkpoint: Path, tmp_path: Path, outage: Outage
) -> None:
    async with running_service(
        tiny_checkpoint, folder=tmp_path, database_url=outage.url, max_batch_slots=1
    ) as (service, engine):
        await ready(service)
        reached, go_on = held_up(engine)
        jobs = [await service.submit(request(seed=seed), AOI, HERE) for seed in range(3)]
        await asyncio.to_thread(reached.wait)
        await outage.begin()
        go_on.set()
        await asyncio.sleep(SOME_TRIES_S)
        with pytest.raises(SQLAlchemyError):
            await service.submit(request(), REN, HERE)
        assert not any(isinstance(job.latest, Ending) for job in jobs)
        await outage.end()
        for seed, job in enumerate(jobs):
            assert (await finished(job)).images[0].parameters.seed == seed
        assert sorted(await told_by(service)) == sorted(job.id for job in jobs)
        assert service.running_count == service.waiting_count == 0


async def test_who_calls_a_job_off_during_an_outage_need_not_wait_for_its_end(
    tiny_checkpoint: Path, tmp_path: Path, outage: Outage
) -> None:
    load = threading.Event()
    async with running_service(
        tiny_checkpoint, folder=tmp_path, database_url=outage.url, max_batch_slots=1, load_when=load
    ) as (service, _):
        begins, waits = [await service.submit(request(seed=seed), AOI, HERE) for seed in (1, 2)]
        await outage.begin()
        load.set()
        await begun(begins)
        for job in (waits, begins):
            async with asyncio.timeout(0.5):
                await service.cancel(job.id, AOI)
        await asyncio.sleep(SOME_TRIES_S)
        await outage.end()
        assert [await job.ending() for job in (begins, waits)] == [Cancelled(), Cancelled()]
        assert sorted(await told_by(service)) == sorted([begins.id, waits.id])


async def test_a_stop_during_an_outage_ends_soon_and_the_next_start_draws_what_could_not_be_kept(
    tiny_checkpoint: Path, tmp_path: Path, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_endings, "SETTLE_S", 0.3)
    async with running_service(
        tiny_checkpoint, folder=tmp_path, database_url=outage.url, max_batch_slots=1
    ) as (service, engine):
        await ready(service)
        reached, go_on = held_up(engine)
        drawn, waits = [await service.submit(request(seed=seed), AOI, HERE) for seed in (1, 2)]
        await asyncio.to_thread(reached.wait)
        await outage.begin()
        go_on.set()
        while not service._endings._storing:
            await asyncio.sleep(0.01)
        await asyncio.sleep(SOME_TRIES_S)
        begin = time.monotonic()
        await service.stop()
        assert time.monotonic() - begin < 3
        assert [job.latest for job in (drawn, waits)] == [Suspended(), Suspended()]
        await outage.end()
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=outage.url) as (service, _):
        again = await service.restore()
        assert [job.id for job in again] == [drawn.id, waits.id]
        for job in again:
            await finished(job)
        assert sorted(await told_by(service)) == sorted([drawn.id, waits.id])


async def test_that_somebody_was_told_is_remembered_over_an_outage(
    tiny_checkpoint: Path, tmp_path: Path, outage: Outage
) -> None:
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=outage.url) as (service, _):
        job = await service.submit(request(), AOI, HERE)
        assert isinstance(await job.ending(), Finished)
        await outage.begin()
        telling = asyncio.create_task(service.deliveries.delivered(job))
        await asyncio.sleep(SOME_TRIES_S)
        await outage.end()
        await telling
        assert await told_by(service) == []
