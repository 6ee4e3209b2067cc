"""Limits for each person: requests a minute, and requests waiting at once."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from generation.errors import Limit, LimitReached

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLimits:
    """What one person may ask for."""

    requests_per_minute: int
    waiting_at_once: int


class RateLimiter:
    """Counts each person's requests over the last minute and those that still wait or run."""

    def __init__(self, limits: PersonLimits, clock: Callable[[], datetime]) -> None:
        self._limits = limits
        self._clock = clock
        self._accepted: deque[tuple[datetime, int]] = deque()
        self._waiting: Counter[int] = Counter()

    def check(self, user_id: int, next_free_at: datetime | None) -> None:
        """Let a request pass or refuse it; passing counts nothing yet.

        `next_free_at` is when this person's earliest waiting request should be done, if known.

        Raises:
            LimitReached: which limit, and when it frees.
        """
        limits = self._limits
        if self._waiting[user_id] >= limits.waiting_at_once:
            raise LimitReached(Limit.WAITING_PER_PERSON, limits.waiting_at_once, next_free_at)
        # One line of arrivals for everybody keeps nobody in memory for longer than a minute.
        while self._accepted and self._accepted[0][0] <= self._clock() - _MINUTE:
            self._accepted.popleft()
        recent = [accepted_at for accepted_at, asker in self._accepted if asker == user_id]
        if len(recent) >= limits.requests_per_minute:
            frees_at = recent[-limits.requests_per_minute] + _MINUTE
            raise LimitReached(Limit.REQUESTS_PER_MINUTE, limits.requests_per_minute, frees_at)

    def accept(self, user_id: int) -> None:
        """Count an accepted request."""
        self._accepted.append((self._clock(), user_id))
        self._waiting[user_id] += 1

    def release(self, user_id: int) -> None:
        """One of this person's requests is over."""
        self._waiting[user_id] -= 1
        if not self._waiting[user_id]:
            del self._waiting[user_id]
