"""An engine gives its seat to another: nothing that waits or runs is lost, and its model lets its memory go."""

import asyncio
import threading
import weakref
from functools import partial
from pathlib import Path

import pytest

from generation.engine.engine import EngineState
from generation.engine.local_engine import LocalEngine
from generation.engine_options import EngineOptions
from generation.errors import ModelUnavailable
from generation.job import Cancelled, Running
from generation.model_source import ModelSource
from tests.generation.engine.jobs import small_job
from tests.generation.services import (
    AOI,
    HERE,
    REN,
    before_each_unet_call,
    finished,
    ready,
    request,
    running_service,
)


def engine_of(source: Path) -> LocalEngine:
    return LocalEngine(ModelSource(source=str(source), device="cpu"), EngineOptions())


async def test_jobs_are_drawn_again_by_the_new_engine_and_the_old_model_is_gone(
    tiny_checkpoint: Path,
) -> None:
    async with running_service(tiny_checkpoint) as (service, engine):
        await ready(service)
        reached = threading.Event()
        before_each_unet_call(engine, reached.set)
        running = await service.submit(request(num_inference_steps=30, seed=1), AOI, HERE)
        waiting = await service.submit(request(num_inference_steps=1, seed=2), REN, HERE)
        await asyncio.to_thread(reached.wait, 30)
        assert isinstance(running.latest, Running)
        assert engine._model is not None
        old_unet = weakref.ref(engine._model.pipeline.unet)
        steps = service.engine_activity.steps
        told: list[ModelUnavailable | None] = []
        make = partial(engine_of, tiny_checkpoint)
        service.exchange_engine(make, make, told.append)
        later = await service.submit(request(num_inference_steps=1, seed=3), AOI, HERE)
        for job, seed in ((running, 1), (waiting, 2), (later, 3)):
            assert (await finished(job)).images[0].parameters.seed == seed
        assert told == [None]
        assert old_unet() is None
        assert service._engine is not engine
        assert service.engine_activity.steps >= steps + 30 + 1 + 1
        assert service._engine.activity.pictures_in_flight == 0


async def test_where_the_new_engine_has_no_model_the_former_goes_on_and_nobody_is_told_of_it(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        await ready(service)
        running = await service.submit(request(num_inference_steps=30), AOI, HERE)
        told: list[ModelUnavailable | None] = []
        service.exchange_engine(
            partial(engine_of, tmp_path / "nowhere"), partial(engine_of, tiny_checkpoint), told.append
        )
        waiting = await service.submit(request(seed=2), REN, HERE)
        await finished(running)
        await finished(waiting)
        (failure,) = told
        assert failure is not None
        assert service.engine_state is EngineState.READY


async def test_who_calls_a_job_off_does_not_wait_for_the_new_engines_model(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, engine):
        await ready(service)
        reached, load = threading.Event(), threading.Event()
        before_each_unet_call(engine, reached.set)
        running = await service.submit(request(num_inference_steps=30), AOI, HERE)
        await asyncio.to_thread(reached.wait)

        def slow_to_load() -> LocalEngine:
            engine = engine_of(tiny_checkpoint)
            engine._inbox.put(load.wait)
            return engine

        service.exchange_engine(slow_to_load, slow_to_load, lambda _: None)
        while service._engine is engine or service._seat._drawings:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            await service.cancel(running.id, AOI)
            assert await running.ending() == Cancelled()
        assert service.engine_state is EngineState.LOADING
        load.set()
        await finished(await service.submit(request(), AOI, HERE))


async def test_an_engine_that_cannot_even_be_made_is_logged_and_told_and_the_present_one_draws_on(
    tiny_checkpoint: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def make() -> LocalEngine:
        raise OSError("no library")

    async with running_service(tiny_checkpoint) as (service, engine):
        await ready(service)
        told: list[ModelUnavailable | None] = []
        service.exchange_engine(make, make, told.append)
        await finished(await service.submit(request(), AOI, HERE))
        (failure,) = told
        assert failure is not None
        assert "no library" in caplog.text
        assert service._engine is engine


async def test_a_drawing_that_begins_in_the_moment_of_an_exchange_waits_for_the_new_model(
    tiny_checkpoint: Path,
) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        await ready(service)
        make = partial(engine_of, tiny_checkpoint)
        for turns_of_the_loop in (1, 2, 3):
            drawing = asyncio.create_task(service._seat.draw(small_job(1), lambda _: None))
            for _ in range(turns_of_the_loop):
                await asyncio.sleep(0)
            assert await service._seat.exchange(make, make) is None
            assert len(await drawing) == 1


async def test_a_stop_in_the_middle_of_an_exchange_ends_it(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        await ready(service)
        make = partial(engine_of, tiny_checkpoint)
        service.exchange_engine(make, make, lambda _: None)
        await asyncio.sleep(0)
        await service.stop()
        assert service._loading is not None
        assert service._loading.done()
