"""Two devices of one machine, each a thread on the CPU: they share the work, and one that fails leaves the other."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine import sdxl_model
from generation.engine.core import EngineCore
from generation.engine.engine import EngineState
from generation.engine.local_engine import LocalEngine
from generation.engine.many_devices import ManyDevices
from generation.engine_options import EngineOptions
from generation.errors import DeviceLost, DrawingCancelled, ModelUnavailable
from generation.image import Image
from generation.lora import LoraWeight
from generation.model_errors import DeviceGone, DeviceUnavailable
from generation.model_source import ModelSource
from generation.work import Work
from tests.generation.engine.drawing import load_model
from tests.generation.engine.jobs import small_job
from tests.generation.engine.lora_files import write_diffusers_lora
from tests.generation.services import before_each_unet_call


@asynccontextmanager
async def two_devices(
    source: Path, names: tuple[str, ...] = ("cpu", "cpu"), **options: Any
) -> AsyncIterator[ManyDevices]:
    engine = ManyDevices(
        ModelSource(source=str(source)), names, EngineOptions(usual_size=(64, 64), **options)
    )
    await engine.load()
    try:
        yield engine
    finally:
        await engine.close()


async def drawn_alone(source: Path, *seeds: int) -> tuple[Image, ...]:
    engine = LocalEngine(ModelSource(source=str(source), device="cpu"), EngineOptions(usual_size=(64, 64)))
    await engine.load()
    try:
        return await engine.draw(small_job(*seeds), lambda _: None)
    finally:
        await engine.close()


async def test_pictures_of_a_job_are_drawn_on_both_and_are_those_of_one_device(
    tiny_checkpoint: Path,
) -> None:
    async with two_devices(tiny_checkpoint) as engine:
        assert [device.name for device in engine.devices] == ["cpu #1", "cpu #2"]
        assert engine.activity.slots == 2
        threads: set[int] = set()
        for one in engine._engines:
            before_each_unet_call(one, lambda: threads.add(threading.get_ident()))
        steps: list[int] = []
        images = await engine.draw(small_job(1, 2), lambda progress: steps.append(progress.steps_done))
        assert len(threads) == 2
        assert steps == list(range(1, 11))
        assert all(device.activity.steps > 0 for device in engine.devices)
    assert images == await drawn_alone(tiny_checkpoint, 1, 2)


async def test_a_job_goes_where_a_place_is_free_and_its_loras_are_loaded(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    write_diffusers_lora(load_model(tiny_checkpoint).pipeline, tmp_path / "ink.safetensors", seed=1)
    ink = (LoraWeight("ink"),)
    async with two_devices(tiny_checkpoint, lora_folder=tmp_path) as engine:
        blocker = small_job(1)
        engine.reserve(blocker)
        # Whichever the warm-up found to be the faster one.
        busy, free = sorted(engine._engines, key=lambda one: len(one.places), reverse=True)
        assert (len(busy.places), len(free.places)) == (1, 0)
        await engine.draw(small_job(2, loras=ink), lambda _: None)
        assert (busy.loaded_loras, free.loaded_loras) == (frozenset(), frozenset({"ink"}))
        engine.release(blocker)
        again = small_job(3, loras=ink)
        engine.reserve(again)
        assert (len(busy.places), len(free.places)) == (0, 1)
        assert engine.takes(99.0)
        plain = small_job(4)
        engine.reserve(plain)
        assert len(busy.places) == 1
        assert not engine.takes(99.0)
        assert engine.takes(0.5)


async def test_a_device_that_does_not_exist_leaves_the_other_drawing(tiny_checkpoint: Path) -> None:
    async with two_devices(tiny_checkpoint, ("cuda:7", "cpu")) as engine:
        assert [(device.name, device.state) for device in engine.devices] == [
            ("cuda:7", EngineState.FAILED),
            ("cpu", EngineState.READY),
        ]
        assert (engine.state, engine.failure, engine.activity.slots) == (EngineState.READY, None, 1)
        assert len(await engine.draw(small_job(1, 2), lambda _: None)) == 2
        working = engine._engines[1]._model
        await engine.load()
        assert engine._engines[1]._model is working, "what works isn't loaded again"


async def test_without_any_device_the_engine_says_why(tmp_path: Path) -> None:
    async with two_devices(tmp_path / "nothing") as engine:
        assert engine.state is EngineState.FAILED
        with pytest.raises(ModelUnavailable):
            await engine.draw(small_job(1), lambda _: None)


async def test_pictures_of_a_lost_device_are_drawn_by_the_other(tiny_checkpoint: Path) -> None:
    async with two_devices(tiny_checkpoint) as engine:
        calls = 0

        def lose_it_once() -> None:
            nonlocal calls
            calls += 1
            if calls == 3:
                raise torch.AcceleratorError("the device fell off the bus")

        before_each_unet_call(engine._engines[0], lose_it_once)
        steps: list[int] = []
        images = await engine.draw(small_job(1, 2), lambda progress: steps.append(progress.steps_done))
        assert steps == sorted(steps)
        while engine.devices[0].state is not EngineState.READY:
            await asyncio.sleep(0.02)
    assert images == await drawn_alone(tiny_checkpoint, 1, 2)


async def test_a_picture_that_loses_both_devices_waits_for_the_first_to_come_back(
    tiny_checkpoint: Path,
) -> None:
    async with two_devices(tiny_checkpoint) as engine:

        def lose_it() -> None:
            raise torch.AcceleratorError("the device fell off the bus")

        for one in engine._engines:
            before_each_unet_call(one, lose_it)
        images = await engine.draw(small_job(1), lambda _: None)
    assert images == await drawn_alone(tiny_checkpoint, 1)


async def test_a_picture_that_loses_a_device_again_and_again_ends_with_that(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_it(_: EngineCore) -> None:
        raise DeviceLost("the device fell off the bus")

    async with two_devices(tiny_checkpoint) as engine:
        monkeypatch.setattr(EngineCore, "tick", lose_it)
        with pytest.raises(DeviceLost):
            await engine.draw(small_job(1), lambda _: None)


async def test_only_when_no_device_is_left_are_they_gone_for_this_process(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: ModelSource) -> None:
        raise DeviceUnavailable(source.source, "CUDA error: an illegal memory access", source.device)

    def lose_it() -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access")

    async with two_devices(tiny_checkpoint, ("cuda:7", "cpu", "cpu")) as engine:
        monkeypatch.setattr(sdxl_model, "device_for", fail)
        before_each_unet_call(engine._engines[1], lose_it)
        assert len(await engine.draw(small_job(1, 2), lambda _: None)) == 2
        while engine.devices[1].state is not EngineState.FAILED:
            await asyncio.sleep(0.02)
        assert (engine.state, engine.failure) == (EngineState.READY, None)
        before_each_unet_call(engine._engines[2], lose_it)
        with pytest.raises(ModelUnavailable):
            await engine.draw(small_job(1), lambda _: None)
        assert engine.failure is not None
        assert isinstance(engine.failure.cause, DeviceGone)


async def test_a_job_is_called_off_on_whichever_device(tiny_checkpoint: Path) -> None:
    async with two_devices(tiny_checkpoint) as engine:
        job = small_job(1, 2, num_inference_steps=50)
        with pytest.raises(DrawingCancelled):
            await engine.draw(job, lambda _: job.request_cancel())
        assert len(await engine.draw(small_job(3), lambda _: None)) == 1
        assert engine.activity.pictures_in_flight == 0


async def test_two_devices_halve_the_wait_and_not_the_drawing(tiny_checkpoint: Path) -> None:
    async with two_devices(tiny_checkpoint) as engine:
        one = engine._engines[0].seconds_for(Work(megapixel_steps=1))
        other = engine._engines[1].seconds_for(Work(megapixel_steps=1))
        assert one is not None
        assert other is not None
        own, ahead = Work(megapixel_steps=3), Work(megapixel_steps=12)
        expected = 12 / (1 / one + 1 / other) + 3 * (one + other) / 2
        assert engine.seconds_for(own, ahead=ahead) == pytest.approx(expected)
