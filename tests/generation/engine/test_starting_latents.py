"""What pictures start from, against the stock pipelines for image-to-image and inpainting, through the whole engine."""

import copy
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from PIL import Image as PillowImage

from generation.engine.kept_region import paste_kept_pixels
from generation.engine.sdxl_model import SdxlModel
from generation.engine.source_picture import open_picture
from generation.errors import UnreadablePicture
from generation.image import ImageParameters
from generation.sampler import Sampler
from generation.starting_point import SourcePicture, Upscale, Variation
from tests.generation.engine.drawing import (
    Ordered,
    core_of,
    finished_latents,
    load_model,
    parameters,
    run,
    stock_result,
)

WIDTH, HEIGHT = 192, 256


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def model(request: pytest.FixtureRequest, tiny_checkpoint: Path) -> SdxlModel:
    return load_model(tiny_checkpoint, request.param)


@pytest.fixture(scope="module")
def float_model(tiny_checkpoint: Path) -> SdxlModel:
    return load_model(tiny_checkpoint)


def encoded(image: PillowImage.Image, image_format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def picture(size: tuple[int, int] = (WIDTH, HEIGHT)) -> PillowImage.Image:
    across = np.linspace(0, 255, size[0], dtype=np.uint8)[None, :].repeat(size[1], 0)
    down = np.linspace(255, 0, size[1], dtype=np.uint8)[:, None].repeat(size[0], 1)
    return PillowImage.fromarray(np.stack([across, down, np.full_like(across, 90)], axis=2), "RGB")


def half_mask() -> PillowImage.Image:
    mask = PillowImage.new("L", (WIDTH, HEIGHT), 0)
    mask.paste(255, (0, 0, WIDTH, HEIGHT // 2))
    return mask


def stock(kind: type[Any], model: SdxlModel, wanted: ImageParameters, **options: Any) -> torch.Tensor:
    """The latents of a stock pipeline with the same parts, embeddings, seed, steps and guidance."""
    dtype = model.pipeline.unet.dtype
    # A VAE of its own, since the stock pipelines leave it in the UNet's dtype.
    parts = {**model.pipeline.components, "vae": copy.deepcopy(model.pipeline.vae)}
    pipeline = kind(**parts, add_watermarker=False)
    pipeline.set_progress_bar_config(disable=True)
    latents = stock_result(pipeline, model, wanted, **options)
    assert latents.dtype == dtype
    return latents


@pytest.mark.parametrize("sampler", Sampler)
@pytest.mark.parametrize("strength", [0.3, 0.75, 1.0])
def test_image_to_image_is_the_stock_pipelines_to_the_bit(
    model: SdxlModel, sampler: Sampler, strength: float
) -> None:
    wanted = parameters(sampler=sampler, source=SourcePicture(content=encoded(picture()), strength=strength))
    expected = stock(StableDiffusionXLImg2ImgPipeline, model, wanted, image=picture(), strength=strength)
    assert torch.equal(finished_latents(model, wanted), expected)


@pytest.mark.parametrize("sampler", Sampler)
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_inpainting_is_the_stock_pipelines_to_the_bit(
    model: SdxlModel, sampler: Sampler, strength: float
) -> None:
    source = SourcePicture(content=encoded(picture()), strength=strength, mask=encoded(half_mask()))
    wanted = parameters(sampler=sampler, source=source)
    expected = stock(
        StableDiffusionXLInpaintPipeline,
        model,
        wanted,
        image=picture(),
        mask_image=half_mask(),
        strength=strength,
        width=WIDTH,
        height=HEIGHT,
    )
    assert torch.equal(finished_latents(model, wanted), expected)


def test_an_upscale_is_the_two_stock_pipelines_one_after_the_other(model: SdxlModel) -> None:
    wanted = parameters(upscale=Upscale(factor=1.5, strength=0.55))
    generator = torch.Generator("cpu").manual_seed(wanted.seed)
    first = stock(StableDiffusionXLPipeline, model, wanted, width=WIDTH, height=HEIGHT, generator=generator)
    enlarged = torch.nn.functional.interpolate(first, scale_factor=1.5, mode="nearest-exact")
    expected = stock(
        StableDiffusionXLImg2ImgPipeline, model, wanted, image=enlarged, strength=0.55, generator=generator
    )
    assert torch.equal(finished_latents(model, wanted), expected)


def test_a_source_of_another_size_is_resized_to_what_is_drawn(float_model: SdxlModel) -> None:
    small = SourcePicture(content=encoded(picture((90, 120))), strength=0.5)
    assert finished_latents(float_model, parameters(source=small)).shape == (1, 4, HEIGHT // 8, WIDTH // 8)


def test_a_variation_of_strength_0_is_the_picture_and_of_1_starts_from_the_other_noise(
    float_model: SdxlModel,
) -> None:
    plain = finished_latents(float_model, parameters(sampler=Sampler.EULER))
    other = finished_latents(float_model, parameters(sampler=Sampler.EULER, seed=99))

    def varied(strength: float) -> torch.Tensor:
        variation = Variation(seed=99, strength=strength)
        return finished_latents(float_model, parameters(sampler=Sampler.EULER, variation=variation))

    assert torch.equal(varied(0), plain)
    assert torch.allclose(varied(1), other, atol=1e-4)
    near, far = ((varied(strength) - plain).abs().mean() for strength in (0.1, 0.6))
    assert 0 < near < far


def test_noise_between_two_seeds_is_as_strong_as_noise(float_model: SdxlModel) -> None:
    halfway = float_model.prepare(parameters(variation=Variation(seed=99, strength=0.5)))
    assert (halfway.latents / halfway.scheduler.init_noise_sigma).std().item() == pytest.approx(1, abs=0.05)


def test_what_is_kept_is_the_sources_own_pixels(float_model: SdxlModel) -> None:
    source = SourcePicture(content=encoded(picture()), strength=0.9, mask=encoded(half_mask()))
    drawn = paste_kept_pixels(PillowImage.new("RGB", (WIDTH, HEIGHT), "black"), source)
    pixels, expected = np.asarray(drawn), np.asarray(picture())
    assert np.array_equal(pixels[HEIGHT // 2 + 20 :], expected[HEIGHT // 2 + 20 :])
    assert not pixels[: HEIGHT // 2 - 20].any()


@pytest.mark.parametrize(
    "content",
    [b"", b"not an image", encoded(picture())[:300], b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"GIF89a"],
    ids=["empty", "text", "cut off", "no content", "only a head"],
)
def test_what_is_no_picture_is_named_so(float_model: SdxlModel, content: bytes) -> None:
    wanted = parameters(source=SourcePicture(content=content, strength=0.5))
    with pytest.raises(UnreadablePicture):
        float_model.prepare(wanted)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    bomb = encoded(PillowImage.new("1", (20_000, 20_000)))
    assert len(bomb) < 100_000
    with pytest.raises(UnreadablePicture, match="TOO_MANY_PIXELS"):
        open_picture(bomb)


def test_a_mask_without_white_is_refused(float_model: SdxlModel) -> None:
    black = encoded(PillowImage.new("L", (WIDTH, HEIGHT), 0))
    with pytest.raises(UnreadablePicture, match="NOTHING_MASKED"):
        float_model.prepare(
            parameters(source=SourcePicture(content=encoded(picture()), strength=0.5, mask=black))
        )


@pytest.mark.parametrize("mode", ["P", "L", "LA", "RGBA", "CMYK", "I;16", "1"])
def test_pictures_of_every_mode_are_read_as_rgb(mode: str) -> None:
    image = PillowImage.new(mode, (20, 10)) if mode == "I;16" else picture((20, 10)).convert(mode)
    read = open_picture(encoded(image, "TIFF"))
    assert (read.mode, read.size) == ("RGB", (20, 10))


def test_what_is_transparent_becomes_white() -> None:
    read = open_picture(encoded(PillowImage.new("RGBA", (4, 4), (255, 0, 0, 0))))
    assert read.getpixel((0, 0)) == (255, 255, 255)


def test_a_photo_lying_on_its_side_is_turned_upright() -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    assert open_picture(encoded(picture((40, 20)), "JPEG", exif=exif)).size == (20, 40)


def test_of_an_animation_the_first_frame_is_used() -> None:
    frames = [PillowImage.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    read = open_picture(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert read.getpixel((0, 0)) == (255, 0, 0) or read.getpixel((0, 0)) == (254, 0, 0)


def test_a_drawing_over_a_picture_is_batched_with_others(float_model: SdxlModel) -> None:
    wanted = parameters(source=SourcePicture(content=encoded(picture()), strength=0.6), seed=3)
    expected = finished_latents(float_model, wanted)
    core, latents = core_of(float_model)
    run(core, (0, Ordered(parameters(seed=1))), (1, Ordered(wanted, rank=1)))
    assert torch.allclose(latents.by_seed[3], expected, atol=1e-4)
