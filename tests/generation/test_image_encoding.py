"""Pictures become files that other tools can read, no larger than allowed."""

import io
import random
from dataclasses import replace
from pathlib import Path

import pytest
import sd_parsers
from PIL import Image as PillowImage

from generation.image import Image, ImageParameters
from generation.image_encoding import UploadTooLarge, encode_png, encode_untold, fit_upload
from generation.image_metadata import PARAMETERS_KEY, parameters_text
from generation.lora import LoraWeight
from generation.sampler import Sampler
from generation.starting_point import ControlPicture, SourcePicture, Upscale, Variation

PARAMETERS = ImageParameters(
    prompt=r"1girl, firefly \(honkai: star rail\), (smile:1.2), 夜空",
    negative_prompt="lowres, bad anatomy",
    width=832,
    height=1216,
    num_inference_steps=25,
    guidance_scale=6.0,
    seed=4294967295,
    model="cagliostrolab/animagine-xl-4.0",
)


def noise(side: int) -> PillowImage.Image:
    """A picture that compresses badly."""
    return PillowImage.frombytes("RGB", (side, side), random.Random(1).randbytes(side * side * 3))


def picture(side: int) -> Image:
    return Image(PARAMETERS, encode_png(noise(side), PARAMETERS))


def test_the_parameters_text_has_the_widely_read_form() -> None:
    assert parameters_text(PARAMETERS) == (
        "1girl, firefly \\(honkai: star rail\\), (smile:1.2), 夜空\n"
        "Negative prompt: lowres, bad anatomy\n"
        "Steps: 25, Sampler: Euler a, CFG scale: 6, Seed: 4294967295, Size: 832x1216, "
        "Model: animagine-xl-4.0, Version: Anim4gine Bot"
    )


def test_whatever_changed_the_picture_is_in_its_parameters() -> None:
    changed = replace(
        PARAMETERS,
        sampler=Sampler.DPM_PLUS_PLUS_2M_KARRAS,
        clip_skip=1,
        guidance_rescale=0.7,
        guided_share=0.6,
        loras=(LoraWeight("ink", 0.8), LoraWeight("lightning")),
        source=SourcePicture(content=b"", strength=0.4, mask=b""),
        control=ControlPicture(content=b"", scale=0.9),
        variation=Variation(seed=5, strength=0.25),
        precision="float8",
    )
    text = parameters_text(changed)
    assert "<lora:ink:0.8> <lora:lightning:1>\n" in text
    assert text.splitlines()[-1] == (
        "Steps: 25, Sampler: DPM++ 2M Karras, CFG scale: 6, Seed: 4294967295, Size: 832x1216, "
        "Model: animagine-xl-4.0, Denoising strength: 0.4, Inpainting: latent blending, Control scale: 0.9, "
        "Variation seed: 5, Variation seed strength: 0.25, Clip skip: 3, Guidance rescale: 0.7, "
        "Guided share: 0.6, Precision: float8, Version: Anim4gine Bot"
    )
    enlarged = parameters_text(replace(PARAMETERS, upscale=Upscale(factor=1.5, strength=0.6)))
    assert "Denoising strength: 0.6" in enlarged
    assert "Hires upscale: 1.5, Hires upscaler: Latent (nearest-exact)" in enlarged


def test_another_reader_understands_our_png(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(picture(64).png)
    read = sd_parsers.ParserManager().parse(path)
    assert read is not None
    assert [prompt.value for prompt in read.prompts] == [PARAMETERS.prompt]
    assert [prompt.value for prompt in read.negative_prompts] == [PARAMETERS.negative_prompt]
    sampler = read.samplers[0]
    assert sampler.name == "Euler a"
    assert sampler.parameters["seed"] == "4294967295"
    assert sampler.parameters["steps"] == "25"


def test_png_keeps_every_pixel() -> None:
    original = noise(32)
    decoded = PillowImage.open(io.BytesIO(encode_png(original, PARAMETERS)))
    assert decoded.tobytes() == original.tobytes()


def test_a_picture_within_the_limit_stays_the_png_that_it_is() -> None:
    image = picture(64)
    file = fit_upload(image, len(image.png))
    assert (file.content, file.extension) == (image.png, "png")


def test_a_picture_over_the_limit_becomes_a_webp_with_its_parameters(tmp_path: Path) -> None:
    image = picture(256)
    file = fit_upload(image, len(image.png) - 1)
    assert file.extension == "webp"
    assert len(file.content) < len(image.png)
    decoded = PillowImage.open(io.BytesIO(file.content))
    assert decoded.size == (256, 256)
    comment = decoded.getexif().get_ifd(0x8769)[0x9286]
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be") == parameters_text(PARAMETERS)


def test_a_picture_that_fits_in_no_way_is_refused_with_both_sizes() -> None:
    with pytest.raises(UploadTooLarge) as refusal:
        fit_upload(picture(256), 1000)
    assert refusal.value.limit_bytes == 1000
    assert refusal.value.size_bytes > 1000


@pytest.mark.parametrize("prompt", ["a\nNegative prompt: b", "a\r\n\tb", "Steps: 1, Seed: 2"])
def test_line_ends_in_a_prompt_cannot_forge_settings(prompt: str) -> None:
    forged = ImageParameters(
        **{**{f: getattr(PARAMETERS, f) for f in PARAMETERS.__slots__}, "prompt": prompt}
    )
    assert parameters_text(forged).count("\n") == 2
    assert PARAMETERS_KEY == "parameters"


def test_an_untold_copy_holds_pixels_and_nothing_else() -> None:
    copy = encode_untold(picture(64), 2**20)
    opened = PillowImage.open(io.BytesIO(copy.content))
    assert (copy.extension, opened.format, opened.size) == ("webp", "WEBP", (64, 64))
    assert not dict(opened.getexif())
    assert not {"exif", "xmp", "comment", PARAMETERS_KEY} & set(opened.info)
    assert b"firefly" not in copy.content
    assert "firefly".encode("utf-16-be") not in copy.content
    with pytest.raises(UploadTooLarge):
        encode_untold(picture(64), 100)
