"""The decoder with the tiny model's VAE: beside the engine's thread, and out of trouble."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image as PillowImage

from generation.engine.decoder import Decoder
from generation.engine.picture_order import PictureOutcome
from generation.engine.sdxl_model import SdxlModel
from generation.errors import BrokenPicture, OutOfMemory
from tests.generation.engine.drawing import load_model

LATENTS = torch.randn(1, 4, 32, 24, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> SdxlModel:
    model = load_model(tiny_checkpoint, "bfloat16")
    model.pipeline.vae.to(torch.bfloat16)  # as on a GPU
    return model


@pytest.fixture
def decoder(model: SdxlModel) -> Iterator[Decoder]:
    decoder = Decoder(model.pipeline.vae, model.pipeline.image_processor, in_background=True)
    yield decoder
    decoder.close()


def pixels_of(decoder: Decoder, latents: torch.Tensor) -> tuple[PictureOutcome, str]:
    """Decode, and return the outcome and the thread that told it."""
    told: list[tuple[PictureOutcome, str]] = []
    is_told = threading.Event()

    def on_end(outcome: PictureOutcome) -> None:
        told.append((outcome, threading.current_thread().name))
        is_told.set()

    decoder.decode(latents, 7, on_end)
    assert is_told.wait(60)
    return told[0]


def test_in_the_background_the_picture_is_the_same_and_comes_from_another_thread(
    model: SdxlModel, decoder: Decoder
) -> None:
    beside, thread = pixels_of(decoder, LATENTS)
    assert thread.startswith("decoder")
    decoder.stay_on_one_thread()
    here, thread = pixels_of(decoder, LATENTS)
    assert thread == threading.current_thread().name
    assert isinstance(beside, PillowImage.Image)
    assert isinstance(here, PillowImage.Image)
    assert beside.size == (192, 256)
    assert beside.tobytes() == here.tobytes()


def test_close_waits_for_what_is_being_decoded(decoder: Decoder) -> None:
    outcomes: list[PictureOutcome] = []
    decoder.decode(LATENTS, 7, outcomes.append)
    decoder.close()
    assert len(outcomes) == 1


def test_pixels_that_overflow_are_decoded_again_in_float32(model: SdxlModel, decoder: Decoder) -> None:
    def overflow(_module: object, _arguments: object, output: torch.Tensor) -> torch.Tensor:
        return output * float("inf") if output.dtype == torch.bfloat16 else output

    plain, _ = pixels_of(decoder, LATENTS)
    handle = model.pipeline.vae.decoder.register_forward_hook(overflow)
    again, _ = pixels_of(decoder, LATENTS)
    handle.remove()
    assert isinstance(plain, PillowImage.Image)
    assert isinstance(again, PillowImage.Image)
    assert model.pipeline.vae.dtype == torch.bfloat16


def test_latents_that_are_not_finite_are_reported(decoder: Decoder) -> None:
    outcome, _ = pixels_of(decoder, LATENTS * float("nan"))
    assert isinstance(outcome, BrokenPicture)
    assert outcome.seed == 7


@pytest.mark.parametrize("failures", [1, 99])
def test_out_of_memory_is_tried_again_in_tiles(model: SdxlModel, decoder: Decoder, failures: int) -> None:
    calls = 0

    def run_out(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls <= failures:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    handle = model.pipeline.vae.decoder.register_forward_pre_hook(run_out)
    outcome, _ = pixels_of(decoder, LATENTS)
    handle.remove()
    assert isinstance(outcome, PillowImage.Image if failures == 1 else OutOfMemory)
    assert not model.pipeline.vae.use_tiling
