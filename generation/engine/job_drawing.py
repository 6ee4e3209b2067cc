"""A job taken apart into pictures, each drawn wherever an engine likes, and put together again."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from generation.engine.engine import Progress
from generation.image import Image, ImageParameters
from generation.job import Job


class JobProgress:
    """Adds up how far a job's pictures are, on the event loop.

    A picture that has to be drawn again counts from where it was: nobody's bar runs backwards.
    """

    def __init__(self, on_progress: Callable[[Progress], None]) -> None:
        self._on_progress = on_progress
        self._steps: dict[int, int] = {}
        self._preview: bytes | None = None
        self._previewed_at = time.monotonic()

    def step(self, number: int, steps_done: int) -> None:
        """Take note that a picture has been advanced so far."""
        self._steps[number] = max(steps_done, self._steps.get(number, 0))
        self._tell()

    def show(self, preview: bytes) -> None:
        """Take the newest preview."""
        self._preview = preview
        self._tell()

    def wants_preview(self, interval_s: float) -> bool:
        """Whether a preview is due, once every `interval_s`; asked by the one thread that would make it."""
        if time.monotonic() - self._previewed_at < interval_s:
            return False
        self._previewed_at = time.monotonic()
        return True

    def _tell(self) -> None:
        self._on_progress(Progress(sum(self._steps.values()), self._preview))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PictureTask:
    """One picture of a job. `is_cancelled` is asked by any thread."""

    job_id: str
    number: int
    parameters: ImageParameters
    rank: float
    is_cancelled: Callable[[], bool]
    progress: JobProgress

    @property
    def key(self) -> tuple[str, int]:
        """What the picture's place in a batch is known by."""
        return self.job_id, self.number


async def draw_pictures(
    job: Job, on_progress: Callable[[Progress], None], draw_picture: Callable[[PictureTask], Awaitable[Image]]
) -> tuple[Image, ...]:
    """Draw all pictures of `job` at once by `draw_picture`. Where one fails, the others are given up."""
    progress, given_up = JobProgress(on_progress), threading.Event()
    tasks = [
        PictureTask(
            job_id=job.id,
            number=number,
            parameters=parameters,
            rank=job.rank,
            is_cancelled=lambda: job.is_cancel_requested or given_up.is_set(),
            progress=progress,
        )
        for number, parameters in enumerate(job.images)
    ]
    drawings = [asyncio.ensure_future(draw_picture(task)) for task in tasks]
    try:
        return tuple(await asyncio.gather(*drawings))
    finally:
        given_up.set()
        for drawing in drawings:
            drawing.cancel()
