"""The engine on this machine: one thread that owns the device, the model, and every call into torch.

torch, diffusers and transformers take seconds to import, so they are imported on that thread, when the model
is loaded; until then this module costs nothing and the bot can already answer.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from generation.errors import GenerationError, ModelUnavailable
from generation.image import Image
from generation.image_encoding import encode_png
from generation.job import Job
from generation.model_errors import ModelLoadError
from generation.model_source import ModelSource

if TYPE_CHECKING:
    from generation.sdxl_model import SdxlModel, TokenCounter

log = logging.getLogger(__name__)

Result = TypeVar("Result")

CLOSE_TIMEOUT_S = 5.0
"""A drawing ends at its next step; a download or an import can't be interrupted and is left behind."""


ENGINE_THREAD = "engine"
"""Name of the engine's thread, in logs and to whoever looks for one left behind."""


class EngineState(Enum):
    """How far the model is."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class LocalEngine:
    """Draws jobs one after another on one device. Its methods are called from one event loop."""

    def __init__(self, source: ModelSource) -> None:
        self._source = source
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=ENGINE_THREAD)
        self._last_call: Future[Any] | None = None
        self._state = EngineState.LOADING
        self._failure: Exception | None = None
        self._model: SdxlModel | None = None
        self._token_counter: TokenCounter | None = None

    @property
    def state(self) -> EngineState:
        """Whether the model is there, on its way, or failed to load."""
        return self._state

    @property
    def failure(self) -> ModelUnavailable | None:
        """Why there is no model, when loading failed."""
        return None if self._failure is None else ModelUnavailable(self._failure)

    @property
    def device(self) -> str | None:
        """Where the model lives ("cuda:0"), None before it is loaded."""
        return None if self._model is None else self._model.device

    async def load(self) -> None:
        """Load the model, replacing one that is there; the outcome is in `state` and `failure`.

        Never raises for a model that can't be loaded: the bot lives on and says so to those who ask.
        """
        self._state, self._failure = EngineState.LOADING, None
        try:
            await self._on_thread(self._load_blocking)
        except ModelLoadError as error:
            log.error("The model %s could not be loaded: %s", self._source.source, error)  # noqa: TRY400 - the error tells all; a stack would bury it
            self._state, self._failure = EngineState.FAILED, error
        except Exception as error:
            log.exception("The model %s could not be loaded", self._source.source)
            self._state, self._failure = EngineState.FAILED, error
        else:
            self._state = EngineState.READY

    def count_tokens(self, prompt: str) -> int | None:
        """How many CLIP tokens `prompt` takes; None while not even the tokenizer is loaded."""
        return None if self._token_counter is None else self._token_counter(prompt)

    async def draw(self, job: Job, on_step: Callable[[int], None]) -> tuple[Image, ...]:
        """Draw all pictures of `job`, calling `on_step` on the event loop after each denoising step.

        `on_step` gets the number of steps done over all pictures.

        Raises:
            DrawingCancelled: `job.request_cancel()` was called meanwhile.
            OutOfMemory, BrokenPicture: this job can't be drawn; the next one can.
            ModelUnavailable: no model is loaded.
        """
        loop = asyncio.get_running_loop()

        def report(steps_done: int) -> None:
            loop.call_soon_threadsafe(on_step, steps_done)

        return await self._on_thread(lambda: self._draw_blocking(job, report))

    async def close(self) -> None:
        """Let the running work end, for at most `CLOSE_TIMEOUT_S`, and take no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._last_call is not None and not self._last_call.done():
            last_call = asyncio.wrap_future(self._last_call)
            await asyncio.wait({last_call}, timeout=CLOSE_TIMEOUT_S)
            if last_call.done() and not last_call.cancelled():
                last_call.exception()  # whoever asked for the work has been told; nobody else needs to hear

    async def _on_thread(self, work: Callable[[], Result]) -> Result:
        future = self._thread.submit(work)
        self._last_call = future
        return await asyncio.wrap_future(future)

    def _load_blocking(self) -> None:
        from generation.sdxl_model import SdxlModel, TokenCounter  # noqa: PLC0415 - see the module's docstring

        self._model = None  # frees the old model's memory before the new one asks for its own
        self._token_counter = TokenCounter(self._source)
        model = SdxlModel(self._source)
        model.warm_up()
        self._model = model
        log.info("The model %s is ready on %s", self._source.source, model.device)

    def _draw_blocking(self, job: Job, report: Callable[[int], None]) -> tuple[Image, ...]:
        model = self._model
        if model is None:
            raise self.failure or ModelUnavailable(GenerationError())
        images = []
        steps_before = 0
        for parameters in job.images:

            def on_step(step: int, steps_before: int = steps_before) -> None:
                report(steps_before + step)

            pixels = model.draw(parameters, on_step, lambda: job.is_cancel_requested)
            images.append(Image(parameters, encode_png(pixels, parameters)))
            steps_before += parameters.num_inference_steps
        return tuple(images)
