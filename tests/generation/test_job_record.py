"""A job and its failure survive being written down."""

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cogs.language import ENGLISH
from cogs.refusals import refusal
from generation import errors
from generation.aspect_ratio import AspectRatio
from generation.errors import (
    BrokenPicture,
    DrawingInterrupted,
    EngineFailure,
    GenerationError,
    InvalidRequest,
    Limit,
    LimitReached,
    ModelUnavailable,
    OutOfMemory,
    PromptTooLong,
    StorageFailure,
    UnknownLora,
)
from generation.image import ImageParameters
from generation.job_record import JobRecord, UnreadableRecord, failure_from_json, failure_to_json, sources_of
from generation.lora import LoraWeight
from generation.place import Place
from generation.prompt import PromptHint
from generation.quality import Quality
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.sampler import Sampler
from generation.starting_point import ControlPicture, SourcePicture, Upscale, Variation
from tests import hostile

SOURCE = SourcePicture(content=b"\x89PNG\x00\xff", strength=0.5, mask=b"\xfe")
CONTROL = ControlPicture(content=b"\xff\x00", scale=0.8)

REQUEST = GenerationRequest(
    tags="1girl, 夜空",
    rating=Rating.SENSITIVE,
    quality=Quality.LIGHTER,
    aspect_ratio=AspectRatio.LANDSCAPE_WIDE,
    seed=2**32 - 1,
    sampler=Sampler.UNIPC,
    loras=(LoraWeight("ink", -0.5),),
    source=SOURCE,
    control=CONTROL,
    variation=Variation(seed=5, strength=0.2),
    upscale=Upscale(factor=1.5),
)
IMAGE = ImageParameters(
    prompt="1girl",
    negative_prompt="lowres",
    width=832,
    height=1216,
    num_inference_steps=25,
    guidance_scale=6.0,
    seed=2**32 - 1,
    model="x",
    source=SOURCE,
    control=CONTROL,
)
RECORD = JobRecord(
    request=REQUEST,
    place=Place(guild_id=None, channel_id=2**62, is_age_restricted=True),
    images=(IMAGE, replace(IMAGE, seed=0)),
    hints=(PromptHint.WEIGHTS_LIMITED,),
)


def test_a_job_comes_back_as_it_was() -> None:
    files = sources_of(REQUEST)
    assert JobRecord.from_json(json.loads(json.dumps(RECORD.to_json())), files) == RECORD


def test_the_files_that_it_starts_from_are_kept_beside_it_and_may_be_gone() -> None:
    written = json.dumps(RECORD.to_json())
    assert all(base64.b64encode(file).decode() not in written for file in sources_of(REQUEST))
    without = JobRecord.from_json(json.loads(written), ()).request
    assert not any(sources_of(without))
    assert len(sources_of(without)) == len(sources_of(REQUEST)) == 3


def test_what_another_version_wrote_is_refused_where_it_is_not_understood() -> None:
    written = RECORD.to_json()
    written["request"]["aspect_ratio"] = "hexagon"
    with pytest.raises(UnreadableRecord, match=r"request.*aspect_ratio: enum") as refusal:
        JobRecord.from_json(written, ())
    assert "hexagon" not in str(refusal.value)


def test_what_other_bounds_allowed_is_refused_as_well() -> None:
    written = RECORD.to_json()
    written["request"]["num_inference_steps"] = 5000
    with pytest.raises(UnreadableRecord, match="InvalidRequest"):
        JobRecord.from_json(written, ())


@pytest.mark.parametrize(
    "error",
    [
        OutOfMemory(),
        BrokenPicture(7),
        PromptTooLong("prompt", 260, 225),
        UnknownLora("inc", ("ink", "glow")),
        StorageFailure("No space left on device"),
        LimitReached(Limit.QUEUE_LENGTH, 3, datetime(2026, 1, 1, tzinfo=UTC)),
        InvalidRequest("steps", 200, "1 – 50"),
        EngineFailure("0123456789abcdef"),
        DrawingInterrupted(5),
    ],
)
def test_a_failure_comes_back_with_its_facts(error: GenerationError) -> None:
    back = failure_from_json("0123456789abcdef", json.loads(json.dumps(failure_to_json(error))))
    assert type(back) is type(error)
    assert vars(back) == vars(error)


def test_of_a_cause_only_its_words_are_kept() -> None:
    back = failure_from_json("x", failure_to_json(ModelUnavailable(OSError("no such file"))))
    assert isinstance(back, ModelUnavailable)
    assert "no such file" in str(back.cause)


@pytest.mark.parametrize(
    "written",
    [
        None,
        {},
        {"kind": "Nonsense"},
        {"kind": "NoTags", "facts": None},
        {"kind": "BrokenPicture", "facts": {}},
        {"kind": "Rating"},
    ],
)
def test_a_failure_of_another_version_becomes_a_general_one(written: dict[str, object] | None) -> None:
    back = failure_from_json("0123456789abcdef", written)
    assert isinstance(back, EngineFailure)
    assert back.job_id == "0123456789abcdef"


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_a_record_with_anything_in_any_place_is_read_or_refused(data: st.DataObject) -> None:
    written = json.loads(json.dumps(RECORD.to_json()))
    for _ in range(data.draw(st.integers(1, 2))):
        inner, key = data.draw(st.sampled_from(list(_places(written))))
        inner[key] = data.draw(hostile.values())
    with suppress(UnreadableRecord):
        JobRecord.from_json(written, data.draw(st.sampled_from([(), (b"a",), (b"a", b"b", b"c")])))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.sampled_from([name for name in vars(errors) if name[0].isupper()]) | hostile.texts(),
    hostile.values()
    | st.dictionaries(
        st.sampled_from(["option", "value", "limit", "frees_at", "cause", "seed"]), hostile.values()
    ),
)
def test_a_failure_with_any_facts_is_one_that_can_be_told(kind: str, facts: Any) -> None:
    back = failure_from_json("0123456789abcdef", {"kind": kind, "facts": facts})
    assert isinstance(back, GenerationError)
    assert refusal(ENGLISH, back)


def _places(written: Any) -> Iterator[tuple[Any, Any]]:
    """Every value of a record, by what it stands in and its key."""
    pairs = written.items() if isinstance(written, dict) else enumerate(written)
    for key, inner in list(pairs):
        yield written, key
        if isinstance(inner, dict | list):
            yield from _places(inner)
