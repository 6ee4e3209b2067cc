"""The decoder with the tiny model's VAE: beside the engine's thread, and out of trouble."""

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image as PillowImage

from generation.engine import decoder as decoder_module
from generation.engine.decoder import Decoder
from generation.engine.picture_order import PictureOutcome
from generation.engine.sdxl_model import SdxlModel
from generation.engine.shared_vae import SharedVae
from generation.errors import BrokenPicture, DrawingCancelled, OutOfMemory, UnreadablePicture
from generation.starting_point import SourcePicture
from tests.generation.engine.drawing import load_model, parameters

LATENTS = torch.randn(1, 4, 32, 24, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> SdxlModel:
    model = load_model(tiny_checkpoint, "bfloat16")
    model.pipeline.vae.to(torch.bfloat16)  # as on a GPU
    return model


@pytest.fixture
def decoder(model: SdxlModel) -> Iterator[Decoder]:
    vae = SharedVae(model.pipeline.vae, torch.device("cpu"))
    decoder = Decoder(vae, model.pipeline.image_processor, in_background=True)
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


class Held:
    """Lets the VAE begin to decode, and go on when `go_on` is set."""

    def __init__(self, model: SdxlModel) -> None:
        self.has_begun, self.go_on = threading.Event(), threading.Event()
        self._handle = model.pipeline.vae.decoder.register_forward_pre_hook(self._wait)

    def _wait(self, *_: object) -> None:
        self.has_begun.set()
        assert self.go_on.wait(60)

    def __enter__(self) -> "Held":
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._handle.remove()


def decode_several(decoder: Decoder, held: Held) -> list[PictureOutcome]:
    """Hand over four pictures; returns the list of what is told, when the first one is being decoded."""
    outcomes: list[PictureOutcome] = []
    for seed in range(4):
        decoder.decode(LATENTS, seed, outcomes.append)
    assert held.has_begun.wait(60)
    assert outcomes == []
    return outcomes


def test_all_that_waits_is_decoded_before_the_decoder_stays_on_one_thread(
    model: SdxlModel, decoder: Decoder
) -> None:
    with Held(model) as held:
        outcomes = decode_several(decoder, held)
        threading.Timer(0.2, held.go_on.set).start()
        decoder.stay_on_one_thread()
    assert [type(outcome) for outcome in outcomes] == [PillowImage.Image] * 4


def test_wait_returns_when_all_that_waits_is_decoded(model: SdxlModel, decoder: Decoder) -> None:
    with Held(model) as held:
        outcomes = decode_several(decoder, held)
        threading.Timer(0.2, held.go_on.set).start()
        decoder.wait()
        assert len(outcomes) == 4


def test_close_finishes_what_is_being_decoded_and_ends_what_waits(model: SdxlModel, decoder: Decoder) -> None:
    with Held(model) as held:
        outcomes = decode_several(decoder, held)
        threading.Timer(0.2, held.go_on.set).start()
        decoder.close()
    assert [type(outcome) for outcome in outcomes] == [PillowImage.Image, *[DrawingCancelled] * 3]


def test_a_device_that_is_lost_while_memory_is_freed_is_told_and_the_next_picture_decoded(
    model: SdxlModel, decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    def lose_it() -> None:
        raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(decoder_module, "free_memory", lose_it)
    handle = model.pipeline.vae.decoder.register_forward_pre_hook(run_out)
    beside, _ = pixels_of(decoder, LATENTS)
    decoder.stay_on_one_thread()
    here, _ = pixels_of(decoder, LATENTS)
    handle.remove()
    assert isinstance(beside, torch.AcceleratorError)
    assert isinstance(here, torch.AcceleratorError)
    assert isinstance(pixels_of(decoder, LATENTS)[0], PillowImage.Image)


def test_latents_whose_device_fails_before_they_are_handed_over_are_told_too(decoder: Decoder) -> None:
    class OnALostDevice(torch.Tensor):
        is_cuda = True  # and torch can reach no such device

    outcome, _ = pixels_of(decoder, LATENTS.as_subclass(OnALostDevice))
    assert isinstance(outcome, Exception)


def test_a_picture_is_encoded_when_nothing_is_being_decoded_and_others_do_not_wait(
    tiny_checkpoint: Path,
) -> None:
    model = load_model(tiny_checkpoint)
    decoder = model._decoder = Decoder(model._vae, model.pipeline.image_processor, in_background=True)
    content = io.BytesIO()
    PillowImage.new("RGB", (192, 256), "teal").save(content, "PNG")
    source = SourcePicture(content=content.getvalue(), strength=0.5)
    encodes: list[int] = []
    model.pipeline.vae.encoder.register_forward_pre_hook(lambda *_: encodes.append(1))
    with Held(model) as held:
        decoder.decode(LATENTS, 7, lambda _: None)
        assert held.has_begun.wait(60)
        assert model.prepare(parameters())
        over_a_picture = threading.Thread(target=model.prepare, args=(parameters(source=source),))
        over_a_picture.start()
        over_a_picture.join(0.5)
        assert encodes == []
    over_a_picture.join(60)
    assert encodes == [1]
    model.close()


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


def test_pixels_that_cannot_be_pasted_over_end_the_picture_with_the_reason(
    tiny_checkpoint: Path,
) -> None:
    model = load_model(tiny_checkpoint)
    mask = io.BytesIO()
    PillowImage.new("L", (192, 256), 255).save(mask, "PNG")
    sample = model.prepare(parameters())
    broken = SourcePicture(content=b"no picture", mask=mask.getvalue(), strength=0.5)
    sample.parameters = replace(sample.parameters, source=broken)
    told: list[PictureOutcome] = []
    model.decode(sample, told.append)
    assert [type(outcome) for outcome in told] == [UnreadablePicture]
