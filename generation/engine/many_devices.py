"""Several devices of this machine as one engine: each picture goes to the one that should have it drawn first."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from generation.encoding_mode import EncodingMode
from generation.engine.engine import DeviceStatus, EngineActivity, EngineState, Progress, told_apart
from generation.engine.job_drawing import PictureTask, draw_pictures
from generation.engine.local_engine import RESTART_LIMIT, LocalEngine
from generation.engine_options import EngineOptions
from generation.errors import DeviceLost, ModelUnavailable
from generation.image import Image
from generation.job import Job
from generation.lora import LoraWeight
from generation.model_errors import DeviceGone
from generation.model_source import ModelSource
from generation.work import Work

log = logging.getLogger(__name__)


class ManyDevices:
    """Draws jobs on the devices that `names` lists (one may be named twice); see `Engine`.

    Each has a model and a thread of its own. A device that fails leaves the others drawing: its pictures are drawn by
    them. The models are loaded one after another: what the first one read from disk the others find in the operating
    system's cache, only one copy is on its way through the computer's memory, and the first device draws already.
    """

    def __init__(
        self,
        source: ModelSource,
        names: Sequence[str],
        options: EngineOptions | None = None,
        encoding: EncodingMode = EncodingMode.PADDED,
    ) -> None:
        self._engines = tuple(
            LocalEngine(replace(source, device=name), options, encoding, keeps_pictures=len(names) == 1)
            for name in names
        )
        for engine in self._engines:
            engine.on_change = self._changed
        self._placed: dict[tuple[str, int], LocalEngine] = {}
        self.on_change: Callable[[], None] = lambda: None

    @property
    def shows_previews(self) -> bool:
        """Whether previews are made."""
        return self._engines[0].shows_previews

    @shows_previews.setter
    def shows_previews(self, wanted: bool) -> None:
        for engine in self._engines:
            engine.shows_previews = wanted

    @property
    def state(self) -> EngineState:
        """READY while one of them can draw, FAILED when none can and none is being loaded."""
        states = {engine.state for engine in self._engines}
        return next(
            state for state in (EngineState.READY, EngineState.LOADING, EngineState.FAILED) if state in states
        )

    @property
    def failure(self) -> ModelUnavailable | None:
        """Why the first one has no model, where none has; one that another process might use comes before it."""
        if self.state is not EngineState.FAILED:
            return None
        failures = [failure for engine in self._engines if (failure := engine.failure) is not None]
        return next((failure for failure in failures if isinstance(failure.cause, DeviceGone)), failures[0])

    @property
    def devices(self) -> tuple[DeviceStatus, ...]:
        """All of them; a number tells those of one name apart."""
        return told_apart(status for engine in self._engines for status in engine.devices)

    @property
    def activity(self) -> EngineActivity:
        """What all of them have done and do; of those that can't draw no slots are counted."""
        total = EngineActivity()
        for engine in self._engines:
            own = engine.activity
            total += own if engine.state is EngineState.READY else replace(own, slots=0)
        return total

    @property
    def has_controlnet(self) -> bool:
        """Whether control pictures can be read."""
        return self._engines[0].has_controlnet

    def seconds_for(self, work: Work, *, ahead: Work = Work()) -> float | None:  # noqa: B008 - a frozen value
        """How long until `work` is drawn that begins when `ahead` is done, by all that can draw together."""
        able = [engine for engine in self._engines if engine.state is EngineState.READY]
        own = [seconds for engine in able if (seconds := engine.seconds_for(work)) is not None]
        others = [seconds for engine in able if (seconds := engine.seconds_for(ahead)) is not None]
        if not own:
            return None
        shared = 1 / sum(1 / seconds for seconds in others) if all(others) else 0.0
        return shared + sum(own) / len(own)

    def takes(self, rank: float) -> bool:
        """Whether one of them would draw a job of this rank at once."""
        return any(engine.state is EngineState.READY and engine.takes(rank) for engine in self._engines)

    def reserve(self, job: Job) -> None:
        """Choose a device for each of the job's pictures, and count them there."""
        for number, parameters in enumerate(job.images):
            if (job.id, number) not in self._placed:
                self._place((job.id, number), job.rank, parameters.work, parameters.loras)

    def release(self, job: Job) -> None:
        """Give back the places that `job` still holds."""
        for number in range(len(job.images)):
            if engine := self._placed.pop((job.id, number), None):
                engine.leave((job.id, number))

    def count_tokens(self, prompt: str) -> int | None:
        """How many CLIP tokens `prompt` takes; None while not even the tokenizer is loaded."""
        counts = (engine.count_tokens(prompt) for engine in self._engines)
        return next((count for count in counts if count is not None), None)

    async def load(self) -> None:
        """Load the model where it failed to load, or everywhere where it is nowhere amiss."""
        failed = [engine for engine in self._engines if engine.state is EngineState.FAILED]
        chosen = failed or self._engines
        for engine in chosen:
            await engine.load_model()
        # Only now: who loads waits for who compiles, which takes minutes.
        for engine in chosen:
            engine.compile()

    async def draw(self, job: Job, on_progress: Callable[[Progress], None]) -> tuple[Image, ...]:
        """Draw all pictures of `job`, each on its device. Raises as `Engine.draw` does."""
        self.reserve(job)
        try:
            return await draw_pictures(job, on_progress, self._draw_picture)
        finally:
            self.release(job)

    async def close(self) -> None:
        """Let the running steps end, and take no more."""
        await asyncio.gather(*(engine.close() for engine in self._engines))

    def _changed(self) -> None:
        self.on_change()

    async def _draw_picture(self, task: PictureTask) -> Image:
        """Draw a picture, where its device fails on another one; it may lose as many devices as one is restarted."""
        losses = 0
        while True:
            engine = self._placed[task.key]
            try:
                return await engine.draw_picture(task)
            except (DeviceLost, ModelUnavailable) as error:
                losses += isinstance(error, DeviceLost)
                if losses > RESTART_LIMIT or self.state is EngineState.FAILED:
                    raise
                log.warning("A picture is drawn on another device: %s", error, extra={"job": task.job_id})
            engine.leave(task.key)
            self._place(task.key, task.rank, task.parameters.work, task.parameters.loras)

    def _place(
        self, picture: tuple[str, int], rank: float, work: Work, loras: tuple[LoraWeight, ...]
    ) -> None:
        engine = min(self._engines, key=partial(_preference, rank=rank, work=work, loras=loras))
        self._placed[picture] = engine
        engine.places.hold(picture, rank, work)


def _preference(
    engine: LocalEngine, *, rank: float, work: Work, loras: tuple[LoraWeight, ...]
) -> tuple[int, bool, bool, int, float]:
    """How soon a device would have a picture drawn; the smallest is the best.

    One that can draw comes before one that will be able to; then a free place counts, then one that can be had, then
    LoRAs that are in memory already, then the time for all that it has to do.
    """
    order = (EngineState.READY, EngineState.LOADING, EngineState.FAILED)
    missing = {lora.name for lora in loras} - engine.loaded_loras
    return (
        order.index(engine.state),
        not engine.places.are_free,
        not engine.takes(rank),
        len(missing),
        engine.seconds_for(work, ahead=engine.places.work) or 0.0,
    )
