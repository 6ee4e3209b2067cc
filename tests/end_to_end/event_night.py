"""An event in the sandbox: many people ask for pictures within a short time, and every wait is measured."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from sandbox import SandboxServer
from sandbox.counts import Statistics
from tests.end_to_end.crowd import Crowd
from tests.end_to_end.person import Person

WATCH_S = 0.2


@dataclass
class EventNight:
    """What happened: when each request was asked and its picture seen, in seconds since the beginning."""

    people: int
    crowd: Crowd
    asked_s: dict[int, float] = field(default_factory=dict)
    seen_s: dict[int, float] = field(default_factory=dict)
    waiting: list[tuple[float, int]] = field(default_factory=list)
    """How many pictures were owed, over time."""

    @property
    def statistics(self) -> Statistics:
        """What the sandbox counted."""
        return self.crowd.server.statistics

    @property
    def duplicates(self) -> int:
        """Messages with a picture that another one holds already."""
        return sum(count - 1 for count in self.crowd.pictures().values())

    def person_of(self, seed: int) -> int:
        """Who asked for it, by number."""
        return seed % self.people

    def waits_s(self) -> dict[int, list[float]]:
        """Each person's waits."""
        waits: dict[int, list[float]] = {}
        for seed, seen_s in self.seen_s.items():
            waits.setdefault(self.person_of(seed), []).append(seen_s - self.asked_s[seed])
        return waits


async def hold_event(
    server: SandboxServer,
    *,
    people: int,
    requests: int,
    within_s: float,
    patience_s: float,
    steps: int = 1,
) -> EventNight:
    """Let `people` (the sandbox's guests) ask for `requests` pictures, and wait for them to come.

    Raises:
        TimeoutError: after `patience_s` pictures are still owed.
    """
    night = EventNight(people, Crowd(server))
    begin = time.monotonic()
    async with AsyncExitStack() as stack:
        guests = [
            await stack.enter_async_context(Person.called(f"Guest {number}", server))
            for number in range(people)
        ]

        async def ask(seed: int) -> None:
            await asyncio.sleep(within_s * seed / requests)
            night.asked_s[seed] = time.monotonic() - begin
            await night.crowd.ask(guests[seed % people], seed, steps=steps)

        watching = asyncio.create_task(_watch(night, begin))
        await asyncio.gather(*map(ask, range(requests)))
        await night.crowd.until(lambda: len(night.seen_s) >= len(night.crowd.asked), patience_s)
        watching.cancel()
    return night


async def _watch(night: EventNight, begin: float) -> None:
    while True:
        now = time.monotonic() - begin
        for seed in night.crowd.pictures():
            night.seen_s.setdefault(seed, now)
        night.waiting.append((now, len(night.crowd.asked) - len(night.seen_s)))
        await asyncio.sleep(WATCH_S)
