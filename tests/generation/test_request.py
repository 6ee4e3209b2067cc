"""A request checks itself once, when it is made, and says what is allowed."""

import math
from typing import Any

import pytest

from generation.aspect_ratio import AspectRatio
from generation.errors import InvalidRequest, NoTags, TextTooLong
from generation.lora import LoraWeight
from generation.request import GenerationRequest
from generation.starting_point import ControlPicture, SourcePicture, Upscale, Variation


def test_tags_alone_make_a_request_with_the_cards_defaults() -> None:
    request = GenerationRequest(tags="1girl, smile")
    assert (request.aspect_ratio.width, request.aspect_ratio.height) == (832, 1216)
    assert request.count == 1
    assert request.seed is None


@pytest.mark.parametrize(
    ("option", "field", "value"),
    [
        ("year", "year", 2004),
        ("year", "year", 2026),
        ("steps", "num_inference_steps", 0),
        ("steps", "num_inference_steps", 101),
        ("guidance", "guidance_scale", 0.5),
        ("guidance", "guidance_scale", math.nan),
        ("guidance", "guidance_scale", math.inf),
        ("seed", "seed", -1),
        ("seed", "seed", 2**32),
        ("count", "count", 0),
        ("count", "count", 5),
        ("guidance rescale", "guidance_rescale", 1.1),
        ("guidance rescale", "guidance_rescale", math.nan),
        ("clip skip", "clip_skip", 3),
        ("strength", "source", SourcePicture(content=b"", strength=0)),
        ("strength", "source", SourcePicture(content=b"", strength=1.01)),
        ("control scale", "control", ControlPicture(content=b"", scale=2.1)),
        ("variation strength", "variation", Variation(seed=1, strength=-0.1)),
        ("variation seed", "variation", Variation(seed=2**32, strength=0.1)),
        ("upscale", "upscale", Upscale(factor=3)),
        ("upscale strength", "upscale", Upscale(factor=2, strength=0)),
        ("loras", "loras", (LoraWeight("a"),) * 5),
        ("weight of a", "loras", (LoraWeight("a", 2.5),)),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_option(option: str, field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        GenerationRequest(**{"tags": "1girl", field: value})
    assert refusal.value.option == option
    assert refusal.value.allowed


def test_a_request_without_tags_is_refused() -> None:
    with pytest.raises(NoTags):
        GenerationRequest(tags="  ,, \n")


@pytest.mark.parametrize("option", ["tags", "negative_prompt"])
def test_a_text_longer_than_discord_takes_is_refused(option: str) -> None:
    options: dict[str, Any] = {"tags": "1girl", option: "a" * 6001}
    with pytest.raises(TextTooLong) as refusal:
        GenerationRequest(**options)
    assert (refusal.value.option, refusal.value.length, refusal.value.limit) == (option, 6001, 6000)


def test_every_resolution_of_the_model_card_is_offered() -> None:
    """The table of the card, "Orientation Dimensions Aspect Ratio"."""
    card = {
        (1024, 1024, "1:1"), (1152, 896, "9:7"), (1216, 832, "3:2"), (1344, 768, "7:4"), (1536, 640, "12:5"),
        (896, 1152, "7:9"), (832, 1216, "2:3"), (768, 1344, "4:7"), (640, 1536, "5:12"),
    }  # fmt: skip
    assert {(aspect.width, aspect.height, aspect.ratio) for aspect in AspectRatio} == card


@pytest.mark.parametrize("text", ["portrait", "Portrait", "2:3", "832x1216", "832 x 1216"])
def test_an_aspect_is_found_by_name_ratio_or_pixels(text: str) -> None:
    assert AspectRatio.parse(text) is AspectRatio.PORTRAIT


def test_an_unknown_aspect_is_refused() -> None:
    with pytest.raises(ValueError, match="16:9"):
        AspectRatio.parse("16:9")
