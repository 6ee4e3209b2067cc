"""One device of this machine as an engine: one thread owns the device, the model, and every call into torch.

torch, diffusers and transformers take seconds to import, so they are imported on that thread, when the model
is loaded; until then this module costs nothing and the bot can already answer.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PIL import Image as PillowImage

from generation.encoding_mode import EncodingMode
from generation.engine.batch_places import BatchPlaces
from generation.engine.engine import DeviceStatus, EngineActivity, EngineState, Progress
from generation.engine.job_drawing import JobProgress, PictureTask, draw_pictures
from generation.engine.libraries import import_libraries
from generation.engine.library_turns import LIBRARY_TURNS
from generation.engine.lost_device import forget_stack, is_lost_device
from generation.engine.read_ahead import read_ahead
from generation.engine_options import EngineOptions
from generation.errors import DeviceLost, DrawingCancelled, GenerationError, ModelUnavailable
from generation.image import Image
from generation.image_encoding import encode_png, encode_preview
from generation.job import Job
from generation.model_errors import DeviceGone, DeviceUnavailable, ModelLoadError, first_line
from generation.model_source import ModelSource
from generation.wait_estimate import WaitEstimate
from generation.work import Work

if TYPE_CHECKING:
    from generation.engine.core import EngineCore
    from generation.engine.denoiser import Denoiser
    from generation.engine.picture_order import PictureOrder, PictureOutcome
    from generation.engine.sdxl_model import SdxlModel, TokenCounter

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 5.0
"""A drawing ends at its next step; a download or an import can't be interrupted and is left behind."""

ENGINE_THREAD = "engine"
"""Name of the engine's thread, in logs and to whoever looks for one left behind."""

WORKER_THREADS = 2
"""Threads that write image files. One does about ten pictures a second at 832 x 1216, more than a device draws."""

RESTART_LIMIT = 2
"""How often in a row, without a picture finished between, the engine tries again after its device was lost."""


@dataclass(frozen=True, slots=True, eq=False)
class _Loss:
    """A device that was lost, by the driver's word, and the orders that it leaves."""

    reason: str
    orders: "Sequence[PictureOrder]"


class LocalEngine:
    """Draws jobs, or single pictures of them, side by side on one device; see `Engine`.

    Its methods are called from one event loop. Unless it `keeps_pictures`, those of a lost device end with DeviceLost,
    for somebody who can have them drawn elsewhere, and don't wait until the model is loaded again.
    """

    def __init__(
        self,
        source: ModelSource,
        options: EngineOptions | None = None,
        encoding: EncodingMode = EncodingMode.PADDED,
        *,
        keeps_pictures: bool = True,
    ) -> None:
        self._source = source
        self._options = options or EngineOptions()
        self._encoding = encoding
        self._keeps_pictures = keeps_pictures
        self._state = EngineState.LOADING
        self._failure: Exception | None = None
        self._token_counter: TokenCounter | None = None
        self._speed = WaitEstimate()
        self.places = BatchPlaces(slots=1)
        self.shows_previews = True
        self.on_change: Callable[[], None] = lambda: None
        # The thread and what only it touches.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._inbox: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._is_closing = threading.Event()
        # Pictures that the decoder lost with the device; its thread adds to them.
        self._undecoded: queue.SimpleQueue[PictureOrder] = queue.SimpleQueue()
        self._worker_threads = ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="encode")
        self._model: SdxlModel | None = None
        self._core: EngineCore | None = None
        self._loss: _Loss | None = None
        self._was_ready = False
        self._restarts = 0
        self._busy_s = 0.0
        self._work_measured = Work()
        # Totals over all models that were loaded; what the present one has done is counted by its core.
        self._busy_total_s = 0.0
        self._steps_before = self._batches_before = 0

    @property
    def state(self) -> EngineState:
        """Whether the model is there, on its way, or failed to load."""
        return self._state

    @property
    def failure(self) -> ModelUnavailable | None:
        """Why there is no model, when loading failed."""
        return None if self._failure is None else ModelUnavailable(self._failure)

    @property
    def devices(self) -> tuple[DeviceStatus, ...]:
        """The one device that it has."""
        name = self._source.device if self._model is None else self._model.device
        return (DeviceStatus(name=name, state=self._state, activity=self.activity),)

    @property
    def loaded_loras(self) -> frozenset[str]:
        """Names of the LoRAs that are in memory."""
        return frozenset() if self._model is None else self._model.loaded_loras

    @property
    def activity(self) -> EngineActivity:
        """What it has done and does; may be asked at any time."""
        core, model = self._core, self._model
        used, total = (0, 0) if model is None else model.memory_use()
        return EngineActivity(
            steps=self._steps_before + (core.steps_done if core else 0),
            batches=self._batches_before + (core.batches_done if core else 0),
            busy_s=self._busy_total_s,
            pictures_in_flight=min(len(self.places), self.places.slots),
            slots=self.places.slots,
            memory_used_bytes=used,
            memory_total_bytes=total,
        )

    @property
    def has_controlnet(self) -> bool:
        """Whether control pictures can be read."""
        return bool(self._options.controlnet)

    def seconds_for(self, work: Work, *, ahead: Work = Work()) -> float | None:  # noqa: B008 - a frozen value
        """How long this device takes for `ahead` and then `work`, None before the model is warm."""
        return self._speed.seconds_for(ahead + work)

    def takes(self, rank: float) -> bool:
        """Whether a job of this rank would be drawn at once: a place is free, or held by one that can wait."""
        return self.places.take(rank)

    def reserve(self, job: Job) -> None:
        """Count `job` among those in flight, before `draw` is awaited for it."""
        for number, parameters in enumerate(job.images):
            self.places.hold((job.id, number), job.rank, parameters.work)

    def release(self, job: Job) -> None:
        """Give back the places that `job` still holds."""
        for number in range(len(job.images)):
            self.leave((job.id, number))

    def leave(self, picture: tuple[str, int]) -> None:
        """Give back the place of one picture, known by its job and number, if it still has it."""
        if self.places.leave(picture):
            self.on_change()

    def count_tokens(self, prompt: str) -> int | None:
        """How many CLIP tokens `prompt` takes; None while not even the tokenizer is loaded."""
        return None if self._token_counter is None else self._token_counter(prompt)

    async def load(self) -> None:
        """Load the model, replacing one that is there; the outcome is in `state` and `failure`.

        Never raises for a model that can't be loaded: the bot lives on and says so to those who ask. Pictures in
        flight are drawn again with the new model.
        """
        await self.load_model()
        self.compile()

    def compile(self) -> None:
        """Have the model compiled beside the drawing, where the options ask for it; returns at once."""
        self._inbox.put(self._compile)

    async def load_model(self) -> None:
        """Do as `load`, and leave it to the caller to `compile`: others may have to be loaded first."""
        self._set_state(EngineState.LOADING, None)
        self._loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=ENGINE_THREAD)
            self._thread.start()
        loaded = self._loop.create_future()

        def load_and_tell() -> None:
            self._load_blocking(self._abandon())
            self._post(_settle, loaded, None)

        self._inbox.put(load_and_tell)
        await loaded

    async def draw(self, job: Job, on_progress: Callable[[Progress], None]) -> tuple[Image, ...]:
        """Draw all pictures of `job`, calling `on_progress` on the event loop after each denoising step.

        Raises:
            DrawingCancelled: `job.request_cancel()` was called meanwhile.
            OutOfMemory, BrokenPicture, UnknownLora, ...: this job can't be drawn; the next one can.
            ModelUnavailable: no model is loaded.
        """
        self.reserve(job)
        try:
            return await draw_pictures(job, on_progress, self.draw_picture)
        finally:
            self.release(job)

    async def draw_picture(self, task: PictureTask) -> Image:
        """Draw one picture, which holds a place already. Raises as `draw` does, and DeviceLost: see the class."""
        finished: asyncio.Future[Image] = asyncio.get_running_loop().create_future()
        self._inbox.put(partial(self._order, task, finished))
        return await finished

    async def close(self) -> None:
        """Let the running step end, for at most `CLOSE_TIMEOUT_S`, and take no more."""
        self._is_closing.set()
        self._inbox.put(lambda: None)
        if self._thread is not None and self._core is not None:
            await asyncio.to_thread(self._thread.join, CLOSE_TIMEOUT_S)
        self._worker_threads.shutdown(wait=False)

    def _set_state(self, state: EngineState, failure: Exception | None) -> None:
        self._state, self._failure = state, failure
        self.on_change()

    def _post(self, call: Callable[..., object], *arguments: Any) -> None:
        """Have the event loop make a call, unless it is gone."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(call, *arguments)

    # From here on everything runs on the engine's thread.

    def _run(self) -> None:
        while not self._is_closing.is_set():
            if self._loss is not None:
                self._recover(self._loss)
            elif self._core is None or self._core.is_idle:
                self._inbox.get()()
            while not (self._inbox.empty() or self._loss or self._is_closing.is_set()):
                self._inbox.get()()
            if self._core is not None and not self._core.is_idle:
                self._tick(self._core)
        left = [*self._abandon(), *(self._loss.orders if self._loss else ())]
        # Whoever still holds the engine, in a cycle perhaps, holds no memory of the device.
        for order in (*left, *self._drop_model(decodes_the_rest=False)):
            order.on_end(DrawingCancelled())

    def _tick(self, core: "EngineCore") -> None:
        begin = time.perf_counter()
        try:
            with LIBRARY_TURNS.drawing():
                begin = time.perf_counter()  # to wait for one's turn is no work
                core.tick()
        except DeviceLost as error:
            self._lose(error.reason)
        except Exception as error:  # the border of this thread; a picture's own errors never come here
            log.exception("The engine failed in a step; its pictures end")
            for order in core.abandon():
                order.on_end(error)
        busy_s = time.perf_counter() - begin
        self._busy_s += busy_s
        self._busy_total_s += busy_s
        self._measure_speed(core)
        if core.slots != self.places.slots:
            self._post(self._set_slots, core.slots)

    def _measure_speed(self, core: "EngineCore") -> None:
        """Learn from the time since the last picture was finished, once there is another."""
        work = core.work_done - self._work_measured
        if work.megapixels > 0:
            self._speed.measure(work, self._busy_s)
            self._busy_s, self._work_measured = 0.0, core.work_done

    def _set_slots(self, slots: int) -> None:
        self.places.slots = slots
        self.on_change()

    def _lose(self, reason: str, undecoded: "Sequence[PictureOrder]" = ()) -> None:
        """Take note that the device was lost. What follows waits until no stack holds the old model any more."""
        self._loss = _Loss(reason, [*self._abandon(), *undecoded])

    def _lose_undecoded(self, reason: str) -> None:
        """Act on a loss that the decoder met, unless the model was loaded again since then."""
        if undecoded := self._take_undecoded():
            self._lose(reason, undecoded)

    def _take_undecoded(self) -> "list[PictureOrder]":
        undecoded = []
        while not self._undecoded.empty():
            undecoded.append(self._undecoded.get())
        return undecoded

    def _abandon(self) -> "list[PictureOrder]":
        """Let the core go; returns its orders, none of which has ended."""
        if self._core is None:
            return []
        orders = self._core.abandon()
        self._steps_before += self._core.steps_done
        self._batches_before += self._core.batches_done
        self._core = None
        return orders

    def _drop_model(self, *, decodes_the_rest: bool = True) -> "list[PictureOrder]":
        """Let the model go, with its memory; returns the orders that a lost device hasn't decoded."""
        if self._model is not None:
            from generation.engine.memory_guard import free_memory  # noqa: PLC0415 - see the module's docstring

            self._model.close(decodes_the_rest=decodes_the_rest)
            self._model = None
            with suppress(RuntimeError):  # a lost device can't be asked any more
                free_memory()
        return self._take_undecoded()

    def _recover(self, loss: _Loss) -> None:
        """Load the model again, and have the pictures of the lost device drawn again."""
        self._loss = None
        self._restarts += 1
        if self._restarts > RESTART_LIMIT:
            log.error("The device failed again: %s", loss.reason)
            self._fail(DeviceLost(loss.reason), loss.orders)
            return
        log.error(
            "The device failed: %s. The model is loaded again, and its pictures drawn again", loss.reason
        )
        self._post(self._set_state, EngineState.LOADING, None)
        orders = [*loss.orders, *self._drop_model()]
        if not self._keeps_pictures:
            for order in orders:
                order.on_end(DeviceLost(loss.reason))
            orders = []
        self._load_blocking(orders)
        self._compile()

    def _load_blocking(self, orders: "Sequence[PictureOrder]") -> None:
        """Load the model and go on with `orders`; where that fails they end."""
        orders = [*orders, *self._drop_model()]
        try:
            core = self._load_model()
        except ModelLoadError as error:
            log.error("The model %s could not be loaded: %s", self._source.source, error)  # noqa: TRY400 - the error tells all; a stack would bury it
            failure: Exception = error
        except Exception as error:  # the border of this thread
            log.exception("The model %s could not be loaded", self._source.source)
            failure = error
        else:
            for order in orders:
                core.add(order)
            self._core, self._was_ready = core, True
            self._post(self._set_slots, core.slots)
            self._post(self._set_state, EngineState.READY, None)
            return
        if self._was_ready and (isinstance(failure, DeviceUnavailable) or is_lost_device(failure)):
            log.error("The device is gone for this process; another one may be able to use it")
            reason = failure.reason if isinstance(failure, ModelLoadError) else first_line(failure)
            failure = DeviceGone(self._source.source, reason, self._source.device)
        self._fail(failure, orders)

    def _load_model(self) -> "EngineCore":
        read_ahead(self._source)
        import_libraries()
        from generation.engine.sdxl_model import SdxlModel, TokenCounter  # noqa: PLC0415 - see the module's docstring

        self._token_counter = TokenCounter(self._source)
        with LIBRARY_TURNS.loading():
            self._model = SdxlModel(self._source, self._options, self._encoding)
        with LIBRARY_TURNS.drawing():
            core, found = self._model.core()
        self._speed.begin(found.seconds_per_megapixel_step)
        self._busy_s, self._work_measured = 0.0, Work()
        log.info(
            "The model %s is ready on %s, %d at a time", self._source.source, self._model.device, found.slots
        )
        return core

    def _compile(self) -> None:
        """Begin to compile the model, and use the outcome if the present core still draws then."""
        core, model = self._core, self._model
        if core is None or model is None:
            return

        def swap(denoiser: "Denoiser") -> None:
            self._inbox.put(lambda: core.use_denoiser(denoiser) if self._core is core else None)

        try:
            with LIBRARY_TURNS.drawing():
                model.compile(swap)
        except Exception:  # the model draws without it
            log.warning("The UNet could not be compiled; drawing goes on without that", exc_info=True)

    def _fail(self, error: Exception, orders: "Sequence[PictureOrder]") -> None:
        forget_stack(error)
        # Told first, so that nobody brings the pictures back here.
        self._post(self._set_state, EngineState.FAILED, error)
        for order in (*orders, *self._drop_model()):
            order.on_end(ModelUnavailable(error))

    def _order(self, task: PictureTask, finished: "asyncio.Future[Image]") -> None:
        from generation.engine.picture_order import PictureOrder  # noqa: PLC0415 - see the module's docstring

        order = PictureOrder(
            parameters=task.parameters,
            rank=task.rank,
            is_cancelled=task.is_cancelled,
            on_step=partial(self._post, task.progress.step, task.number),
            wants_preview=partial(self._wants_preview, task.progress),
            on_preview=partial(self._show, task.progress),
            on_leaving=partial(self._post, self.leave, task.key),
            on_end=lambda outcome: self._end(task, finished, order, outcome),
        )
        self._add(order)

    def _add(self, order: "PictureOrder") -> None:
        if self._core is None:
            order.on_end(ModelUnavailable(self._failure or GenerationError()))
        else:
            self._core.add(order)

    def _wants_preview(self, progress: JobProgress) -> bool:
        interval_s = self._options.preview_interval_s
        return self.shows_previews and interval_s > 0 and progress.wants_preview(interval_s)

    def _show(self, progress: JobProgress, pixels: PillowImage.Image) -> None:
        """Write a preview and show it, on a thread of its own, so that the engine draws on meanwhile."""

        def encode_and_show() -> None:
            self._post(progress.show, encode_preview(pixels))

        self._worker_threads.submit(encode_and_show)

    def _end(
        self,
        task: PictureTask,
        finished: "asyncio.Future[Image]",
        order: "PictureOrder",
        outcome: "PictureOutcome",
    ) -> None:
        if isinstance(outcome, Exception):
            if is_lost_device(outcome):
                self._undecoded.put(order)
                self._inbox.put(partial(self._lose_undecoded, str(outcome)))
                return
            # What isn't ours is logged with its stack, and goes no further.
            if isinstance(outcome, GenerationError):
                forget_stack(outcome)
            self._post(_settle, finished, outcome)
            return
        self._restarts = 0
        self._worker_threads.submit(self._finish, task, finished, outcome)

    def _finish(
        self, task: PictureTask, finished: "asyncio.Future[Image]", pixels: PillowImage.Image
    ) -> None:
        """Write the PNG, on a thread of its own, so that the engine draws on meanwhile."""
        try:
            image = Image(task.parameters, encode_png(pixels, task.parameters))
        except Exception as error:  # the border of this thread
            self._post(_settle, finished, error)
        else:
            self._post(_settle, finished, image)


def _settle(future: asyncio.Future[Any], outcome: object) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
        future.exception()  # where several pictures of a job fail, only the first is told
    else:
        future.set_result(outcome)
