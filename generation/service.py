"""The life of a job: from a request to pictures, through policy, quotas, the queue and the engine.

Every state is in the store before the next thing happens. Knows neither who shows the updates nor how; a slash
command and the terminal use it alike.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from generation.deliveries import Deliveries
from generation.engine.engine import DeviceStatus, Engine, EngineActivity, EngineState, Progress
from generation.engine_seat import EngineSeat
from generation.errors import (
    DrawingCancelled,
    EngineFailure,
    GenerationError,
    InvalidRequest,
    JobIsOver,
    Limit,
    LimitReached,
    ModelUnavailable,
    NoControlNet,
    NotTheAsker,
    PromptTooLong,
    ServiceStopping,
    StorageFailure,
)
from generation.job import (
    Cancelled,
    Ending,
    Failed,
    Finished,
    HandedOver,
    Job,
    Running,
    Suspended,
)
from generation.job_endings import JobEndings
from generation.job_factory import JobFactory
from generation.job_queue import JobQueue
from generation.job_record import sources_of
from generation.job_store import JobStore, QuotaReached, ReplyAddress
from generation.left_jobs import LeftJobs, TakenOver
from generation.model_errors import DeviceGone
from generation.model_profile import ModelProfile
from generation.occasion import Occasion
from generation.patience import until_answered
from generation.place import Place
from generation.request import GenerationRequest
from generation.terms import Terms
from generation.wait_forecast import WaitForecast
from generation.wildcards import OwnLists
from generation.work import Work

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

CANCEL_ELSEWHERE_S, CANCEL_POLL_S = 15.0, 0.3
"""How long to wait for other processes to call off what they draw, and how often to look."""


class GenerationService:
    """Takes requests, stores them as jobs and draws them; belongs to one event loop.

    `clock` gives the current, time-zone-aware time. `on_began` is called when a job's turn has come, with the seconds
    that it waited, and `on_ended` when one is over.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        terms: Terms,
        store: JobStore,
        clock: Callable[[], datetime],
    ) -> None:
        self._seat = EngineSeat(engine)
        self._store = store
        self._clock = clock
        self.adopt(terms)
        self._queue = JobQueue(self._seat.seconds_for)
        self._jobs: dict[str, Job] = {}
        self._accepting: set[str] = set()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._forecast = WaitForecast(self._queue, self._under_the_brush, self._seconds_after, clock)
        self._endings = JobEndings(store, clock)
        self.deliveries = Deliveries(store, clock)
        self._left = LeftJobs(store, clock, lambda job_id: job_id in self._jobs or job_id in self._accepting)
        self._is_stopping = False
        self._device_gone = asyncio.Event()
        self._loading: asyncio.Task[None] | None = None
        self._renewed_at = clock()
        self.on_began: Callable[[Job, float], None] = lambda _job, _waited_s: None
        self.on_ended: Callable[[Ending], None] = lambda _ending: None

    @property
    def _engine(self) -> Engine:
        return self._seat.engine

    @property
    def profile(self) -> ModelProfile:
        """The model profile that requests are drawn with."""
        return self._terms.profile

    @property
    def engine_state(self) -> EngineState:
        """Whether the model is there, on its way, or failed to load."""
        return self._engine.state

    @property
    def devices(self) -> tuple[DeviceStatus, ...]:
        """What the model is drawn on, and how each of them is."""
        return self._engine.devices

    @property
    def engine_activity(self) -> EngineActivity:
        """What the engine has done, and does now."""
        return self._seat.activity

    @property
    def oldest_wait_s(self) -> float:
        """For how long the job at the front of the line has waited; 0 where none waits."""
        waiting = [job.accepted_at for job in self._jobs.values() if job.id not in self._running]
        return max(0.0, (self._clock() - min(waiting)).total_seconds()) if waiting else 0.0

    @property
    def running_count(self) -> int:
        """How many jobs are being drawn, or stored."""
        return len(self._running)

    @property
    def waiting_count(self) -> int:
        """How many jobs wait for their turn."""
        return len(self._jobs.keys() - self._running.keys())

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

    def adopt(self, terms: Terms) -> None:
        """Take requests under `terms` from now on. What was accepted before stays as it was accepted."""
        self._terms = terms
        self.gatekeeper = terms.gatekeeper
        self._factory = JobFactory(terms.profile, terms.model_name, terms.precision, self._clock)

    def exchange_engine(
        self,
        new: Callable[[], Engine],
        former: Callable[[], Engine],
        on_end: Callable[[ModelUnavailable | None], None],
    ) -> None:
        """Draw with the engine that `new` makes, in the background; all jobs wait for its model.

        Where that can't be loaded, the one that `former` makes goes on. `on_end` is told why, or None.
        """
        before = self._loading

        async def exchange() -> None:
            if before is not None:
                await asyncio.wait({before})  # a load can't be interrupted
            try:
                failure = await self._seat.exchange(new, former)
            except Exception as error:  # the border of this task: whoever asked for it must hear of its end
                log.exception("The engine could not be exchanged")
                failure = ModelUnavailable(error)
            on_end(failure)

        self._loading = asyncio.create_task(exchange(), name="exchange engine")

    async def restore(self) -> list[Job]:
        """Take up what was left when the program ended: returns the jobs that wait again, in their order.

        Those that have ended come with `deliveries`.
        """
        return (await self._take_over(with_earlier_runs=True)).waiting

    async def take_over(self) -> TakenOver:
        """Take up what processes that seem to be dead have left, and what this one lost sight of."""
        return await self._take_over(with_earlier_runs=False)

    async def _take_over(self, *, with_earlier_runs: bool) -> TakenOver:
        # Without a model all that waits fails: it is left to processes that have one, or until there is one here.
        taken = await self._left.take_over(
            with_earlier_runs=with_earlier_runs, with_unfinished=self._seat.failure is None
        )
        for failed in taken.given_up:
            self.on_ended(failed)
        for job in taken.waiting:
            self._take_up(job)
            if job.is_cancel_requested:
                self._call_off(job)
        self._engine_changed()
        return taken

    async def renew_leases(self) -> None:
        """Hold on to all jobs; let those go that another process has taken, and call off what is to be called off.

        What is held and in nobody's hands comes with the next `take_over`.
        """
        jobs, renewed_at = tuple(self._jobs.values()), self._clock()
        held = await self._store.renew(renewed_at)
        self._renewed_at = renewed_at
        self._left.look_at(held)
        for job in jobs:
            if job.id not in self._jobs:
                continue  # it ended meanwhile
            if job.id not in held:
                log.warning("Another process took a job over", extra={"job": job.id})
                job.publish(HandedOver())
                self._call_off(job)
            elif held[job.id].is_called_off:
                self._call_off(job)
        self._feed_engine()

    @property
    def lease(self) -> timedelta:
        """How long this process may be silent before others take its jobs."""
        return self._store.lease

    @property
    def surely_holds_jobs(self) -> bool:
        """Whether the leases were renewed so lately that no other process can have taken a job."""
        return self._clock() - self._renewed_at < self.lease

    async def submit(
        self,
        request: GenerationRequest,
        user_id: int,
        place: Place,
        *,
        reply: ReplyAddress | None = None,
        role_ids: Collection[int] = (),
        locale: str = "en-US",
        own_lists: OwnLists | None = None,
        occasion: Occasion | None = None,
    ) -> Job:
        """Accept `request` as a job, or say why not. The job's `updates()` tell the rest.

        Once this returns the job is stored, and is drawn even if the program dies. `own_lists` are the asker's
        wildcards, `occasion` is the event that it is for.

        Raises:
            InvalidRequest: more steps than the operator allows.
            UnknownWildcard, UnreadableTemplate, UnknownLora: what the text names can't be used.
            NoControlNet: a control picture, where the operator has named no network to read it.
            PersonBlocked, ChannelClosed: this person may not draw, or nobody may here.
            PolicyRefusal: it may not be drawn here.
            PromptTooLong: too many tokens (checked later where no tokenizer is loaded yet).
            LimitReached: this person, this server or the queue has no place for it now.
            ModelUnavailable: the model failed to load.
            StorageFailure: a picture to start from can't be kept.
            ServiceStopping: the bot is going down.
            Exception: whatever the store raises while it can't be asked.
        """
        self._check_options(request)
        pictures, rules = await self.gatekeeper.admit(request, user_id, place, own_lists or {})
        for picture in pictures:
            self._check_options(picture.request)
        if self._is_stopping or self._device_gone.is_set():
            raise ServiceStopping
        if failure := self._seat.failure:
            raise failure
        limits = self._terms.limits.for_request(place.guild_id, role_ids, rules.by_role)
        event_id = None if occasion is None else occasion.event_id
        job = self._factory.make(
            request, pictures, user_id, place, limits.weight or 1.0, reply, locale, event_id
        )
        self._check_length(job)
        if occasion is not None:
            limits = replace(limits, images_for_event=occasion.images_per_person)
        self._accepting.add(job.id)
        try:
            reached = await self._store.accept(self._factory.entry(job), limits.quotas(), sources_of(request))
        except OSError as error:
            raise StorageFailure(error.strerror or str(error)) from error
        finally:
            self._accepting.discard(job.id)
        if reached is not None:
            raise self._refusal(reached, user_id)
        log.info("Job accepted", extra={"job": job.id})
        self._take_up(job)
        self._feed_engine()
        return job

    async def cancel(self, job_id: str, user_id: int) -> None:
        """Call off a job that waits or runs; returns before it is over. Another process needs some seconds for it.

        Raises:
            JobIsOver: it has ended, or was never known.
            NotTheAsker: it is somebody else's.
        """
        job = self._jobs.get(job_id)
        if job is not None:
            if job.user_id != user_id:
                raise NotTheAsker
            self._call_off(job)
            return
        if not await self._store.ask_to_cancel(user_id, self._clock(), job_id):
            stored = await self._store.find(job_id)
            is_anothers = stored is not None and stored.state in ("queued", "running")
            raise NotTheAsker if is_anothers else JobIsOver

    async def cancel_all(self, user_id: int) -> None:
        """Call off everything of one person that waits or runs, and wait until it is over.

        For what other processes draw it waits for `CANCEL_ELSEWHERE_S` at most.
        """
        mine = [job for job in self._jobs.values() if job.user_id == user_id]
        for job in mine:
            self._call_off(job)
        await asyncio.gather(*(job.ending() for job in mine))
        if await self._store.ask_to_cancel(user_id, self._clock()):
            with suppress(TimeoutError):
                async with asyncio.timeout(CANCEL_ELSEWHERE_S):
                    while await self._store.unfinished(user_id):
                        await asyncio.sleep(CANCEL_POLL_S)

    def _call_off(self, job: Job) -> None:
        """End a job of this process: as soon as that is stored if it waits, else within a step."""
        job.request_cancel()
        if job.id not in self._running and self._queue.end(job):
            self._start(job, self._conclude(job, Cancelled()))

    async def until_device_is_gone(self) -> ModelUnavailable:
        """Wait, perhaps for ever, until this process can't draw any more and another one could; returns why.

        What waits and runs stays in the store, as for `stop`, which is what is left to be done.
        """
        await self._device_gone.wait()
        return self._seat.failure or ModelUnavailable(GenerationError())

    async def stop(self) -> None:
        """Take no more requests; what waits or runs stays in the store for the next start. Gives the engine back."""
        self._is_stopping = True
        for job in self._jobs.values():
            job.publish(Suspended())
        interrupted = tuple(self._running)
        tasks = [*self._running.values(), *([self._loading] if self._loading else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._endings.settle()
        if interrupted and not self._device_gone.is_set():
            await self._endings.put_back(interrupted)
        await self._engine.close()

    def _take_up(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._queue.put(job)
        if self._is_stopping:  # it was being stored when the stop came
            job.publish(Suspended())

    def _engine_changed(self) -> None:
        """Act on what the engine has to say: a free slot, a model that is there or not."""
        failure = self._seat.failure
        if failure is not None and isinstance(failure.cause, DeviceGone):
            self._device_gone.set()
        elif failure is not None and not self._is_stopping:
            for job in tuple(self._queue):
                self._queue.end(job)
                self._start(job, self._conclude(job, Failed(failure)))
        self._feed_engine()

    def _feed_engine(self) -> None:
        """Hand the engine the jobs that it would draw at once, and tell the others where they stand."""
        while (
            self._engine.state is EngineState.READY
            and not self._is_stopping
            and (job := self._queue.first(is_engine_free=self._engine.takes(math.inf))) is not None
            and self._engine.takes(job.rank)
        ):
            self._queue.begin(job)
            self._engine.reserve(job)
            job.publish(Running(0, job.total_steps))
            self.on_began(job, (self._clock() - job.accepted_at).total_seconds())
            self._start(job, self._run(job))
        self._publish_positions()

    def _start(self, job: Job, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"job {job.id}")
        self._running[job.id] = task
        task.add_done_callback(lambda _: self._running.pop(job.id, None))

    async def _run(self, job: Job) -> None:
        try:
            ending = await self._draw(job)
        finally:
            self._engine.release(job)
            self._queue.end(job)
        await self._conclude(job, ending)
        self._feed_engine()

    async def _draw(self, job: Job) -> Ending:
        """Draw one job to its end. An error ends this job alone; here is the border where it is logged."""
        begin = time.monotonic()
        try:
            if not await self._patiently(job, partial(self._begin, job)):
                return HandedOver()
            self._check_length(job)
            images = await self._seat.draw(job, partial(self._on_progress, job))
            if (check := self._terms.output_check) is not None:
                await self._patiently(job, partial(check.look_at, job, images))
        except DrawingCancelled:
            return Cancelled()
        except GenerationError as error:
            if self._device_gone.is_set():
                return Suspended()
            log.warning("Job failed: %s", error, extra={"job": job.id})
            return Failed(error)
        except Exception:
            log.exception("Job failed", extra={"job": job.id})
            return Failed(EngineFailure(job.id))
        return Finished(images, time.monotonic() - begin)

    async def _patiently(self, job: Job, ask: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """Ask what the store has to do with `job` until it answers, or until nobody wants the job any more."""
        return await job.unless_called_off(until_answered(ask, job.id, passing=GenerationError))

    async def _begin(self, job: Job) -> bool:
        """Write down that the engine has `job`; False where it isn't held any more.

        Raises:
            PersonBlocked: its asker may not draw any more.
        """
        await self.gatekeeper.check_person(job.user_id, job.place.guild_id)
        return await self._store.mark_running(job.id)

    def _on_progress(self, job: Job, progress: Progress) -> None:
        job.publish(Running(progress.steps_done, job.total_steps, progress.preview))

    async def _conclude(self, job: Job, ending: Ending) -> None:
        """Store how `job` ended, then tell. A shutdown waits for this."""
        if isinstance(job.latest, HandedOver):
            ending = job.latest  # even if it has come back since, nobody called it off
        ending = await self._endings.keep(job, ending)
        self._jobs.pop(job.id, None)
        job.publish(ending)
        self.on_ended(ending)
        facts = {"drawing_s": ending.drawing_s} if isinstance(ending, Finished) else {}
        log.info("Job ended: %s", type(ending).__name__, extra={"job": job.id, **facts})

    def _check_options(self, request: GenerationRequest) -> None:
        if (request.num_inference_steps or 0) > self._terms.bounds.steps:
            raise InvalidRequest("steps", request.num_inference_steps, f"1 – {self._terms.bounds.steps}")
        if request.control is not None and not self._engine.has_controlnet:
            raise NoControlNet

    def _check_length(self, job: Job) -> None:
        """Raise `PromptTooLong` where the tokenizer is there to count; the engine's thread owns no lock on it."""
        for part in ("prompt", "negative_prompt"):
            prompts = (prompts for image in job.images for prompts in (image, *image.edits))
            for text in dict.fromkeys(getattr(each, part) for each in prompts):
                count = self._engine.count_tokens(text)
                if count is not None and count > self._terms.bounds.prompt_tokens:
                    raise PromptTooLong(part, count, self._terms.bounds.prompt_tokens)

    def _publish_positions(self) -> None:
        """Tell every waiting job where it stands. Cheap: no reader is woken for news that is none."""
        # A preview would show what the output check has still to look at.
        self._engine.shows_previews = not self._queue and self._terms.output_check is None
        is_loading = self._engine.state is EngineState.LOADING
        for job, update in self._forecast.places(is_model_loading=is_loading):
            if job.latest != update:
                job.publish(update)

    def _under_the_brush(self) -> list[Job]:
        return [self._jobs[job_id] for job_id in self._running if job_id in self._jobs]

    def _seconds_after(self, work: Work, ahead: Work) -> float | None:
        return self._engine.seconds_for(work, ahead=ahead)

    def _refusal(self, reached: QuotaReached, user_id: int) -> LimitReached:
        """Say which limit, and when it frees: by the store's count of time, or by how long the drawing takes."""
        limit = Limit(reached.quota)
        frees_at = reached.frees_at
        if frees_at is None and limit is Limit.WAITING_PER_PERSON:
            frees_at = self._forecast.person_free_at(user_id)
        elif frees_at is None and limit in {Limit.QUEUE_LENGTH, Limit.GUILD_WAITING}:
            frees_at = self._forecast.engine_free_at()
        return LimitReached(limit, reached.allowed, frees_at)
