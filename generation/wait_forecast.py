"""How long people will wait: from what is being drawn, what stands in the line, and how fast the engine is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from generation.job import Job, Queued, Running
from generation.job_queue import JobQueue
from generation.work import Work

SecondsFor = Callable[[Work, Work], float | None]
"""How long work takes after work that is ahead of it; None where no speed is known yet."""


class WaitForecast:
    """Looks at the line as it is when asked. `running` are the jobs that are being drawn."""

    def __init__(
        self,
        line: JobQueue,
        running: Callable[[], Iterable[Job]],
        seconds_for: SecondsFor,
        clock: Callable[[], datetime],
    ) -> None:
        self._line = line
        self._running = running
        self._seconds_for = seconds_for
        self._clock = clock

    def places(self, *, is_model_loading: bool) -> Iterator[tuple[Job, Queued]]:
        """Yield every waiting job with where it stands, the next one first."""
        ahead = self._work_under_way()
        for position, job in enumerate(self._line, start=1):
            yield job, Queued(position, self._seconds_for(job.work, ahead), is_model_loading)
            ahead += job.work

    def engine_free_at(self) -> datetime | None:
        """When what is being drawn now should be done; None where no speed is known yet."""
        return self._after(self._work_under_way())

    def person_free_at(self, user_id: int) -> datetime | None:
        """When this person's earliest job in the line (or under the brush) should be done; None if unknown."""
        work = self._work_under_way()
        if any(job.user_id == user_id for job in self._running()):
            return self._after(work)
        for job in self._line:
            work += job.work
            if job.user_id == user_id:
                return self._after(work)
        return None

    def _work_under_way(self) -> Work:
        return sum(map(_work_left, self._running()), Work())

    def _after(self, work: Work) -> datetime | None:
        seconds = self._seconds_for(Work(), work)
        return None if seconds is None else self._clock() + timedelta(seconds=seconds)


def _work_left(job: Job) -> Work:
    done = job.latest.step / job.latest.total_steps if isinstance(job.latest, Running) else 0.0
    return replace(job.work, megapixel_steps=job.cost * (1 - done))
