"""The waiting line, fair between people: each person's share of the engine is the same, however much they ask for.

Start-time fair queueing (Goyal, Vin, Cheng 1997), fed into a line by rank. Every job gets a start tag: the virtual
time now, or the end of the same person's job before it if that is later. Virtual time moves on by the work that
was done, divided by how many people wanted some. A job whose tag has come stands in the line; the others are
their person's backlog and join when their time comes, or when the line is empty and the engine is free.
"""

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from generation.job import Job
from generation.work import Work

PATIENCE = 1.5
"""How many times its own drawing time a job lets later ones go ahead; see `rank_of`."""


def rank_of(accepted_at: datetime, drawing_s: float | None) -> float:
    """Return a job's rank: when it was accepted, plus `PATIENCE` times as long as its drawing takes, in seconds.

    So a short job may overtake a long one that came a little earlier, and nobody waits for ever: what comes in
    later by more than its own drawing time never goes ahead. The choice of the factor is told in
    `docs/decisions/0004-step-level-batching.md`.
    """
    return accepted_at.timestamp() + PATIENCE * (drawing_s or 0.0)


@dataclass(slots=True)
class _Person:
    """How far a person's jobs reach in virtual time, and how many of them are not over."""

    weight: float
    reaches: float
    unfinished: int = 0


class JobQueue:
    """Jobs that wait for the engine, in the order in which they will be drawn.

    `seconds_for` tells how long work takes to draw, None where that isn't known yet. Costs, megapixels times steps
    times images, are the unit of virtual time.
    """

    def __init__(self, seconds_for: Callable[[Work], float | None]) -> None:
        self._seconds_for = seconds_for
        self._line: list[Job] = []
        self._backlog: list[Job] = []
        self._running: dict[str, Job] = {}
        self._start_tags: dict[str, float] = {}
        self._people: dict[int, _Person] = {}
        self._virtual_time = 0.0

    def __len__(self) -> int:
        return len(self._line) + len(self._backlog)

    def __iter__(self) -> Iterator[Job]:
        """Waiting jobs, the next one first, as it looks now."""
        yield from tuple(self._line)
        yield from tuple(self._backlog)

    def first(self, *, is_engine_free: bool) -> Job | None:
        """Return the job whose turn is next; none while a suspect runs, or is next and must wait until nothing runs.

        A backlog opens before its time only for an engine with a free slot. Virtual time stays where it is then: it
        will move when the work is done, and must not move twice.
        """
        if not self._line and self._backlog and is_engine_free:
            self._admit(self._backlog.pop(0))
        first = self._line[0] if self._line else None
        if (
            first is not None
            and self._running
            and any(job.is_suspect for job in (first, *self._running.values()))
        ):
            return None
        return first

    def put(self, job: Job) -> None:
        """Let `job` wait."""
        person = self._people.setdefault(job.user_id, _Person(job.weight, self._virtual_time))
        person.weight = job.weight
        start_tag = max(self._virtual_time, person.reaches)
        person.reaches = start_tag + job.cost / person.weight
        person.unfinished += 1
        self._start_tags[job.id] = start_tag
        if start_tag <= self._virtual_time:
            job.rank = rank_of(job.accepted_at, self._seconds_for(job.work))
            insort(self._line, job, key=lambda waiting: waiting.rank)
        else:
            insort(self._backlog, job, key=lambda waiting: self._start_tags[waiting.id])

    def begin(self, job: Job) -> None:
        """Take `job` out of the line: the engine has it."""
        self._line.remove(job)
        self._running[job.id] = job

    def end(self, job: Job) -> bool:
        """Forget `job`, whether it waited or ran; False when it isn't known any more."""
        if job.id not in self._start_tags:
            return False
        person = self._people[job.user_id]
        if self._running.pop(job.id, None) is not None:
            shares = sum(each.weight for each in self._people.values() if each.unfinished)
            self._virtual_time += job.cost / shares
        else:
            (self._line if job in self._line else self._backlog).remove(job)
            self._move_up(job, person)
        del self._start_tags[job.id]
        person.unfinished -= 1
        self._forget_people()
        while self._backlog and self._start_tags[self._backlog[0].id] <= self._virtual_time:
            self._admit(self._backlog.pop(0))
        return True

    def _move_up(self, gone: Job, person: _Person) -> None:
        """Let the jobs after one that won't be drawn have its place: it costs its asker nothing."""
        share = gone.cost / person.weight
        person.reaches -= share
        for job in self._backlog:
            if job.user_id == gone.user_id and self._start_tags[job.id] > self._start_tags[gone.id]:
                self._start_tags[job.id] -= share
        self._backlog.sort(key=lambda waiting: self._start_tags[waiting.id])

    def _forget_people(self) -> None:
        """Drop those who have nothing here and no head start; when all is idle, everybody begins anew."""
        if not self._start_tags:
            self._people.clear()
            self._virtual_time = 0.0
            return
        for user_id, person in tuple(self._people.items()):
            if not person.unfinished and person.reaches <= self._virtual_time:
                del self._people[user_id]

    def _admit(self, job: Job) -> None:
        """Let a backlog's job join the end of the line, as a latecomer who overtakes nobody."""
        others = (*self._line, *self._running.values())
        job.rank = max([rank_of(job.accepted_at, None), *(other.rank for other in others)])
        self._line.append(job)
