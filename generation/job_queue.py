"""The waiting line of jobs, by rank: who came earlier, and who asks for less, goes first."""

from bisect import insort
from collections.abc import Iterator
from datetime import datetime

from generation.job import Job

PATIENCE = 1.5
"""How many times its own drawing time a job lets later ones go ahead; see `rank_of`."""


def rank_of(accepted_at: datetime, drawing_s: float | None) -> float:
    """Return a job's rank: when it was accepted, plus `PATIENCE` times as long as its drawing takes, in seconds.

    So a short job may overtake a long one that came a little earlier, and nobody waits for ever: what comes in
    later by more than its own drawing time never goes ahead. The choice of the factor is told in
    `docs/decisions/0004-step-level-batching.md`.
    """
    return accepted_at.timestamp() + PATIENCE * (drawing_s or 0.0)


class JobQueue:
    """Jobs that wait for the engine, in the order in which they will be drawn. Among equals the first stays first."""

    def __init__(self) -> None:
        self._waiting: list[Job] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Job]:
        """Waiting jobs, the next one first."""
        return iter(tuple(self._waiting))

    @property
    def first(self) -> Job | None:
        """The job whose turn is next."""
        return self._waiting[0] if self._waiting else None

    def put(self, job: Job) -> None:
        """Let `job` wait."""
        insort(self._waiting, job, key=lambda waiting: waiting.rank)

    def remove(self, job: Job) -> bool:
        """Take `job` out of the line; False when it isn't there any more."""
        if job not in self._waiting:
            return False
        self._waiting.remove(job)
        return True
