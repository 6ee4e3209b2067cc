"""A ControlNet of the tiny model's shape: against the stock pipeline, and in company."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionXLControlNetPipeline, UNet2DConditionModel
from PIL import Image as PillowImage
from PIL import ImageDraw

from generation.engine.sdxl_model import SdxlModel
from generation.errors import NoControlNet, UnreadablePicture
from generation.image import ImageParameters
from generation.model_errors import BrokenModelFile, ModelNotFound
from generation.starting_point import ControlPicture, Upscale
from tests.generation.engine.drawing import (
    Ordered,
    core_of,
    finished_latents,
    load_model,
    parameters,
    run,
    stock_result,
)


def edges(corner: int) -> bytes:
    image = PillowImage.new("RGB", (96, 128))
    ImageDraw.Draw(image).ellipse((corner, corner, 80, 100), outline="white", width=3)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def steered(corner: int = 10, scale: float = 0.7, **options: object) -> ImageParameters:
    return parameters(control=ControlPicture(content=edges(corner), scale=scale), **options)


@pytest.fixture(scope="module")
def controlnet(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with random weights where a new one has zeros, so that it changes something."""
    unet = UNet2DConditionModel.from_pretrained(tiny_checkpoint / "unet")
    torch.manual_seed(3)
    network = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 8, 8, 8))
    for name, weights in network.named_parameters():
        if "controlnet_" in name:
            torch.nn.init.normal_(weights, std=0.2)
    folder = tmp_path_factory.mktemp("controlnet")
    network.save_pretrained(folder)
    return folder


@pytest.fixture(params=["float32", "bfloat16"])
def model(tiny_checkpoint: Path, controlnet: Path, request: pytest.FixtureRequest) -> SdxlModel:
    return load_model(tiny_checkpoint, request.param, controlnet=str(controlnet))


def test_a_steered_picture_is_the_stock_pipelines_to_the_bit(model: SdxlModel) -> None:
    wanted = steered()
    stock = StableDiffusionXLControlNetPipeline(
        **model.pipeline.components, controlnet=model._controlnet, add_watermarker=False
    )
    stock.set_progress_bar_config(disable=True)
    expected = stock_result(
        stock,
        model,
        wanted,
        image=PillowImage.open(io.BytesIO(edges(10))),
        width=wanted.width,
        height=wanted.height,
        controlnet_conditioning_scale=0.7,
    )
    assert torch.equal(finished_latents(model, wanted), expected)
    assert not torch.equal(finished_latents(model, wanted), finished_latents(model, parameters()))


def test_steered_and_free_pictures_stay_what_they_are_in_company(model: SdxlModel) -> None:
    company = [
        steered(10, 0.7, seed=1),
        steered(30, 1.2, seed=2, prompt=", ".join(["long hair, night"] * 30), num_inference_steps=7),
        steered(20, 0.4, seed=3, guidance_scale=1.0),
        parameters(seed=4),
    ]
    core, latents = core_of(model)
    run(core, *((place, Ordered(wanted, rank=place)) for place, wanted in enumerate(company)))
    for wanted in company:
        expected = finished_latents(model, wanted)
        difference = (latents.by_seed[wanted.seed] - expected).abs().max()
        assert difference <= (0 if expected.dtype == torch.bfloat16 else 1e-4 * expected.abs().max())


def test_steered_pictures_share_their_calls_and_free_ones_go_apart(model: SdxlModel) -> None:
    rows: list[int] = []
    handle = model.pipeline.unet.register_forward_pre_hook(lambda _, given: rows.append(given[0].shape[0]))
    core, _ = core_of(model)
    wanted = [steered(10, seed=1), steered(30, seed=2), parameters(seed=3)]
    few = [Ordered(parameters_, rank=rank) for rank, parameters_ in enumerate(wanted)]
    for ordered in few:
        core.add(ordered.order())
    core.tick()
    core.tick()
    handle.remove()
    assert rows == [4, 4]


def test_an_enlarged_picture_is_steered_at_its_new_size(model: SdxlModel) -> None:
    wanted = steered(upscale=Upscale(factor=1.5, strength=0.6))
    core, _ = core_of(model)
    ordered = Ordered(wanted)
    run(core, (0, ordered))
    assert ordered.picture.size == (288, 384)


def test_without_a_network_and_with_a_broken_picture_only_that_request_ends(
    tiny_checkpoint: Path, model: SdxlModel
) -> None:
    for drawer, content, error in (
        (load_model(tiny_checkpoint), edges(1), NoControlNet),
        (model, b"no picture", UnreadablePicture),
    ):
        core, _ = core_of(drawer)
        bad = Ordered(parameters(control=ControlPicture(content=content)))
        good = Ordered(parameters(seed=2), rank=1)
        run(core, (0, bad), (0, good))
        assert isinstance(bad.outcome, error)
        assert good.picture


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda _: None, ModelNotFound),
        (lambda folder: folder.mkdir(), BrokenModelFile),
        (lambda folder: (folder.mkdir(), (folder / "config.json").write_text("{")), BrokenModelFile),
    ],
)
def test_what_is_no_controlnet_is_told_when_the_model_is_loaded(
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], object],
    error: type[Exception],
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = tmp_path / "controlnet"
    make(folder)
    with pytest.raises(error, match="controlnet"):
        load_model(tiny_checkpoint, controlnet=str(folder))
