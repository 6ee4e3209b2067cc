"""A job: an accepted request on its way to pictures, and the updates that tell how far it is."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from generation.errors import DrawingCancelled, GenerationError
from generation.image import Image, ImageParameters
from generation.job_store import ReplyAddress
from generation.place import Place
from generation.prompt import PromptHint
from generation.request import GenerationRequest
from generation.work import Work

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Queued:
    """Waiting. `position` 1 is next. `estimated_wait_s` reaches to the picture; None until a speed was measured."""

    position: int
    estimated_wait_s: float | None
    is_model_loading: bool


@dataclass(frozen=True, slots=True)
class Running:
    """Being drawn: `step` of `total_steps`, counted over all of the job's pictures.

    `preview` is a small WebP file of the newest first look at one of them, None while there is none.
    """

    step: int
    total_steps: int
    preview: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """Done. `drawing_s` is the time from leaving the queue to the last picture, in seconds."""

    images: tuple[Image, ...]
    drawing_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """Given up, and why."""

    error: GenerationError


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Called off by the asker."""


@dataclass(frozen=True, slots=True)
class Suspended:
    """The program goes down. The job is stored and goes on at the next start; this run has no more news of it."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Another process took the job over, while this one seemed to be dead. The other has all further news of it."""


Update = Queued | Running | Finished | Failed | Cancelled | Suspended | HandedOver
Ending = Finished | Failed | Cancelled | Suspended | HandedOver


@dataclass(eq=False, slots=True, kw_only=True)
class Job:
    """An accepted request with its place in the world; its seed is fixed, one `ImageParameters` a picture, and in
    `pictures` what was asked for with each, nothing left to chance.

    `locale` is the language in which its asker is told, by Discord's name of it. `weight` is the asker's share of
    the engine compared with others'. `reply` is where the result goes, for delivery alone, and `post_nonce` under
    which nonce it was begun to be posted. `occasion` is the id of the event that it is drawn for. Where `is_hidden`,
    its pictures are for moderators alone. Where `is_suspect`, it is drawn beside no other. Jobs of lower `rank` are
    drawn first; the queue sets it.

    Belongs to one event loop: only `is_cancel_requested` may be read from another thread.
    """

    id: str
    request: GenerationRequest
    user_id: int
    place: Place
    images: tuple[ImageParameters, ...]
    pictures: tuple[GenerationRequest, ...]
    hints: tuple[PromptHint, ...]
    accepted_at: datetime
    locale: str = "en-US"
    weight: float = 1.0
    reply: ReplyAddress | None = None
    post_nonce: str | None = None
    occasion: str | None = None
    is_hidden: bool = False
    is_suspect: bool = False
    rank: float = math.inf
    _latest: Update = field(default_factory=lambda: Queued(1, None, is_model_loading=True))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _cancel: threading.Event = field(default_factory=threading.Event)
    _called_off: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_private(self) -> bool:
        """Whether only its asker may see it."""
        return self.reply is not None and self.reply.is_private

    @property
    def latest(self) -> Update:
        """The newest update."""
        return self._latest

    @property
    def cost(self) -> float:
        """Megapixels times steps times images."""
        return sum(image.cost for image in self.images)

    @property
    def work(self) -> Work:
        """What an engine has to do for all pictures."""
        return sum((image.work for image in self.images), Work())

    @property
    def total_steps(self) -> int:
        """Denoising steps over all pictures."""
        return sum(image.total_steps for image in self.images)

    @property
    def is_cancel_requested(self) -> bool:
        """Whether somebody wants it stopped; the engine looks between steps."""
        return self._cancel.is_set()

    def request_cancel(self) -> None:
        """Ask for an end. The job is over only when `Cancelled` is published."""
        self._cancel.set()
        self._called_off.set()

    async def cancel_requested(self) -> None:
        """Wait until somebody wants it stopped, which may be never."""
        await self._called_off.wait()

    async def unless_called_off(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Await `work`, but no longer than somebody wants the job.

        Raises:
            DrawingCancelled: it was called off first; `work` is cancelled.
        """
        working, called_off = asyncio.create_task(work), asyncio.create_task(self.cancel_requested())
        try:
            await asyncio.wait({working, called_off}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise DrawingCancelled
        finally:
            working.cancel()
            called_off.cancel()
            await asyncio.gather(working, called_off, return_exceptions=True)

    def publish(self, update: Update) -> None:
        """Make `update` the newest. After an ending nothing more is taken."""
        if isinstance(self._latest, Ending):
            return
        self._latest = update
        self._changed.set()
        self._changed = asyncio.Event()

    async def updates(self) -> AsyncIterator[Update]:
        """Yield the newest update at once and each newer one, up to and including the ending.

        A slow reader misses updates in between, never the ending: progress is worth only its newest state.
        """
        while True:
            update = self._latest
            yield update
            if isinstance(update, Ending):
                return
            if self._latest is update:
                await self._changed.wait()

    async def ending(self) -> Ending:
        """Wait for the job to be over."""
        async for update in self.updates():
            if isinstance(update, Ending):
                return update
        raise AssertionError("updates() ends with an ending")
