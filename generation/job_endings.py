"""How jobs end in the store: nothing is told before it is stored, and a database that is away is waited for."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from generation.errors import StorageFailure
from generation.job import Cancelled, Ending, Failed, Finished, HandedOver, Job
from generation.job_record import failure_to_json
from generation.job_store import JobStore

log = logging.getLogger(__name__)

STORE_RETRIES_S = (0.2, 1, 3, 10)
"""Pauses between attempts to store how a job ended, while the database is away."""


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
        """Wait until all that was begun is stored."""
        await asyncio.gather(*self._storing, return_exceptions=True)

    async def _store_patiently(self, job: Job, ending: Ending) -> Ending:
        is_held = True
        for pause_s in (*STORE_RETRIES_S, None):
            try:
                is_held = await self._store_once(job, ending)
            except OSError as error:
                if not isinstance(ending, Finished):
                    log.exception("A job's end could not be stored", extra={"job": job.id})
                    return ending
                log.error("Pictures can't be written: %s", error, extra={"job": job.id})  # noqa: TRY400 - the cause is the disk
                ending = Failed(StorageFailure(error.strerror or str(error)))
            except Exception:
                if pause_s is None:
                    # It is told nevertheless; at the next start it will be drawn once more.
                    log.exception("A job's end could not be stored", extra={"job": job.id})
                    return ending
                log.warning("A job's end could not be stored yet", exc_info=True, extra={"job": job.id})
                await asyncio.sleep(pause_s)
            else:
                return ending if is_held else HandedOver()
        return ending

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
