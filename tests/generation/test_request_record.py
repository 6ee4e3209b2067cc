"""Options that outlive a drawing."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.aspect_ratio import AspectRatio
from generation.errors import GenerationError
from generation.lora import LoraWeight
from generation.request import GenerationRequest
from generation.request_record import options_to_json, request_from_json
from generation.starting_point import SourcePicture, Upscale
from tests import hostile


def test_what_makes_a_request_comes_back_and_what_belongs_to_one_drawing_does_not() -> None:
    request = GenerationRequest(
        tags="1girl, {red|blue} hair", year=2020, aspect_ratio=AspectRatio.LANDSCAPE, guidance_scale=5.5,
        loras=(LoraWeight("ink", 0.5),),
    )  # fmt: skip
    once = GenerationRequest(
        tags="1girl", seed=7, source=SourcePicture(content=b"x", strength=0.5), upscale=Upscale(factor=2.0)
    )
    written = json.loads(json.dumps(options_to_json(request)))
    assert request_from_json(written) == request
    assert request_from_json(options_to_json(once)) == GenerationRequest(tags="1girl")


@pytest.mark.parametrize(
    "written",
    [{}, {"tags": 7}, {"tags": "1girl", "year": 1}, {"tags": "1girl", "rating": "mild"}, {"tags": ""}],
)
def test_what_cannot_be_asked_for_any_more_is_refused(written: dict[str, object]) -> None:
    with pytest.raises((ValueError, GenerationError)):
        request_from_json(written)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.dictionaries(
        st.sampled_from([*GenerationRequest.__dataclass_fields__]) | hostile.texts(),
        hostile.values(),
        max_size=4,
    )
)
def test_any_json_is_a_request_or_refused(written: dict[str, Any]) -> None:
    with suppress(ValueError, GenerationError):
        request_from_json({"tags": "1girl", **written})
