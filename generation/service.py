"""The life of a job: from a request to pictures, through policy, limits, the queue and the engine.

Knows neither who shows the updates nor how; a slash command and the terminal use it alike.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from generation.content_policy import ContentPolicy
from generation.engine.local_engine import EngineState, LocalEngine, Progress
from generation.errors import (
    DrawingCancelled,
    EngineFailure,
    GenerationError,
    InvalidRequest,
    JobIsOver,
    Limit,
    LimitReached,
    NoControlNet,
    NotTheAsker,
    PromptTooLong,
    ServiceStopping,
)
from generation.image import ImageParameters
from generation.job import Cancelled, Ending, Failed, Finished, Job, Queued, Running
from generation.job_queue import JobQueue, rank_of
from generation.model_profile import ModelProfile
from generation.place import Place
from generation.prompt import AssembledPrompt, assemble_prompt
from generation.rate_limiter import RateLimiter
from generation.request import SEED_LIMIT, GenerationRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLimits:
    """How much the service takes on: jobs waiting in all, CLIP tokens in a prompt, steps of a picture."""

    queue_length: int
    prompt_tokens: int
    steps: int


class GenerationService:
    """Takes requests and draws them one job after another; belongs to one event loop.

    `model_name` goes into the pictures' metadata. `clock` gives the current, time-zone-aware time.
    """

    def __init__(
        self,
        *,
        engine: LocalEngine,
        profile: ModelProfile,
        model_name: str,
        policy: ContentPolicy,
        rate_limiter: RateLimiter,
        limits: ServiceLimits,
        clock: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._profile = profile
        self._model_name = model_name
        self._policy = policy
        self._rate_limiter = rate_limiter
        self._limits = limits
        self._clock = clock
        self._queue = JobQueue()
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._is_stopping = False
        self._loading: asyncio.Task[None] | None = None

    @property
    def profile(self) -> ModelProfile:
        """The model profile that requests are drawn with."""
        return self._profile

    @property
    def engine_state(self) -> EngineState:
        """Whether the model is there, on its way, or failed to load."""
        return self._engine.state

    def start(self) -> None:
        """Begin to load the model and to draw; returns at once."""
        self._engine.on_change = self._engine_changed
        self.reload_model()

    def reload_model(self) -> bool:
        """Load the model (again) in the background; False when it is being loaded already."""
        if self._loading is not None and not self._loading.done():
            return False
        self._loading = asyncio.create_task(self._engine.load(), name="load model")
        return True

    async def submit(self, request: GenerationRequest, user_id: int, place: Place) -> Job:
        """Accept `request` as a job, or say why not. The job's `updates()` tell the rest.

        Raises:
            InvalidRequest: more steps than the operator allows.
            NoControlNet: a control picture, where the operator has named no network to read it.
            PolicyRefusal: it may not be drawn here.
            PromptTooLong: too many tokens (checked later where no tokenizer is loaded yet).
            LimitReached: this person, or the queue, has no place for it now.
            ModelUnavailable: the model failed to load.
            ServiceStopping: the bot is going down.
        """
        self._check_steps(request)
        if request.control is not None and not self._engine.has_controlnet:
            raise NoControlNet
        # Text made to be hard to read can take the policy a good part of a second.
        await asyncio.to_thread(self._policy.check, request, place)
        assembled = await asyncio.to_thread(assemble_prompt, request, self._profile)
        if self._is_stopping:
            raise ServiceStopping
        if failure := self._engine.failure:
            raise failure
        job = self._job_for(request, assembled, user_id, place)
        self._check_length(job)
        # From here to `accept` nothing is awaited, so two requests can't both take the last place.
        self._rate_limiter.check(user_id, self._next_free_at(user_id))
        if len(self._queue) >= self._limits.queue_length:
            raise LimitReached(Limit.QUEUE_LENGTH, self._limits.queue_length, self._front_free_at())
        self._rate_limiter.accept(user_id)
        self._jobs[job.id] = job
        self._queue.put(job)
        log.info("Job accepted", extra={"job": job.id})
        self._feed_engine()
        return job

    def cancel(self, job_id: str, user_id: int) -> None:
        """Call off a job that waits or runs.

        Raises:
            JobIsOver: it has ended, or was never known.
            NotTheAsker: it is somebody else's.
        """
        job = self._jobs.get(job_id)
        if job is None:
            raise JobIsOver
        if job.user_id != user_id:
            raise NotTheAsker
        job.request_cancel()
        if self._queue.remove(job):
            self._end(job, Cancelled())

    async def stop(self) -> None:
        """Take no more requests, end what waits and runs with `ServiceStopping`, and give the engine back."""
        self._is_stopping = True
        for job in tuple(self._jobs.values()):
            job.request_cancel()
            self._queue.remove(job)
            self._end(job, Failed(ServiceStopping()))
        tasks = [*self._running.values(), *([self._loading] if self._loading else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._engine.close()

    def _engine_changed(self) -> None:
        """Act on what the engine has to say: a free slot, a model that is there or not."""
        if failure := self._engine.failure:
            for job in tuple(self._queue):
                self._queue.remove(job)
                self._end(job, Failed(failure))
        self._feed_engine()

    def _feed_engine(self) -> None:
        """Hand the engine the jobs that it would draw at once, and tell the others where they stand."""
        while (
            self._engine.state is EngineState.READY
            and (job := self._queue.first) is not None
            and self._engine.takes(job.rank)
        ):
            self._queue.remove(job)
            self._engine.reserve(job)
            job.publish(Running(0, job.total_steps))
            self._running[job.id] = asyncio.create_task(self._run(job), name=f"draw {job.id}")
        self._publish_positions()

    async def _run(self, job: Job) -> None:
        try:
            ending = await self._draw(job)
        finally:
            del self._running[job.id]
            self._engine.release(job)
        self._end(job, ending)
        self._feed_engine()

    async def _draw(self, job: Job) -> Ending:
        """Draw one job to its end. An error ends this job alone; here is the border where it is logged."""
        begin = time.monotonic()
        try:
            self._check_length(job)
            images = await self._engine.draw(job, partial(self._on_progress, job))
        except DrawingCancelled:
            return Cancelled()
        except GenerationError as error:
            log.warning("Job failed: %s", error, extra={"job": job.id})
            return Failed(error)
        except Exception:
            log.exception("Job failed", extra={"job": job.id})
            return Failed(EngineFailure(job.id))
        return Finished(images, time.monotonic() - begin)

    def _on_progress(self, job: Job, progress: Progress) -> None:
        job.publish(Running(progress.steps_done, job.total_steps, progress.preview))

    def _end(self, job: Job, ending: Ending) -> None:
        if self._jobs.pop(job.id, None) is None:
            return
        job.publish(ending)
        self._rate_limiter.release(job.user_id)
        self._publish_positions()
        facts = {"drawing_s": ending.drawing_s} if isinstance(ending, Finished) else {}
        log.info("Job ended: %s", type(ending).__name__, extra={"job": job.id, **facts})

    def _job_for(
        self, request: GenerationRequest, assembled: AssembledPrompt, user_id: int, place: Place
    ) -> Job:
        first_seed = secrets.randbelow(SEED_LIMIT) if request.seed is None else request.seed
        images = tuple(
            ImageParameters(
                prompt=assembled.prompt,
                negative_prompt=assembled.negative_prompt,
                width=request.aspect_ratio.width,
                height=request.aspect_ratio.height,
                num_inference_steps=request.num_inference_steps or self._profile.num_inference_steps,
                guidance_scale=request.guidance_scale or self._profile.guidance_scale,
                seed=(first_seed + index) % SEED_LIMIT,
                sampler=request.sampler or self._profile.sampler,
                guidance_rescale=request.guidance_rescale,
                guided_share=self._profile.guided_share,
                clip_skip=request.clip_skip,
                loras=(*self._profile.loras, *request.loras),
                source=request.source,
                control=request.control,
                variation=request.variation,
                upscale=request.upscale,
                precision=self._engine.precision,
                model=self._model_name,
            )
            for index in range(request.count)
        )
        accepted_at = self._clock()
        drawing_s = self._engine.seconds_for(sum(image.cost for image in images))
        return Job(
            id=secrets.token_hex(8),
            request=request,
            user_id=user_id,
            place=place,
            images=images,
            hints=assembled.hints,
            accepted_at=accepted_at,
            rank=rank_of(accepted_at, drawing_s),
            _latest=Queued(len(self._queue) + 1, None, self._engine.state is EngineState.LOADING),
        )

    def _check_steps(self, request: GenerationRequest) -> None:
        if (request.num_inference_steps or 0) > self._limits.steps:
            raise InvalidRequest("steps", request.num_inference_steps, f"1 to {self._limits.steps}")

    def _check_length(self, job: Job) -> None:
        """Raise `PromptTooLong` where the tokenizer is there to count; the engine's thread owns no lock on it."""
        parameters = job.images[0]
        for part in ("prompt", "negative_prompt"):
            count = self._engine.count_tokens(getattr(parameters, part))
            if count is not None and count > self._limits.prompt_tokens:
                raise PromptTooLong(part, count, self._limits.prompt_tokens)

    def _publish_positions(self) -> None:
        """Tell every waiting job where it stands. Cheap: no reader is woken for news that is none."""
        self._engine.shows_previews = not self._queue
        is_loading = self._engine.state is EngineState.LOADING
        cost_ahead = self._running_cost_left()
        for position, job in enumerate(self._queue, start=1):
            update = Queued(position, self._engine.seconds_for(cost_ahead), is_loading)
            if job.latest != update:
                job.publish(update)
            cost_ahead += job.cost

    def _running_cost_left(self) -> float:
        return sum(_cost_left(self._jobs[job_id]) for job_id in self._running if job_id in self._jobs)

    def _next_free_at(self, user_id: int) -> datetime | None:
        """When this person's earliest job in the line (or under the brush) should be done."""
        cost = self._running_cost_left()
        if any(job.user_id == user_id for job in self._jobs.values() if job.id in self._running):
            return self._after(cost)
        for job in self._queue:
            cost += job.cost
            if job.user_id == user_id:
                return self._after(cost)
        return None

    def _front_free_at(self) -> datetime | None:
        return self._after(self._running_cost_left())

    def _after(self, cost: float) -> datetime | None:
        seconds = self._engine.seconds_for(cost)
        return None if seconds is None else self._clock() + timedelta(seconds=seconds)


def _cost_left(job: Job) -> float:
    done = job.latest.step / job.latest.total_steps if isinstance(job.latest, Running) else 0.0
    return job.cost * (1 - done)
