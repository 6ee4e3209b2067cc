"""What has ended and has still to be brought to its askers, as the store remembers it; bringing it is not done here."""

import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby

from generation.job import Job
from generation.job_record import UnreadableRecord
from generation.job_store import JobStore, StoredJob
from generation.past_jobs import ended_job, unreadable_job
from generation.patience import until_answered

log = logging.getLogger(__name__)


class Deliveries:
    """Remembers of each job whether its asker was told. `clock` gives the current, time-zone-aware time."""

    def __init__(self, store: JobStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def undelivered(self, besides: Collection[str] = ()) -> AsyncIterator[list[Job]]:
        """Yield the jobs that ended without their askers being told, their pictures read when it is their turn.

        Those that were begun to be posted in one message come together. `besides` are ids of jobs that somebody
        brings already.
        """
        for _, together in groupby(
            await self._store.undelivered(), lambda stored: stored.post_nonce or stored.id
        ):
            jobs = []
            for stored in together:
                if stored.id in besides:
                    continue
                jobs.append(await self._ended(stored))
            if jobs:
                yield jobs

    async def _ended(self, stored: StoredJob) -> Job:
        try:
            return ended_job(
                stored, await self._store.sources(stored.id), await self._store.pictures(stored.id)
            )
        except UnreadableRecord as error:
            log.error("A stored job can't be read: %s", error, extra={"job": stored.id})  # noqa: TRY400 - it says it all
            return unreadable_job(stored)

    async def hold(self, jobs: Sequence[Job]) -> list[Job]:
        """Return those of `jobs` that are still this process's to bring; nobody else takes them for a while."""
        held = await self._store.hold([job.id for job in jobs], self._clock())
        return [job for job in jobs if job.id in held]

    async def take(self, job: Job) -> bool:
        """Have `job` be this process's to bring once more; False where another has it, which brings it."""
        return await self._store.take(job.id, self._clock())

    async def will_post(self, jobs: Sequence[Job], nonce: str) -> None:
        """Remember under which nonce the results of `jobs` are about to be posted."""
        await self._store.will_post([job.id for job in jobs], nonce)

    async def delivered(self, job: Job, message: tuple[int, int] | None = None) -> None:
        """Remember that the asker of `job` has been told how it ended, by the message of this channel and id.

        Waits for a store that is away: what is forgotten here would be told twice.
        """
        mark = partial(self._store.mark_delivered, job.id, self._clock(), message)
        await until_answered(mark, job.id)
