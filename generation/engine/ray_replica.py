"""A replica of the engine in a cluster: one device, drawing what Ray Serve brings. Importing this imports Ray."""

import asyncio
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import ray
from ray import serve
from ray.exceptions import ActorDiedError

from generation.encoding_mode import EncodingMode
from generation.engine.engine import EngineState, Progress
from generation.engine.job_drawing import JobProgress, PictureTask
from generation.engine.local_engine import LocalEngine
from generation.engine.ray_messages import (
    Advanced,
    DrawingOrder,
    Drawn,
    Left,
    News,
    Refused,
    ReplicaReport,
)
from generation.engine.roll_call import RollCallName
from generation.engine_options import EngineOptions
from generation.errors import EngineFailure, GenerationError
from generation.image import Image
from generation.job_record import failure_to_json
from generation.model_source import ModelSource
from generation.work import Work

log = logging.getLogger(__name__)

REPORT_INTERVAL_S = 0.5
REPORT_TIMEOUT_S = 5.0
LAST_WORDS_S = 1.0
LORA_SETS = 8
"""Sets of LoRAs by which Serve finds a replica again; of single ones as many stay in memory, see `LoraLibrary`."""


class DrawingReplica:
    """Draws pictures on the one device that Ray gave it. The roll call of that name hears how it is, while it lives.

    Raises:
        RuntimeError: the model can't be loaded here. Serve tries again, and gives up where it never succeeds.
    """

    async def __init__(  # type: ignore[misc]  # Serve awaits it
        self,
        source: ModelSource,
        options: EngineOptions,
        encoding: EncodingMode,
        roll_call: RollCallName,
    ) -> None:
        self._id = serve.get_replica_context().replica_id.unique_id
        self._engine = LocalEngine(source, options, encoding)
        self._engine.on_change = self._changed
        self._roll_call_name = roll_call
        self._roll_call: Any = None  # the actor, as Ray gives it
        self._streams: dict[tuple[str, int], asyncio.Queue[News | None]] = {}
        self._had_model = False
        self._ending: asyncio.Task[None] | None = None
        self._reporting = asyncio.create_task(self._report_always())
        await self._engine.load()
        if failure := self._engine.failure:
            with suppress(Exception):  # why there is no model counts for more than who couldn't be told
                await self._report()
            await self._stop()
            raise RuntimeError(str(failure.cause))
        self._had_model = True

    async def __del__(self) -> None:  # Serve awaits it
        """Called by Serve when the replica is to go: without this the engine's thread would keep the process."""
        await self._stop()

    @serve.multiplexed(max_num_models_per_replica=LORA_SETS)  # type: ignore[untyped-decorator]  # as Ray ships it
    async def lora_set(self, names: str) -> str:
        """Let Serve know that pictures with these LoRAs come here; the files are read when their turn comes."""
        return names

    async def draw(self, order: DrawingOrder) -> AsyncIterator[News]:
        """Draw a picture, and tell how far it is. Who no longer listens has it dropped before its next step."""
        if names := serve.get_multiplexed_model_id():
            await self.lora_set(names)
        news: asyncio.Queue[News | None] = asyncio.Queue()
        given_up = threading.Event()
        task = PictureTask(
            job_id=order.id,
            number=0,
            parameters=order.parameters,
            rank=order.rank,
            is_cancelled=given_up.is_set,
            progress=JobProgress(_Telling(news)),
        )
        self._engine.places.hold(task.key, task.rank, task.parameters.work)
        self._streams[task.key] = news
        drawing = asyncio.create_task(self._engine.draw_picture(task))
        drawing.add_done_callback(lambda _: news.put_nowait(None))
        try:
            while (item := await news.get()) is not None:
                yield item
            yield _outcome(order, drawing)
        finally:
            given_up.set()
            drawing.cancel()
            self._streams.pop(task.key, None)
            self._engine.leave(task.key)

    async def _stop(self) -> None:
        self._reporting.cancel()
        await self._engine.close()

    def _changed(self) -> None:
        for key in [key for key in self._streams if key not in self._engine.places]:
            self._streams.pop(key).put_nowait(Left())
        if self._had_model and self._ending is None and self._engine.state is EngineState.FAILED:
            self._ending = asyncio.create_task(self._end())

    async def _end(self) -> None:
        """End this process, so that Serve brings no more pictures here at once, and starts another replica.

        It would do so after three health checks that fail. Until then a replica that refuses pictures would be the
        least busy of all, and be brought the whole line.
        """
        log.error("This replica ends: its device failed too often")
        with suppress(Exception):  # it ends, whether that is heard or not
            async with asyncio.timeout(LAST_WORDS_S):
                await self._report()
        os._exit(1)

    async def _report_always(self) -> None:
        is_heard = True
        while True:
            try:
                await self._report()
                is_heard = True
            except Exception:  # the border of this task: a replica that says nothing is given no pictures
                if is_heard:
                    log.warning("The bot can't be told how this replica is", exc_info=True)
                is_heard = False
            await asyncio.sleep(REPORT_INTERVAL_S)

    async def _report(self) -> None:
        status, failure = self._engine.devices[0], self._engine.failure
        report = ReplicaReport(
            replica=self._id,
            status=status.named(_place(status.name)),
            failure=None if failure is None else str(failure.cause),
            megapixel_step_s=self._engine.seconds_for(Work(megapixel_steps=1)),
            megapixel_s=self._engine.seconds_for(Work(megapixels=1)),
        )
        if self._roll_call is None:
            self._roll_call = await asyncio.to_thread(
                ray.get_actor, self._roll_call_name.name, self._roll_call_name.namespace
            )
        try:
            async with asyncio.timeout(REPORT_TIMEOUT_S):
                self._engine.shows_previews = await self._roll_call.report.remote(report)
        except ActorDiedError:
            self._roll_call = None  # the bot makes another one of that name
            raise


class _Telling:
    """Turns a picture's progress into news, each preview once."""

    def __init__(self, news: "asyncio.Queue[News | None]") -> None:
        self._news = news
        self._preview: bytes | None = None

    def __call__(self, progress: Progress) -> None:
        is_new = progress.preview is not self._preview
        self._preview = progress.preview
        self._news.put_nowait(Advanced(progress.steps_done, progress.preview if is_new else None))


def _outcome(order: DrawingOrder, drawing: "asyncio.Task[Image]") -> News:
    try:
        return Drawn(drawing.result().png)
    except GenerationError as error:
        return Refused(failure_to_json(error))
    except Exception:  # the border of this process; the bot has no use for a library's error
        log.exception("A picture failed", extra={"job": order.id})
        return Refused(failure_to_json(EngineFailure(order.id)))


def _place(device: str) -> str:
    """Name a device of this cluster: its host, and which of the host's GPUs Ray gave this process."""
    gpus = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
    name = f"GPU {', '.join(gpus)}" if gpus else device
    return f"{socket.gethostname()} {name}"
