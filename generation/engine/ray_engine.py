"""A cluster as one engine: Ray Serve runs replicas, each with a device, and brings pictures to them.

Ray is imported when the model is loaded, on a thread of its own, as every call of it that waits.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from generation.encoding_mode import EncodingMode
from generation.engine.batch_places import BatchPlaces
from generation.engine.engine import DeviceStatus, EngineActivity, EngineState, Progress, told_apart
from generation.engine.job_drawing import PictureTask, draw_pictures
from generation.engine.local_engine import ENGINE_THREAD, RESTART_LIMIT
from generation.engine.ray_connection import connect, take_back_sigterm
from generation.engine.ray_messages import (
    Advanced,
    DrawingOrder,
    Drawn,
    Left,
    News,
    Refused,
    ReplicaReport,
)
from generation.engine.roll_call import RollCall, RollCallName
from generation.engine_options import EngineOptions
from generation.errors import DeviceLost, DrawingCancelled, GenerationError, ModelUnavailable
from generation.image import Image
from generation.job import Job
from generation.job_record import failure_from_json
from generation.model_errors import ModelLoadError, first_line
from generation.model_source import ModelSource
from generation.ray_options import RayOptions
from generation.work import Work

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

log = logging.getLogger(__name__)

LOOK_INTERVAL_S, LOOK_TIMEOUT_S = 0.25, 5.0
"""How often the bot asks how the replicas are, and while none can draw, whether any may come; how long it waits."""

GONE_AFTER_S = 5.0
"""A replica that has said nothing for so long, ten of its reports, isn't counted on; Serve starts another one."""

CLOSE_TIMEOUT_S = 10.0

PLACES_PER_SLOT, SLOTS_MAX = 2, 64
"""Pictures that Serve brings to a replica: as many again as it draws at once, for those that are being decoded."""

UPSCALE_DELAY_S, DOWNSCALE_DELAY_S, DRAIN_TIMEOUT_S = 10, 300, 120
"""How long there must be more, or fewer, pictures than replicas want; how long one that goes may draw on."""

RETRY_DELAY_S = 1.0
"""How long a picture waits after its replica was lost, for Serve to notice that too."""

HEALTH_CHECK_PERIOD_S = 2
"""How often Serve looks whether a replica is still there, and so how soon it starts another one."""

START_ATTEMPTS = 2
"""How often Serve starts replicas that fail, where none ever had its model, before it starts no more."""

DEPLOYMENT = "DrawingReplica"
"""How Serve's own names of this engine's replicas begin."""


class RayEngine:
    """Draws jobs on the replicas of a cluster; see `Engine`.

    A picture whose replica dies is drawn again by another one, at most `RESTART_LIMIT` times, and comes once: it counts
    when its file is here. A place in this engine is a batch slot of any replica.
    """

    def __init__(
        self,
        source: ModelSource,
        options: EngineOptions,
        ray_options: RayOptions,
        encoding: EncodingMode = EncodingMode.PADDED,
    ) -> None:
        self._source = source
        self._options = options
        self._ray_options = ray_options
        self._encoding = encoding
        self._failure: Exception | None = None
        self._told_failures: dict[str, str] = {}  # by device, since the model was last asked for
        self._count_tokens: Callable[[str], int] | None = None
        self._heard: dict[str, tuple[float, ReplicaReport]] = {}  # by replica, and when it was told
        self._activity_before: dict[str, EngineActivity] = {}
        self._handle: DeploymentHandle[Any] | None = None
        self._roll_call: Any = None  # the actor, as Ray gives it
        self._looking: asyncio.Task[None] | None = None
        self._is_connected = self._is_deployed = False
        # Pictures never come to replicas that a killed bot left behind, with other settings perhaps.
        own = secrets.token_hex(4)
        self._deployment = f"{DEPLOYMENT}-{own}"
        self._roll_call_name = RollCallName(ray_options.application, f"roll call {own}")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=ENGINE_THREAD)
        self._places = BatchPlaces(slots=0)
        self.shows_previews = True
        self.on_change: Callable[[], None] = lambda: None

    @property
    def state(self) -> EngineState:
        """READY while a replica can draw, FAILED when Ray gave up on them."""
        if self._ready:
            return EngineState.READY
        return EngineState.LOADING if self._failure is None else EngineState.FAILED

    @property
    def failure(self) -> ModelUnavailable | None:
        """Why there is no replica, when none could be started."""
        if self._failure is None or self.state is not EngineState.FAILED:
            return None
        return ModelUnavailable(self._failure)

    @property
    def devices(self) -> tuple[DeviceStatus, ...]:
        """What the replicas draw on."""
        return told_apart(replica.status for replica in self._replicas)

    @property
    def activity(self) -> EngineActivity:
        """What all replicas have done, also those that are gone, and what the present ones do."""
        total = sum((replica.status.activity for replica in self._ready), EngineActivity())
        done = sum(self._activity_before.values(), EngineActivity())
        return EngineActivity(
            steps=done.steps,
            batches=done.batches,
            busy_s=done.busy_s,
            pictures_in_flight=min(len(self._places), self._places.slots),
            slots=self._places.slots,
            memory_used_bytes=total.memory_used_bytes,
            memory_total_bytes=total.memory_total_bytes,
        )

    @property
    def has_controlnet(self) -> bool:
        """Whether control pictures can be read."""
        return bool(self._options.controlnet)

    def seconds_for(self, work: Work, *, ahead: Work = Work()) -> float | None:  # noqa: B008 - a frozen value
        """How long until `work` is drawn that begins when `ahead` is done, by all replicas together."""
        speeds = [
            (replica.megapixel_step_s, replica.megapixel_s)
            for replica in self._ready
            if replica.megapixel_step_s is not None and replica.megapixel_s is not None
        ]
        if not speeds:
            return None
        step_s = sum(step_s for step_s, _ in speeds) / len(speeds)
        decoding_s = sum(decoding_s for _, decoding_s in speeds) / len(speeds)
        shared = ahead.megapixel_steps * step_s + ahead.megapixels * decoding_s
        return shared / len(speeds) + work.megapixel_steps * step_s + work.megapixels * decoding_s

    def takes(self, rank: float) -> bool:
        """Whether a job of this rank would be drawn at once: a replica has a place, or one that can be had."""
        return self._places.take(rank)

    def reserve(self, job: Job) -> None:
        """Count `job` among those in flight, before `draw` is awaited for it."""
        for number, parameters in enumerate(job.images):
            self._places.hold((job.id, number), job.rank, parameters.work)

    def release(self, job: Job) -> None:
        """Give back the places that `job` still holds."""
        for number in range(len(job.images)):
            self._leave((job.id, number))

    def count_tokens(self, prompt: str) -> int | None:
        """How many CLIP tokens `prompt` takes: all SDXL models have the same. None before the model is loaded."""
        return None if self._count_tokens is None else self._count_tokens(prompt)

    async def load(self) -> None:
        """Connect to the cluster and have Serve start its replicas, anew where there are some already.

        Serve replaces those one after another. Returns when one can draw, or Serve gave up on all; the outcome is in
        `state` and `failure`, and never raised.
        """
        self._failure, self._is_deployed = None, False
        self._told_failures.clear()
        self.on_change()
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._connect_blocking)
            take_back_sigterm()
            if self._looking is None:
                self._looking = asyncio.create_task(self._look(), name="look at the replicas")
            self._handle = await loop.run_in_executor(self._thread, self._deploy_blocking)
        except Exception as error:  # the border of Ray, which raises anything
            self._fail(first_line(error))
        else:
            self._is_deployed = True
        await self._until_decided()

    async def draw(self, job: Job, on_progress: Callable[[Progress], None]) -> tuple[Image, ...]:
        """Draw all pictures of `job`, each on whichever replica. Raises as `Engine.draw` does."""
        self.reserve(job)
        drawing = asyncio.ensure_future(draw_pictures(job, on_progress, self._draw_picture))
        cancel_requested = asyncio.ensure_future(job.cancel_requested())
        try:
            await asyncio.wait((drawing, cancel_requested), return_when=asyncio.FIRST_COMPLETED)
            if not drawing.done():
                raise DrawingCancelled
            return await drawing
        finally:
            drawing.cancel()
            cancel_requested.cancel()
            self.release(job)

    async def close(self) -> None:
        """Stop this bot's replicas and leave the cluster, or end it where it is the bot's own."""
        if self._looking is not None:
            self._looking.cancel()
        leaving = asyncio.get_running_loop().run_in_executor(self._thread, self._leave_blocking)
        # It isn't called off when it takes longer: nobody else would stop the replicas.
        await asyncio.wait({leaving}, timeout=CLOSE_TIMEOUT_S)
        self._thread.shutdown(wait=False)

    @property
    def _replicas(self) -> list[ReplicaReport]:
        return [report for _, report in self._heard.values()]

    @property
    def _ready(self) -> list[ReplicaReport]:
        return [replica for replica in self._replicas if replica.status.state is EngineState.READY]

    def _leave(self, picture: tuple[str, int]) -> None:
        if self._places.leave(picture):
            self.on_change()

    async def _draw_picture(self, task: PictureTask) -> Image:
        from ray.exceptions import RayError  # noqa: PLC0415 - see the module's docstring
        from ray.serve.exceptions import RayServeException  # noqa: PLC0415 - as above

        for attempt in range(1 + RESTART_LIMIT):
            if attempt > 0:
                await asyncio.sleep(RETRY_DELAY_S)
            await self._wait_for_replica()
            try:
                return await self._drawn(task, attempt)
            except (RayError, RayServeException, ModelUnavailable, DeviceLost) as error:
                reason = first_line(error)
                log.warning("A picture was lost with its replica: %s", reason, extra={"job": task.job_id})
            self._places.hold(task.key, task.rank, task.parameters.work)
        raise DeviceLost(reason)

    async def _wait_for_replica(self) -> None:
        """Return when a replica can draw.

        Raises:
            ModelUnavailable: none will come. Serve would have the picture wait for ever.
        """
        await self._until_decided()
        if failure := self.failure:
            raise failure

    async def _until_decided(self) -> None:
        """Return when a replica can draw, or none will come."""
        while self.state is EngineState.LOADING:
            await asyncio.sleep(LOOK_INTERVAL_S)

    async def _drawn(self, task: PictureTask, attempt: int) -> Image:
        """Have one replica draw a picture."""
        order = DrawingOrder(
            id=f"{task.job_id}-{task.number}-{attempt}", parameters=task.parameters, rank=task.rank
        )
        async with aclosing(self._news(order)) as stream:
            async for news in stream:
                match news:
                    case Advanced(steps_done, preview):
                        task.progress.step(task.number, steps_done)
                        if preview is not None and self.shows_previews:
                            task.progress.show(preview)
                    case Left():
                        self._leave(task.key)
                    case Drawn(png):
                        return Image(task.parameters, png)
                    case Refused(failure):
                        raise failure_from_json(task.job_id, failure)
        raise DeviceLost("a replica's news ended before the picture came")

    async def _news(self, order: DrawingOrder) -> AsyncGenerator[News]:
        """What a replica tells of a picture. Who stops listening has it called off there."""
        if self._handle is None:
            raise ModelUnavailable(self._failure or GenerationError())
        names = "+".join(sorted({lora.name for lora in order.parameters.loras}))
        stream: Any = self._handle.options(stream=True, multiplexed_model_id=names).draw.remote(order)
        try:
            async for news in stream:
                yield news
        finally:
            stream.cancel()

    async def _look(self) -> None:
        """Ask again and again how the replicas are."""
        from ray.exceptions import RayError  # noqa: PLC0415 - see the module's docstring

        is_answered = True
        while True:
            try:
                await self._look_once()
                is_answered = True
            except Exception as error:  # the border of this task: without it nothing would be drawn any more
                if is_answered:
                    log.warning(
                        "The replicas can't be asked how they are: %s",
                        first_line(error),
                        exc_info=not isinstance(error, RayError),
                    )
                is_answered = False
            await asyncio.sleep(LOOK_INTERVAL_S)

    async def _look_once(self) -> None:
        try:
            reports = await self._reports()
        except Exception:
            self._take([])  # what was heard before grows old
            raise
        self._take(reports)
        if self._is_deployed and self.state is EngineState.LOADING:
            loop = asyncio.get_running_loop()
            reason = await loop.run_in_executor(self._thread, self._why_given_up_blocking)
            # Another try may have begun meanwhile, of which this says nothing.
            if reason is not None and self._is_deployed:
                self._fail(reason)

    async def _reports(self) -> list[tuple[float, ReplicaReport]]:
        """What the replicas have said lately, each with its age in seconds."""
        from ray.exceptions import ActorDiedError  # noqa: PLC0415 - see the module's docstring

        if self._roll_call is None:
            loop = asyncio.get_running_loop()
            self._roll_call = await loop.run_in_executor(self._thread, self._make_roll_call_blocking)
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                return list(await self._roll_call.hear.remote(shows_previews=self.shows_previews))
        except ActorDiedError:
            self._roll_call = None  # the next look makes another one, which the replicas find by its name
            raise

    def _take(self, reports: list[tuple[float, ReplicaReport]]) -> None:
        """Believe these reports, and those from before for as long as they are new enough."""
        before, now = (self.state, self._places.slots), time.monotonic()
        for age_s, report in reports:
            self._heard[report.replica] = now - age_s, report
            if report.status.activity.steps:
                self._activity_before[report.replica] = report.status.activity
        self._heard = {
            replica: (told_at, report)
            for replica, (told_at, report) in self._heard.items()
            if now - told_at < GONE_AFTER_S
        }
        for replica in self._replicas:
            self._note(replica.status.name, replica.failure)
        if self._ready:
            self._failure = None
        self._places.slots = sum(replica.status.activity.slots for replica in self._ready)
        if before != (self.state, self._places.slots):
            self.on_change()

    def _fail(self, reason: str) -> None:
        """Go on without a replica, because of what one of them said, or else `reason`."""
        reason = next(reversed(self._told_failures.values()), reason)
        log.error("The replicas could not be started: %s", reason)
        self._failure = ModelLoadError(self._source.source, reason)
        self.on_change()

    def _note(self, device: str, failure: str | None) -> None:
        if failure is not None and self._told_failures.get(device) != failure:
            log.warning("A replica on %s can't draw: %s", device, failure)
            self._told_failures[device] = failure

    # From here on everything runs on the engine's thread.

    def _connect_blocking(self) -> None:
        """Connect to the cluster, and load what counts tokens.

        Raises:
            Exception: of any kind; there is no Ray, or no cluster.
        """
        if self._is_connected:
            return
        connect(self._ray_options)
        self._is_connected = True
        from generation.engine.prompt_chunks import count_tokens  # noqa: PLC0415 - imports transformers
        from generation.engine.sdxl_config.clip_tokenizer import END_TOKEN, clip_tokenizer  # noqa: PLC0415 - as above

        self._count_tokens = partial(count_tokens, clip_tokenizer(END_TOKEN))

    def _make_roll_call_blocking(self) -> Any:
        """Have the roll call on this host, whose loss would be the bot's own, and not on any of the cluster."""
        import ray  # noqa: PLC0415 - see the module's docstring
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415 - as above

        actor: Any = ray.remote(RollCall)
        here = ray.get_runtime_context().get_node_id()
        return actor.options(
            **asdict(self._roll_call_name),
            get_if_exists=True,
            num_cpus=0,
            max_restarts=-1,
            scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False),
        ).remote()

    def _deploy_blocking(self) -> "DeploymentHandle[Any]":
        """Have Serve start the replicas, without waiting for them: one draws while another finds no room yet."""
        from ray import serve  # noqa: PLC0415 - see the module's docstring

        from generation.engine.ray_replica import DrawingReplica  # noqa: PLC0415 - imports Ray

        wanted, slots = self._ray_options, self._options.max_batch_slots or SLOTS_MAX
        replicas: dict[str, Any] = {"num_replicas": wanted.max_replicas}
        if wanted.min_replicas < wanted.max_replicas:
            replicas = {
                "autoscaling_config": {
                    "min_replicas": wanted.min_replicas,
                    "max_replicas": wanted.max_replicas,
                    "target_ongoing_requests": wanted.pictures_per_replica,
                    "upscale_delay_s": UPSCALE_DELAY_S,
                    "downscale_delay_s": DOWNSCALE_DELAY_S,
                    "look_back_period_s": UPSCALE_DELAY_S,
                }
            }
        deployment: Any = serve.deployment(DrawingReplica, name=self._deployment)
        application = deployment.options(
            **replicas,
            ray_actor_options={"num_cpus": wanted.cpus_per_replica, "num_gpus": wanted.gpus_per_replica},
            max_ongoing_requests=PLACES_PER_SLOT * slots,
            graceful_shutdown_timeout_s=DRAIN_TIMEOUT_S,
            health_check_period_s=HEALTH_CHECK_PERIOD_S,
            max_constructor_retry_count=START_ATTEMPTS,
        ).bind(self._source, self._options, self._encoding, self._roll_call_name)
        serve.start(proxy_location="Disabled")
        target = serve.RunTarget(target=application, name=wanted.application, route_prefix=None)
        handle: DeploymentHandle[Any] = serve.run_many([target], wait_for_applications_running=False)[0]
        return handle

    def _why_given_up_blocking(self) -> str | None:
        """Why Serve starts no more replicas, where none is left that could still get its model either; else None."""
        from ray import serve  # noqa: PLC0415 - see the module's docstring
        from ray.exceptions import RayError  # noqa: PLC0415 - as above

        try:
            application = serve.status().applications[self._ray_options.application]
            own = application.deployments[self._deployment]
        except (RayError, KeyError):  # Serve itself is being started again
            return None
        left = sum(count for state, count in own.replica_states.items() if state != "STOPPING")
        has_given_up = application.status == "DEPLOY_FAILED" and not left
        return own.message.partition("\n")[0] if has_given_up else None

    def _leave_blocking(self) -> None:
        if not self._is_connected:
            return
        import ray  # noqa: PLC0415 - see the module's docstring
        from ray import serve  # noqa: PLC0415 - as above

        if self._ray_options.address:
            serve.delete(self._ray_options.application, _blocking=False)
        ray.shutdown()
