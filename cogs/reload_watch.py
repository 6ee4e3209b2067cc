"""The watch over reloads: what one process is asked by `/reload`, all that share its database do."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from cogs.errors import ReloadRefused
from storage.reloads import Reloads

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""How long a reload takes to come around."""


class ReloadWatch:
    """Belongs to one event loop. `reload` reads this process's own settings again, and logs what came of it."""

    def __init__(self, reloads: Reloads, reload: Callable[[], Awaitable[object]]) -> None:
        self._reloads = reloads
        self._reload = reload
        self._seen: int | None = None
        self._turn = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._watching = asyncio.create_task(self._watch(), name="reload watch")

    async def stop(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def ask_others(self) -> None:
        """Have all other processes reload within `LOOK_EVERY_S`; this one has just done it.

        Raises:
            SQLAlchemyError, OSError: the database is away.
        """
        async with self._turn:  # a look in between would take this process for one of the others
            number = await self._reloads.ask()
            # Another process may have asked meanwhile, for settings that came after this one had read them.
            if self._seen == number - 1:
                self._seen = number

    async def _watch(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:  # the border of this task: the database may be away for a while
                log.exception("Whether to reload could not be looked up; again in %g s", LOOK_EVERY_S)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self) -> None:
        async with self._turn:
            number = await self._reloads.number()
            if number == self._seen:
                return
            # At the first look too: since this process read its settings, its start has taken some seconds.
            self._seen = number
        with suppress(ReloadRefused):  # it is in the log
            await self._reload()
