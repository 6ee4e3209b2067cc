"""The waiting line of jobs, first come first served."""

import asyncio
from collections.abc import Iterator

from generation.job import Job


class JobQueue:
    """Jobs that wait for the engine, in the order in which they will be drawn."""

    def __init__(self) -> None:
        self._waiting: list[Job] = []
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Job]:
        """Waiting jobs, the next one first."""
        return iter(tuple(self._waiting))

    def put(self, job: Job) -> None:
        """Let `job` wait."""
        self._waiting.append(job)
        self._arrived.set()

    def remove(self, job: Job) -> bool:
        """Take `job` out of the line; False when it isn't there any more."""
        if job not in self._waiting:
            return False
        self._waiting.remove(job)
        return True

    async def next(self) -> Job:
        """Wait until there is a job and take the first one."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.pop(0)
