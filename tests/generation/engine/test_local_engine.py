"""One device as an engine: what becomes of pictures, and of the model's memory, when the model is loaded again."""

import asyncio
import gc
import shutil
import threading
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine import sdxl_model
from generation.engine.decoder import Decoder
from generation.engine.engine import EngineState
from generation.engine.local_engine import LocalEngine
from generation.engine_options import EngineOptions
from generation.errors import BrokenLora, DeviceLost, ModelUnavailable
from generation.model_errors import DeviceGone, DeviceUnavailable, ModelNotFound
from generation.model_source import ModelSource
from tests.generation.engine.jobs import small_job
from tests.generation.services import before_each_unet_call


@asynccontextmanager
async def one_device(
    source: Path, *, keeps_pictures: bool = True, **options: Any
) -> AsyncIterator[LocalEngine]:
    engine = LocalEngine(
        ModelSource(source=str(source), device="cpu"),
        EngineOptions(usual_size=(64, 64), **options),
        keeps_pictures=keeps_pictures,
    )
    await engine.load()
    try:
        yield engine
    finally:
        await engine.close()


@pytest.fixture
def _decodes_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pictures decoded on a thread of their own, as on a GPU."""
    monkeypatch.setattr(
        sdxl_model,
        "Decoder",
        lambda vae, image_processor, **_: Decoder(vae, image_processor, in_background=True),
    )


def lose_it() -> None:
    raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")


def before_each_decoding(engine: LocalEngine, hook: Any) -> None:
    assert engine._model is not None
    engine._model.pipeline.vae.decoder.register_forward_pre_hook(lambda *_: hook())


@pytest.mark.usefixtures("_decodes_beside")
async def test_pictures_that_wait_to_be_decoded_come_though_the_model_is_loaded_again(
    tiny_checkpoint: Path,
) -> None:
    async with one_device(tiny_checkpoint, max_batch_slots=4) as engine:
        has_begun, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            has_begun.set()
            assert go_on.wait(60)

        before_each_decoding(engine, hold)
        drawing = asyncio.ensure_future(engine.draw(small_job(1, 2, 3), lambda _: None))
        await asyncio.to_thread(has_begun.wait, 60)
        while engine.activity.steps < 3 * 5:
            await asyncio.sleep(0.01)
        loading = asyncio.ensure_future(engine.load())
        await asyncio.sleep(0.2)
        go_on.set()
        await loading
        images = await asyncio.wait_for(drawing, 60)
        assert [image.parameters.seed for image in images] == [1, 2, 3]


@pytest.mark.usefixtures("_decodes_beside")
async def test_pictures_whose_device_is_lost_while_they_wait_to_be_decoded_are_drawn_again(
    tiny_checkpoint: Path,
) -> None:
    async with one_device(tiny_checkpoint, max_batch_slots=4) as engine:
        first_model = engine._model
        before_each_decoding(engine, lose_it)
        drawing = engine.draw(small_job(1, 2, 3), lambda _: None)
        images = await asyncio.wait_for(drawing, 60)
        assert [image.parameters.seed for image in images] == [1, 2, 3]
        assert engine._model is not first_model
        assert engine.activity.steps == 2 * 3 * 5


def watched_memory(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the UNet that the engine has now was gone, each time that a model begins to be loaded."""
    assert engine._model is not None
    unet = weakref.ref(engine._model.pipeline.unet)
    engine._model.pipeline.unet.__dict__["itself"] = unet()  # in a cycle, as accelerate's hooks put it
    was_gone: list[bool] = []
    make = sdxl_model.SdxlModel.__init__

    def look_and_make(model: sdxl_model.SdxlModel, *arguments: Any) -> None:
        was_gone.append(unet() is None)
        make(model, *arguments)

    monkeypatch.setattr(sdxl_model.SdxlModel, "__init__", look_and_make)
    return was_gone


async def test_the_old_model_is_gone_before_the_new_one_is_loaded_when_the_device_was_lost(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with one_device(tiny_checkpoint) as engine:
        was_gone = watched_memory(engine, monkeypatch)
        before_each_unet_call(engine, lose_it)
        assert len(await engine.draw(small_job(1, 2), lambda _: None)) == 2
        assert was_gone == [True]


async def test_it_is_gone_too_where_the_pictures_are_given_back_with_the_error(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with one_device(tiny_checkpoint, keeps_pictures=False) as engine:
        was_gone = watched_memory(engine, monkeypatch)
        before_each_unet_call(engine, lose_it)
        with pytest.raises(DeviceLost) as told:
            await engine.draw(small_job(1), lambda _: None)
        assert len(await engine.draw(small_job(1), lambda _: None)) == 1
        assert was_gone == [True]
        assert told.value.reason


async def test_the_old_model_is_gone_before_it_is_loaded_anew_on_demand(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with one_device(tiny_checkpoint) as engine:

        def fail() -> None:
            raise BrokenLora("ink", "a test's")

        handle = before_each_unet_call(engine, fail)
        with pytest.raises(BrokenLora) as kept:  # errors live on in the jobs that they ended
            await engine.draw(small_job(1), lambda _: None)
        handle.remove()
        was_gone = watched_memory(engine, monkeypatch)
        await engine.load()
        assert was_gone == [True]
        assert kept.value


async def test_a_model_that_fails_in_its_warm_up_leaves_no_memory_behind(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unets: list[weakref.ref[torch.nn.Module]] = []

    def run_out(model: sdxl_model.SdxlModel) -> None:
        unets.append(weakref.ref(model.pipeline.unet))
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(sdxl_model.SdxlModel, "core", run_out)
    async with one_device(tiny_checkpoint) as engine:
        assert engine.state is EngineState.FAILED
        while engine._model is not None:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(gc.collect)
        assert unets[0]() is None
        with pytest.raises(ModelUnavailable):
            await engine.draw(small_job(1), lambda _: None)


@pytest.mark.parametrize("where", ["device_for", "warm_up"])
async def test_a_lost_device_that_cannot_be_had_again_is_gone_for_this_process(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        if where == "warm_up":
            lose_it()
        raise DeviceUnavailable("tiny", "CUDA error: an illegal memory access was encountered", "cuda:0")

    async with one_device(tiny_checkpoint) as engine:
        before_each_unet_call(engine, lose_it)
        monkeypatch.setattr(sdxl_model, where, fail)
        with pytest.raises(ModelUnavailable) as told:
            await engine.draw(small_job(1), lambda _: None)
        assert isinstance(told.value.cause, DeviceGone)
        assert "illegal memory access" in told.value.cause.reason
        assert engine.failure is not None
        assert isinstance(engine.failure.cause, DeviceGone)


async def test_a_model_whose_files_went_meanwhile_is_missing_and_its_device_not_gone(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(tiny_checkpoint, tmp_path / "model")
    async with one_device(model) as engine:
        before_each_unet_call(engine, lose_it)
        model.rename(tmp_path / "elsewhere")
        with pytest.raises(ModelUnavailable) as told:
            await engine.draw(small_job(1), lambda _: None)
        assert isinstance(told.value.cause, ModelNotFound)


async def test_a_device_that_never_was_there_is_not_gone(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise DeviceUnavailable("tiny", "Invalid device", "cuda:7")

    monkeypatch.setattr(sdxl_model, "device_for", fail)
    async with one_device(tiny_checkpoint) as engine:
        assert engine.failure is not None
        assert type(engine.failure.cause) is DeviceUnavailable
