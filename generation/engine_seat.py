"""The place of the engine that draws, in which another can take its seat while jobs wait and are drawn."""

import asyncio
import gc
from collections.abc import Callable

from generation.engine.engine import Engine, EngineActivity, Progress
from generation.errors import ModelUnavailable
from generation.image import Image
from generation.job import Job
from generation.work import Work


class EngineSeat:
    """Holds the engine; belongs to one event loop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._drawings: set[asyncio.Task[tuple[Image, ...]]] = set()
        self._is_settled = asyncio.Event()
        self._is_settled.set()
        self._done_before = EngineActivity()

    @property
    def failure(self) -> ModelUnavailable | None:
        """Why there is no model; None where there is one, or another engine is still to be tried."""
        return self.engine.failure if self._is_settled.is_set() else None

    @property
    def activity(self) -> EngineActivity:
        """What the engine does now, and what it and those before it have done."""
        return self._done_before + self.engine.activity

    def seconds_for(self, work: Work) -> float | None:
        """How long the engine takes for `work`, None before its model is warm."""
        return self.engine.seconds_for(work)

    async def draw(self, job: Job, on_progress: Callable[[Progress], None]) -> tuple[Image, ...]:
        """Have `job` drawn, again from the start where another engine takes the seat meanwhile.

        Raises:
            GenerationError: as `Engine.draw`; a cancel doesn't wait for another engine's model.
        """
        while True:
            # By the time that this has waited, another exchange may be on.
            while not self._is_settled.is_set():
                await job.unless_called_off(self._is_settled.wait())
            drawing = asyncio.create_task(self.engine.draw(job, on_progress), name=f"draw {job.id}")
            self._drawings.add(drawing)
            try:
                await asyncio.wait({drawing})
            finally:
                drawing.cancel()
                self._drawings.discard(drawing)
            if not drawing.cancelled():
                return drawing.result()

    async def exchange(
        self, new: Callable[[], Engine], former: Callable[[], Engine]
    ) -> ModelUnavailable | None:
        """Let the engine that `new` makes take the seat; what waits and runs waits for its model.

        Where that can't be loaded, the one that `former` makes takes it. Returns why.
        """
        on_change = self.engine.on_change
        self._is_settled.clear()
        try:
            failure = await self._seat(new, on_change)
            if failure is not None:
                await self._seat(former, on_change)
        finally:
            self.engine.on_change = on_change
            self._is_settled.set()
            on_change()
        return failure

    async def _seat(
        self, make: Callable[[], Engine], on_change: Callable[[], None]
    ) -> ModelUnavailable | None:
        await self._empty(make())
        on_change()  # those who wait are told that a model is being loaded
        await self.engine.load()
        return self.engine.failure

    async def _empty(self, successor: Engine) -> None:
        """Seat `successor`, whose model isn't loaded yet, and let everything of the engine before it go."""
        done = self.activity
        self._done_before = EngineActivity(steps=done.steps, batches=done.batches, busy_s=done.busy_s)
        before, self.engine = self.engine, successor
        before.on_change = lambda: None
        for drawing in self._drawings:
            drawing.cancel()
        if self._drawings:
            await asyncio.wait(set(self._drawings))
        await before.close()
        del before
        # Two models may not fit side by side, and hooks and callbacks hold the old one in cycles.
        await asyncio.to_thread(gc.collect)
