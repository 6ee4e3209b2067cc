"""The watch over leases: this process's jobs stay its own, and what dead processes have left is taken over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from cogs.delivery import Delivery
from generation.service import GenerationService

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""How often at least: as long may a cancel take that was pressed where another process answers."""


class LeaseWatch:
    """Belongs to one event loop. `lease_s` is how long a process may be silent before others take its jobs.

    Leases are renewed on a beat of their own: taking over reads files, and may take longer than a lease lasts.
    """

    def __init__(self, service: GenerationService, delivery: Delivery, lease_s: float) -> None:
        self._service = service
        self._delivery = delivery
        self._interval_s = min(LOOK_EVERY_S, lease_s / 4)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; returns at once."""
        self._tasks = [
            asyncio.create_task(self._repeat(look), name=name)
            for look, name in (
                (self._service.renew_leases, "renewing leases"),
                (self._take_over, "taking over"),
            )
        ]

    async def stop(self) -> None:
        """Take no more; what is held is this process's until the leases end, or its next run's."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _repeat(self, look: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            try:
                await look()
            except Exception:  # the border of this task: the database may be away for a while
                log.exception("The watch over leases failed; again in %g s", self._interval_s)

    async def _take_over(self) -> None:
        taken = await self._service.take_over()
        for job in taken.waiting:
            self._delivery.follow(job)
        if taken.ended_count:
            self._delivery.look_again()
        if taken.is_from_others:
            told = "Took over from a process that is gone; jobs to draw: %d, to bring: %d"
            log.warning(told, len(taken.waiting), taken.ended_count)
