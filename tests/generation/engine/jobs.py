"""Jobs of small pictures, for engines without a service."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from generation.job import Job
from generation.place import Place
from generation.request import GenerationRequest
from tests.generation.engine.drawing import parameters

_NUMBERS: Iterator[int] = count(1)


def small_job(*seeds: int, rank: float = 1.0, **options: Any) -> Job:
    """A job of a picture for each of `seeds`, 64 pixels wide and high."""
    request = GenerationRequest(tags="1girl")
    images = tuple(parameters(**{"width": 64, "height": 64, "seed": seed, **options}) for seed in seeds)
    return Job(
        id=f"job-{next(_NUMBERS)}",
        request=request,
        user_id=1,
        place=Place(guild_id=1, channel_id=2),
        images=images,
        pictures=(request,) * len(images),
        hints=(),
        accepted_at=datetime.now(UTC),
        rank=rank,
    )
