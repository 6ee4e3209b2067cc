"""A service and its ledger, in either database: what is kept over a stop, and what a broken disk or database does."""

import asyncio
import io
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from generation.engine import sdxl_model
from generation.errors import (
    DrawingInterrupted,
    EngineFailure,
    ServiceStopping,
    StorageFailure,
    UnreadablePicture,
)
from generation.job import Ending, Failed, Finished, Job, Running, Suspended
from generation.job_store import ReplyAddress
from generation.left_jobs import ALONE_AFTER, INTERRUPTIONS_MAX
from generation.model_errors import DeviceGone, DeviceUnavailable
from generation.model_source import ModelSource
from generation.request import GenerationRequest
from generation.starting_point import SourcePicture
from storage.database import Database
from storage.job_leases import Lease
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles
from tests.generation.services import (
    AOI,
    HERE,
    REN,
    before_each_unet_call,
    finished,
    ready,
    request,
    running_service,
    utc_now,
)

REPLY = ReplyAddress(
    token="a-token",
    token_ends_at=utc_now() + timedelta(minutes=15),
    message_id=3,
    file_limit_bytes=10 * 2**20,
)


async def left_waiting(
    checkpoint: Path, folder: Path, database_url: str, requests: Sequence[GenerationRequest]
) -> list[Job]:
    """The jobs of a service that was stopped before it could draw."""
    load = threading.Event()
    async with running_service(checkpoint, folder=folder, database_url=database_url, load_when=load) as (
        service,
        _,
    ):
        jobs = [await service.submit(each, AOI, HERE, reply=REPLY) for each in requests]
        load.set()
        await service.stop()
    return jobs


async def kill_while_drawing(job_id: str, times: int, folder: Path, database_url: str) -> None:
    """Leave the ledger as programs do that are killed while they draw this job."""
    database = Database(database_url)
    for _ in range(times):
        killed = JobLedger(database, PictureFiles(folder / "images"))
        await killed.take_over(utc_now(), with_earlier_runs=True)
        await killed.mark_running(job_id)
    await database.stop()


async def test_a_stop_keeps_what_waits_and_runs_and_the_next_start_draws_it(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=database_url) as (service, _):
        await ready(service)
        jobs = [
            await service.submit(request(num_inference_steps=40, seed=seed), AOI, HERE) for seed in (1, 2)
        ]
        jobs.append(await service.submit(request(seed=3), REN, HERE))
        while not any(isinstance(job.latest, Running) for job in jobs):
            await asyncio.sleep(0.005)
        await service.stop()
        assert [type(job.latest) for job in jobs] == [Suspended] * 3
        with pytest.raises(ServiceStopping):
            await service.submit(request(), AOI, HERE)
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=database_url) as (service, _):
        again = await service.restore()
        assert {job.id for job in again} == {job.id for job in jobs}
        stored = [await service._store.find(job.id) for job in jobs]
        assert [job.interruptions for job in stored if job] == [0] * 3, "a stop is no fault of theirs"
        endings = [await finished(job) for job in again]
        assert sorted(ending.images[0].parameters.seed for ending in endings) == [1, 2, 3]
        assert await service.restore() == []


async def test_jobs_of_a_device_that_is_gone_for_this_process_are_drawn_by_the_next_one(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_it() -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    def fail(source: ModelSource) -> None:
        raise DeviceUnavailable(source.source, "CUDA error: an illegal memory access", source.device)

    async with running_service(tiny_checkpoint, folder=tmp_path) as (service, engine):
        await ready(service)
        before_each_unet_call(engine, lose_it)
        monkeypatch.setattr(sdxl_model, "device_for", fail)
        jobs = [await service.submit(request(seed=seed), AOI, HERE) for seed in (1, 2)]
        failure = await asyncio.wait_for(service.until_device_is_gone(), 60)
        assert isinstance(failure.cause, DeviceGone)
        with pytest.raises(ServiceStopping):
            await service.submit(request(), AOI, HERE)
        await service.stop()
        assert [type(job.latest) for job in jobs] == [Suspended] * 2
        assert [jobs async for jobs in service.deliveries.undelivered()] == []
    monkeypatch.undo()
    async with running_service(tiny_checkpoint, folder=tmp_path) as (service, _):
        again = await service.restore()
        assert {job.id for job in again} == {job.id for job in jobs}
        stored = [await service._store.find(job.id) for job in jobs]
        assert max(job.interruptions for job in stored if job) == 1, (
            "one has begun, and may be what it was lost by"
        )
        for job in again:
            await finished(job)


async def test_what_was_drawn_and_not_delivered_comes_back_with_its_pictures_until_it_is(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=database_url) as (
        service,
        engine,
    ):
        drawn = await service.submit(request(), AOI, HERE)
        png = (await finished(drawn)).images[0].png
        handle = before_each_unet_call(engine, lambda: 1 / 0)  # type: ignore[arg-type]
        failed = await service.submit(request(), AOI, HERE)
        await failed.ending()
        handle.remove()
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=database_url) as (service, _):
        assert await service.restore() == []
        late = {job.id: job async for jobs in service.deliveries.undelivered() for job in jobs}
        ending = late[drawn.id].latest
        assert isinstance(ending, Finished)
        assert ending.images[0].png == png
        assert ending.images[0].parameters == drawn.images[0]
        failure = late[failed.id].latest
        assert isinstance(failure, Failed)
        assert isinstance(failure.error, EngineFailure)
        assert [
            job.id async for jobs in service.deliveries.undelivered(besides={drawn.id}) for job in jobs
        ] == [failed.id]
        for job in late.values():
            await service.deliveries.delivered(job)
        assert [jobs async for jobs in service.deliveries.undelivered()] == []


async def test_a_job_that_is_drawn_over_a_picture_survives_with_it(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    content = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(content, "PNG")
    source = SourcePicture(content=content.getvalue(), strength=0.5)
    asked = [request(source=source)] * 2
    kept, lost = await left_waiting(tiny_checkpoint, tmp_path, database_url, asked)
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.execute(
            text("UPDATE sources SET file_hash = 'gone' WHERE job_id = :id"), {"id": lost.id}
        )
    await database.stop()
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=database_url) as (service, _):
        by_id = {job.id: job for job in await service.restore()}
        assert (await finished(by_id[kept.id])).images[0].parameters.source == source
        ending = await by_id[lost.id].ending()
        assert isinstance(ending, Failed)
        assert isinstance(ending.error, UnreadablePicture)


async def test_a_full_disk_fails_the_job_with_a_clear_reason_and_the_next_one_is_drawn(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    async with running_service(tiny_checkpoint) as (service, _):
        await ready(service)
        monkeypatch.setattr("os.fsync", no_space)
        ending = await (await service.submit(request(), AOI, HERE)).ending()
        assert isinstance(ending, Failed)
        assert isinstance(ending.error, StorageFailure)
        assert ending.error.reason == "No space left on device"
        monkeypatch.undo()
        await finished(await service.submit(request(), AOI, HERE))


async def test_a_database_that_is_away_for_a_moment_loses_nothing(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [0]
    mark_finished = JobLedger.mark_finished

    async def away_at_first(*arguments: Any) -> bool:
        failures[0] += 1
        if failures[0] <= 2:
            raise DBAPIError("UPDATE jobs", None, Exception("server closed the connection"))
        return await mark_finished(*arguments)

    monkeypatch.setattr(JobLedger, "mark_finished", away_at_first)
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=database_url) as (service, _):
        job = await service.submit(request(), AOI, HERE)
        await finished(job)
        assert failures == [3]
        late = [late async for jobs in service.deliveries.undelivered() for late in jobs]
        assert [each.id for each in late] == [job.id]


async def test_a_stored_job_that_cannot_be_read_is_left_to_others_then_told_as_failed_and_the_rest_is_drawn(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    asked = [request(seed=seed) for seed in (1, 2)]
    bad, good = await left_waiting(tiny_checkpoint, tmp_path, database_url, asked)
    await store_unreadably(database_url, bad.id)
    lease = Lease(lasts=timedelta(seconds=1))
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=database_url, lease=lease) as (
        service,
        _,
    ):
        (job,) = await service.restore()
        assert job.id == good.id
        await finished(job)
        stored = await service._store.find(bad.id)
        assert stored is not None
        assert stored.state == "queued"
        assert bad.id not in await service._store.renew(utc_now())
        await asyncio.sleep(1)
        taken = await service.take_over()
        assert (taken.waiting, taken.ended_count) == ([], 1)
        by_id = {each.id: each async for jobs in service.deliveries.undelivered() for each in jobs}
        told = by_id[bad.id]
        assert isinstance(told.latest, Failed)
        assert isinstance(told.latest.error, EngineFailure)
        assert (told.user_id, told.place, told.reply) == (AOI, HERE, replace(REPLY, is_private=True))
        await service.deliveries.delivered(told)
        assert (await service.take_over()).ended_count == 0


async def test_a_job_in_whose_drawing_the_program_ends_again_and_again_is_given_up_and_the_rest_is_drawn(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    asked = [request(seed=seed) for seed in (1, 2)]
    deadly, good = await left_waiting(tiny_checkpoint, tmp_path, database_url, asked)
    await kill_while_drawing(deadly.id, INTERRUPTIONS_MAX, tmp_path, database_url)
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=database_url) as (service, _):
        ended: list[Ending] = []
        service.on_ended = ended.append
        (job,) = await service.restore()
        assert job.id == good.id
        assert [type(ending.error) for ending in ended if isinstance(ending, Failed)] == [DrawingInterrupted]
        await finished(job)
        by_id = {each.id: each async for jobs in service.deliveries.undelivered() for each in jobs}
        told = by_id[deadly.id].latest
        assert isinstance(told, Failed)
        assert isinstance(told.error, DrawingInterrupted)
        assert told.error.times == INTERRUPTIONS_MAX
        assert await service.restore() == []


async def test_what_was_interrupted_twice_is_drawn_alone(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    asked = [request(seed=seed) for seed in (1, 2, 3, 4)]
    jobs = await left_waiting(tiny_checkpoint, tmp_path, database_url, asked)
    await kill_while_drawing(jobs[1].id, ALONE_AFTER, tmp_path, database_url)
    async with running_service(tiny_checkpoint, folder=tmp_path, database_url=database_url) as (service, _):
        begun: list[set[str]] = []
        service.on_began = lambda _job, _waited_s: begun.append(set(service._queue._running))
        for job in await service.restore():
            await finished(job)
        assert [beside for beside in begun if jobs[1].id in beside] == [{jobs[1].id}]
        assert max(map(len, begun)) > 1, "the others are drawn side by side"


async def test_pictures_whose_record_cannot_be_read_are_left_to_others_then_told_of_too(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'jobs.db'}"
    async with running_service(tiny_checkpoint, folder=tmp_path) as (service, _):
        drawn = await service.submit(request(), AOI, HERE)
        await finished(drawn)
    await store_unreadably(url, drawn.id)
    async with running_service(tiny_checkpoint, folder=tmp_path, lease=Lease(lasts=timedelta(seconds=1))) as (
        service,
        _,
    ):
        assert await service.restore() == []
        assert [jobs async for jobs in service.deliveries.undelivered()] == []
        await asyncio.sleep(1)
        assert (await service.take_over()).ended_count == 1
        ((told,),) = [jobs async for jobs in service.deliveries.undelivered()]
        assert isinstance(told.latest, Failed)


async def store_unreadably(database_url: str, job_id: str) -> None:
    """Have the record of a job be what a newer version may write."""
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE jobs SET record = '{}' WHERE id = :id"), {"id": job_id})
    await database.stop()
