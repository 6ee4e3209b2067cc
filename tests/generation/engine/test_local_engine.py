"""One device as an engine: what becomes of pictures, and of the model's memory, when the model is loaded again."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine import sdxl_model
from generation.engine.decoder import Decoder
from generation.engine.local_engine import LocalEngine
from generation.engine_options import EngineOptions
from generation.model_source import ModelSource
from tests.generation.engine.jobs import small_job


@asynccontextmanager
async def one_device(source: Path, **options: Any) -> AsyncIterator[LocalEngine]:
    engine = LocalEngine(
        ModelSource(source=str(source), device="cpu"), EngineOptions(usual_size=(64, 64), **options)
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

        def lose_it() -> None:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")

        first_model = engine._model
        before_each_decoding(engine, lose_it)
        # What was lost shows in the next step too.
        assert first_model is not None
        first_model.pipeline.text_encoder.register_forward_pre_hook(lambda *_: lose_it())
        drawing = engine.draw(small_job(1, 2, 3), lambda _: None)
        images = await asyncio.wait_for(drawing, 60)
        assert [image.parameters.seed for image in images] == [1, 2, 3]
        assert engine._model is not first_model
