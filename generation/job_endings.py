"""How jobs end in the store: nothing is told before it is stored, and a store that is away is waited for."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from generation.errors import StorageFailure
from generation.job import Cancelled, Ending, Failed, Finished, HandedOver, Job
from generation.job_record import failure_to_json
from generation.job_store import JobStore
from generation.patience import until_answered

log = logging.getLogger(__name__)

SETTLE_S = 5.0
"""How long a shutdown waits for endings that can't be stored yet."""


class JobEndings:
    """Stores endings; belongs to one event loop. `clock` gives the current, time-zone-aware time."""

    def __init__(self, store: JobStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._storing: set[asyncio.Task[Ending]] = set()

    async def keep(self, job: Job, ending: Ending) -> Ending:
        """Store how `job` ended; returns what became of it. Goes on though the caller is cancelled."""
        storing = asyncio.create_task(self._store_patiently(job, ending), name=f"store {job.id}")
        self._storing.add(storing)
        storing.add_done_callback(self._storing.discard)
        return await asyncio.shield(storing)

    async def settle(self) -> None:
        """Wait until all that was begun is stored; what can't be now is drawn once more after the next start."""
        storing = set(self._storing)
        if not storing:
            return
        _, pending = await asyncio.wait(storing, timeout=SETTLE_S)
        for task in pending:
            log.warning("%s is left undone: the store is away", task.get_name())
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)

    async def put_back(self, job_ids: Sequence[str]) -> None:
        """Say of jobs whose drawing a stop interrupts that it was no fault of theirs; does without an absent store."""
        try:
            async with asyncio.timeout(SETTLE_S):
                await self._store.put_back(job_ids)
        except Exception:  # they are only taken for interrupted once more than they were
            log.warning("What was being drawn could not be put back", exc_info=True)

    async def _store_patiently(self, job: Job, ending: Ending) -> Ending:
        if isinstance(ending, Finished):
            try:
                is_held = await until_answered(
                    partial(self._store_once, job, ending), job.id, passing=OSError
                )
            except OSError as error:
                log.error("Pictures can't be written: %s", error, extra={"job": job.id})  # noqa: TRY400 - the cause is the disk
                ending = Failed(StorageFailure(error.strerror or str(error)))
            else:
                return ending if is_held else HandedOver()
        is_held = await until_answered(partial(self._store_once, job, ending), job.id)
        return ending if is_held else HandedOver()

    async def _store_once(self, job: Job, ending: Ending) -> bool:
        """Store an ending; False where another process has taken the job over."""
        match ending:
            case Finished(images, drawing_s):
                pictures = [image.png for image in images]
                return await self._store.mark_finished(job.id, pictures, self._clock(), drawing_s)
            case Failed(error):
                return await self._store.mark_failed(job.id, failure_to_json(error), self._clock())
            case Cancelled():
                return await self._store.mark_cancelled(job.id, self._clock())
            case _:
                return True  # it goes on elsewhere, or at the next start: there is no end to be stored
