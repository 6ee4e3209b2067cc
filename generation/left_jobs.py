"""Jobs that have fallen to this process: what others left, and what it holds itself but lost sight of."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from generation.errors import DrawingInterrupted, EngineFailure, GenerationError
from generation.job import Failed, Job
from generation.job_record import UnreadableRecord, failure_to_json
from generation.job_store import HeldJob, JobStore, StoredJob
from generation.past_jobs import remembered_job

log = logging.getLogger(__name__)

INTERRUPTIONS_MAX = 5
"""So often may drawing a job be interrupted: one that fills the memory, or loses the device for good, would bring the
program down at every start."""

ALONE_AFTER = 2
"""After so many interruptions a job is drawn alone, so that the one to blame takes no others along."""


@dataclass(slots=True)
class TakenOver:
    """What has fallen to this process: jobs that wait again, and how many only have to be brought.

    Of these `given_up` have failed here. `is_from_others` says whether some were in the hands of another run of the
    program, which seems to be dead.
    """

    waiting: list[Job] = field(default_factory=list)
    ended_count: int = 0
    given_up: list[Failed] = field(default_factory=list)
    is_from_others: bool = False


class LeftJobs:
    """Takes jobs over and reads them. `clock` gives the current, time-zone-aware time.

    `is_known` says whether a job of this process is in its hands, or just being accepted.
    """

    def __init__(
        self, store: JobStore, clock: Callable[[], datetime], is_known: Callable[[str], bool]
    ) -> None:
        self._store = store
        self._clock = clock
        self._is_known = is_known
        self._unknown: frozenset[str] = frozenset()
        self._out_of_sight: frozenset[str] = frozenset()
        self._unreadable_since: dict[str, datetime] = {}

    def look_at(self, held: Mapping[str, HeldJob]) -> None:
        """Note which of the held jobs are in nobody's hands: an answer of the store that got lost leaves such.

        Two looks in a row must agree: in one, a job may have ended since the store was asked.
        """
        unknown = frozenset(
            job_id for job_id, job in held.items() if not job.is_over and not self._is_known(job_id)
        )
        self._out_of_sight = unknown & self._unknown
        self._unknown = unknown

    async def take_over(self, *, with_earlier_runs: bool, with_unfinished: bool) -> TakenOver:
        """Take what nobody else holds, and what was lost sight of. What can't be read now comes at a later look."""
        taken = TakenOver()
        left = await self._store.take_over(
            self._clock(), with_earlier_runs=with_earlier_runs, with_unfinished=with_unfinished
        )
        for stored in left:
            await _without_hurting_others(self._take(stored, taken), stored.id)
        taken.is_from_others = bool(taken.waiting or taken.ended_count)
        if with_unfinished:
            # What was taken just now is nowhere known yet, and reading it may have taken longer than two looks.
            for job_id in self._out_of_sight - {stored.id for stored in left}:
                await _without_hurting_others(self._take_again(job_id, taken), job_id)
        return taken

    async def _take_again(self, job_id: str, taken: TakenOver) -> None:
        stored = None if self._is_known(job_id) else await self._store.find(job_id)
        if stored is not None and not _is_over(stored):
            log.warning("A job that was lost sight of is taken up again", extra={"job": job_id})
            await self._take(stored, taken)

    async def _take(self, stored: StoredJob, taken: TakenOver) -> None:
        is_over = _is_over(stored)
        if not is_over and self._is_known(stored.id):
            return  # another process had it and is gone too, before its loss was noticed here
        if not is_over and stored.interruptions >= INTERRUPTIONS_MAX:
            log.error(
                "This job was interrupted %d times while it was drawn, and is given up",
                stored.interruptions,
                extra={"job": stored.id},
            )
            await self._give_up(stored, DrawingInterrupted(stored.interruptions), taken)
            return
        try:
            job = remembered_job(stored, () if is_over else await self._store.sources(stored.id))
        except UnreadableRecord as error:
            if not await self._is_left_to_others(stored.id, error):
                await self._give_up(stored, EngineFailure(stored.id), taken)
            return
        if is_over:
            taken.ended_count += 1
            return
        if stored.cancel_asked_at is not None:
            job.request_cancel()
        job.is_suspect = stored.interruptions >= ALONE_AFTER
        taken.waiting.append(job)

    async def _give_up(self, stored: StoredJob, error: GenerationError, taken: TakenOver) -> None:
        """Have its asker told how it ended, or why it ends here."""
        if not _is_over(stored):
            await self._store.mark_failed(stored.id, failure_to_json(error), self._clock())
            taken.given_up.append(Failed(error))
        taken.ended_count += 1

    async def _is_left_to_others(self, job_id: str, error: UnreadableRecord) -> bool:
        """Let go of what a newer version may have stored, for as long as a process of that needs to see it."""
        now = self._clock()
        since = self._unreadable_since.setdefault(job_id, now)
        if now - since >= self._store.lease:
            del self._unreadable_since[job_id]
            log.error("A stored job can't be read, and nobody else does: %s", error, extra={"job": job_id})
            return False
        if since == now:
            log.warning("A stored job can't be read; may others try: %s", error, extra={"job": job_id})
        await self._store.let_go(job_id)
        return True


def _is_over(stored: StoredJob) -> bool:
    return stored.state not in ("queued", "running")


async def _without_hurting_others(taking: Awaitable[None], job_id: str) -> None:
    """The border around each job: the store may go away between two of them."""
    try:
        await taking
    except Exception:  # it is still held, so it will be seen that nobody has it in hand
        log.warning("A job could not be read, and is taken up later", exc_info=True, extra={"job": job_id})
