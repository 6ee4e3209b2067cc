"""The watch over leases: this process's jobs stay its own, and what dead processes have left is taken over."""

import asyncio
import logging

from cogs.delivery import Delivery
from generation.service import GenerationService

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""How often at least: as long may a cancel take that was pressed where another process answers."""


class LeaseWatch:
    """Belongs to one event loop. `lease_s` is how long a process may be silent before others take its jobs."""

    def __init__(self, service: GenerationService, delivery: Delivery, lease_s: float) -> None:
        self._service = service
        self._delivery = delivery
        self._interval_s = min(LOOK_EVERY_S, lease_s / 4)
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._watching = asyncio.create_task(self._watch(), name="lease watch")

    async def stop(self) -> None:
        """Take no more; what is held is this process's until the leases end, or its next run's."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            try:
                await self._look()
            except Exception:  # the border of this task: the database may be away for a while
                log.exception("Leases could not be renewed; again in %g s", self._interval_s)

    async def _look(self) -> None:
        await self._service.renew_leases()
        taken = await self._service.take_over()
        for job in taken.waiting:
            self._delivery.follow(job)
        if taken.ended_count:
            self._delivery.look_again()
        if taken.waiting or taken.ended_count:
            told = "Took over from a process that is gone; jobs to draw: %d, to bring: %d"
            log.warning(told, len(taken.waiting), taken.ended_count)
