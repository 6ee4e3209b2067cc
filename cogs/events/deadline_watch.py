"""The watch over deadlines: what is due is done, also what fell due while the bot was away."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from storage.deadlines import Deadline, DeadlineStore

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
"""How long the watch sleeps at most: another process may have set an earlier deadline."""

LEASE = timedelta(seconds=20)
"""How long a dead process's deadlines lie about before another takes them; renewed while one is worked on."""

DeadlineHandler = Callable[[Deadline], Awaitable[None]]
"""Does what is due. It may be called again after a crash, so it asks the state of its event first."""


class DeadlineWatch:
    """Claims what is due and hands it to the handler of its kind; belongs to one event loop.

    `clock` gives the current, time-zone-aware time.
    """

    def __init__(
        self, store: DeadlineStore, handlers: Mapping[str, DeadlineHandler], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._name = secrets.token_hex(8)
        self._watching: asyncio.Task[None] | None = None
        self._working: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()

    def start(self) -> None:
        """Begin; returns at once."""
        self._watching = asyncio.create_task(self._watch(), name="deadline watch")

    async def stop(self) -> None:
        """Leave what is under way to the next start, or to another process."""
        tasks = [*([self._watching] if self._watching else []), *self._working]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            pause_s = LOOK_EVERY_S
            try:
                for deadline in await self._store.claim(self._clock(), self._name, LEASE):
                    task = asyncio.create_task(
                        self._work(deadline), name=f"{deadline.kind} {deadline.event_id}"
                    )
                    self._working.add(task)
                    task.add_done_callback(self._working.discard)
                if moment := await self._store.next_moment():
                    pause_s = min(pause_s, max(0.05, (moment - self._clock()).total_seconds()))
            except (SQLAlchemyError, OSError):
                log.exception("Deadlines could not be looked at; again soon")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), pause_s)
            self._woken.clear()

    async def _work(self, deadline: Deadline) -> None:
        handler = self._handlers.get(deadline.kind)
        if handler is None:
            log.error("Nobody knows what to do at a deadline of the kind %r", deadline.kind)
            await self._store.failed(deadline, self._clock())
            return
        try:
            async with self._kept(deadline):
                await handler(deadline)
            await self._store.done(deadline, self._clock())
            self._woken.set()  # the event's next one may be due
        except Exception:  # the border of this task: logged, and tried again
            log.exception("%s of event %s failed", deadline.kind, deadline.event_id)
            again_at = await self._store.failed(deadline, self._clock())
            log.warning("%s of event %s is tried again at %s", deadline.kind, deadline.event_id, again_at)

    @asynccontextmanager
    async def _kept(self, deadline: Deadline) -> AsyncIterator[None]:
        """Renew the lease while the handler works."""
        keeping = asyncio.create_task(self._keep(deadline), name="keep a deadline")
        try:
            yield
        finally:
            keeping.cancel()

    async def _keep(self, deadline: Deadline) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            try:
                await self._store.keep(deadline, self._name, self._clock() + LEASE)
            except (SQLAlchemyError, OSError):
                log.warning("A deadline's lease can't be renewed", exc_info=True)
