"""A job and its failure survive being written down."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from generation.aspect_ratio import AspectRatio
from generation.errors import (
    BrokenPicture,
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
from generation.job_record import JobRecord, failure_from_json, failure_to_json, sources_of
from generation.lora import LoraWeight
from generation.place import Place
from generation.prompt import PromptHint
from generation.quality import Quality
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.sampler import Sampler
from generation.starting_point import ControlPicture, SourcePicture, Upscale, Variation

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
    with pytest.raises(ValueError, match="hexagon"):
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
    "written", [None, {}, {"kind": "Nonsense"}, {"kind": "BrokenPicture", "facts": {}}, {"kind": "Rating"}]
)
def test_a_failure_of_another_version_becomes_a_general_one(written: dict[str, object] | None) -> None:
    back = failure_from_json("0123456789abcdef", written)
    assert isinstance(back, EngineFailure)
    assert back.job_id == "0123456789abcdef"
