"""The last hour, for plots: a measurement every few seconds, the oldest forgotten."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from watch.metrics import Metrics

INTERVAL_S = 5.0
LENGTH = 720
"""An hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """How things were at a moment. `images`, `failures`, `steps` and `refusals` count since the program began."""

    at: datetime
    waiting: float
    running: float
    oldest_wait_s: float
    images: float
    failures: float
    steps: float
    refusals: float
    worst_lag_s: float


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a plot: moments, and values there."""

    at: Sequence[datetime]
    values: Sequence[float]


class History:
    """Measures now and then; belongs to one event loop. `clock` gives the current, time-zone-aware time."""

    def __init__(self, metrics: Metrics, clock: Callable[[], datetime]) -> None:
        self._metrics = metrics
        self._clock = clock
        self._measured: deque[Measurement] = deque(maxlen=LENGTH)

    async def run(self) -> None:
        """Measure every few seconds. Never returns."""
        while True:
            self.remember(self.now())
            await asyncio.sleep(INTERVAL_S)

    def remember(self, measurement: Measurement) -> None:
        """Keep one for the plots."""
        self._measured.append(measurement)

    def now(self) -> Measurement:
        """Measure."""
        value = self._metrics.value
        return Measurement(
            at=self._clock(),
            waiting=value("anim4gine_jobs_waiting"),
            running=value("anim4gine_jobs_running"),
            oldest_wait_s=value("anim4gine_oldest_wait_seconds"),
            images=value("anim4gine_images_total"),
            failures=value("anim4gine_jobs_total", ending="failed"),
            steps=value("anim4gine_denoising_steps_total"),
            refusals=value("anim4gine_rest_seconds_count", status="429"),
            worst_lag_s=value("anim4gine_event_loop_lag_worst_seconds"),
        )

    def waiting(self) -> Series:
        """How many jobs waited."""
        return Series([each.at for each in self._measured], [each.waiting for each in self._measured])

    def images_per_minute(self) -> Series:
        """How fast pictures were finished, between two measurements each."""
        return self._rate(lambda each: each.images, 60)

    def steps_per_second(self) -> Series:
        """How fast the engine was."""
        return self._rate(lambda each: each.steps, 1)

    def failures_per_minute(self) -> Series:
        """How many jobs failed."""
        return self._rate(lambda each: each.failures, 60)

    def refusals_per_minute(self) -> Series:
        """How many requests Discord refused because there were too many."""
        return self._rate(lambda each: each.refusals, 60)

    def _rate(self, count: Callable[[Measurement], float], seconds: float) -> Series:
        at, values = [], []
        for before, after in pairwise(self._measured):
            passed_s = (after.at - before.at).total_seconds()
            at.append(after.at)
            values.append((count(after) - count(before)) * seconds / passed_s if passed_s > 0 else 0.0)
        return Series(at, values)
