"""Three ways of serving the same requests on one device: the model card's script, static batches, our engine."""

import asyncio
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from diffusers import EulerAncestralDiscreteScheduler, StableDiffusionXLPipeline

from bench.loads import Arrival, Load
from bench.open_terms import open_terms, utc_now
from generation.engine.engine import EngineState
from generation.engine.local_engine import LocalEngine
from generation.engine_options import EngineOptions
from generation.job import Finished, Job
from generation.job_factory import JobFactory
from generation.job_store import ForgetfulStore
from generation.model_profile import ANIMAGINE_XL_4
from generation.model_source import ModelSource
from generation.place import Place
from generation.request import GenerationRequest
from generation.service import GenerationService


@dataclass(frozen=True, slots=True)
class Served:
    """When each request of a load had its PNG file, in seconds after it came, by its place; and how long all took."""

    latencies_s: tuple[float, ...]
    total_s: float


@dataclass(frozen=True, slots=True)
class Setup:
    """What is drawn with, and by how much the nine sizes are divided, so that a CPU can draw them in time."""

    source: ModelSource
    shrink: int


class StockPipeline:
    """diffusers' pipeline as the model card sets it up, serving first come, first served.

    With `most` above 1 those who wait for equal pictures are drawn together, in one static batch. `saving_s` counts how
    long the PNG files took, which are written between the drawings.
    """

    def __init__(self, setup: Setup) -> None:
        self._shrink = setup.shrink
        self.saving_s: list[float] = []
        self._pipeline = StableDiffusionXLPipeline.from_pretrained(
            setup.source.source,
            dtype=torch.float32 if setup.source.device == "cpu" else torch.float16,
            use_safetensors=True,
            add_watermarker=False,
        ).to(setup.source.device)
        self._pipeline.set_progress_bar_config(disable=True)
        scheduler = EulerAncestralDiscreteScheduler.from_config(self._pipeline.scheduler.config)
        self._pipeline.scheduler = scheduler

    def serve(self, load: Load, most: int) -> Served:
        """Serve `load` in real time, up to `most` requests at once."""
        return serve_first_come(load, most, self._draw)

    def _draw(self, batch: Sequence[Arrival]) -> None:
        wanted = batch[0]
        pictures = self._pipeline(
            [f"{arrival.tags}, {ANIMAGINE_XL_4.quality_tags}" for arrival in batch],
            negative_prompt=[ANIMAGINE_XL_4.negative_prompt] * len(batch),
            width=wanted.aspect_ratio.width // self._shrink,
            height=wanted.aspect_ratio.height // self._shrink,
            guidance_scale=ANIMAGINE_XL_4.guidance_scale,
            num_inference_steps=wanted.num_inference_steps,
            generator=[torch.Generator("cpu").manual_seed(arrival.seed) for arrival in batch],
        ).images
        for picture in pictures:
            begin = time.perf_counter()
            picture.save(io.BytesIO(), "PNG")
            self.saving_s.append(time.perf_counter() - begin)


def serve_first_come(load: Load, most: int, draw: Callable[[Sequence[Arrival]], None]) -> Served:
    """Serve `load` in real time with `draw`, which takes up to `most` requests for equal pictures, the oldest first."""
    begin = time.perf_counter()
    waiting = list(enumerate(load.arrivals))
    latencies = [0.0] * len(waiting)
    while waiting:
        now = time.perf_counter() - begin
        _, first = waiting[0]
        if first.at_s > now:
            time.sleep(first.at_s - now)
            continue
        batch = [(place, each) for place, each in waiting if each.at_s <= now and _equal(each, first)][:most]
        draw([arrival for _, arrival in batch])
        done = time.perf_counter() - begin
        for place, arrival in batch:
            latencies[place] = done - arrival.at_s
        waiting = [pair for pair in waiting if pair not in batch]
    return Served(tuple(latencies), time.perf_counter() - begin)


def _equal(one: Arrival, other: Arrival) -> bool:
    return (one.aspect_ratio, one.num_inference_steps) == (other.aspect_ratio, other.num_inference_steps)


class OurService:
    """The bot's own generation service, as `/imagine` uses it; belongs to one event loop."""

    def __init__(self, setup: Setup, options: EngineOptions) -> None:
        self._engine = LocalEngine(setup.source, options)
        self._service = SmallPictures(
            setup.shrink,
            engine=self._engine,
            terms=open_terms(options, steps=100),
            store=ForgetfulStore(),
            clock=utc_now,
        )

    @property
    def slots(self) -> int:
        """How many pictures are drawn at once."""
        return self._engine.activity.slots

    async def start(self) -> None:
        """Load the model and wait until it draws.

        Raises:
            ModelUnavailable: it could not be loaded.
        """
        self._service.start()
        while self._engine.state is EngineState.LOADING:
            await asyncio.sleep(0.05)
        if self._engine.failure is not None:
            raise self._engine.failure

    async def stop(self) -> None:
        """Let the model go."""
        await self._service.stop()

    async def serve(self, load: Load) -> Served:
        """Serve `load` in real time."""
        begin = time.perf_counter()

        async def ask(arrival: Arrival) -> float:
            await asyncio.sleep(arrival.at_s - (time.perf_counter() - begin))
            request = GenerationRequest(
                tags=arrival.tags,
                aspect_ratio=arrival.aspect_ratio,
                num_inference_steps=arrival.num_inference_steps,
                seed=arrival.seed,
            )
            job = await self._service.submit(
                request, user_id=arrival.seed, place=Place(guild_id=1, channel_id=1)
            )
            ending = await job.ending()
            if not isinstance(ending, Finished):
                raise RuntimeError(f"a picture was not drawn: {ending}")  # noqa: TRY004 - no caller's mistake
            return time.perf_counter() - begin - arrival.at_s

        latencies = await asyncio.gather(*map(ask, load.arrivals))
        return Served(tuple(latencies), time.perf_counter() - begin)


class SmallPictures(GenerationService):
    """The service, with pictures smaller than the bot offers."""

    def __init__(self, shrink: int, **parts: Any) -> None:
        super().__init__(**parts)
        self._factory = SmallJobs(shrink, self._factory)


class SmallJobs(JobFactory):
    """Makes jobs of pictures whose sides are divided by `shrink`."""

    def __init__(self, shrink: int, factory: JobFactory) -> None:
        vars(self).update(vars(factory))
        self._shrink = shrink

    def make(self, *arguments: Any, **named: Any) -> Job:
        """Make a job as usual, of smaller pictures."""
        job = super().make(*arguments, **named)
        job.images = tuple(
            replace(image, width=image.width // self._shrink, height=image.height // self._shrink)
            for image in job.images
        )
        return job
