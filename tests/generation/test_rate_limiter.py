"""Limits for each person hold exactly and say when they free."""

from datetime import UTC, datetime, timedelta

import pytest

from generation.errors import Limit, LimitReached
from generation.rate_limiter import PersonLimits, RateLimiter

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def limiter(clock: Clock, a_minute: int = 2, waiting: int = 10) -> RateLimiter:
    return RateLimiter(PersonLimits(requests_per_minute=a_minute, waiting_at_once=waiting), clock)


def ask(limits: RateLimiter, user_id: int) -> None:
    limits.check(user_id, None)
    limits.accept(user_id)


def test_one_more_than_the_limit_a_minute_is_refused_until_the_first_is_a_minute_old() -> None:
    clock = Clock()
    limits = limiter(clock)
    ask(limits, 1)
    clock.now += timedelta(seconds=20)
    ask(limits, 1)
    with pytest.raises(LimitReached) as refusal:
        limits.check(1, None)
    assert refusal.value.limit is Limit.REQUESTS_PER_MINUTE
    assert refusal.value.frees_at == START + timedelta(minutes=1)
    clock.now = START + timedelta(minutes=1)
    limits.check(1, None)


def test_one_persons_requests_count_for_nobody_else() -> None:
    limits = limiter(Clock(), a_minute=1)
    ask(limits, 1)
    limits.check(2, None)


def test_waiting_requests_are_limited_until_one_is_over() -> None:
    limits = limiter(Clock(), a_minute=10, waiting=1)
    ask(limits, 1)
    free_at = START + timedelta(seconds=5)
    with pytest.raises(LimitReached) as refusal:
        limits.check(1, free_at)
    assert refusal.value.limit is Limit.WAITING_PER_PERSON
    assert refusal.value.frees_at == free_at
    limits.release(1)
    limits.check(1, None)


def test_a_refused_check_counts_nothing() -> None:
    clock = Clock()
    limits = limiter(clock, a_minute=1)
    ask(limits, 1)
    for _ in range(5):
        with pytest.raises(LimitReached):
            limits.check(1, None)
    clock.now += timedelta(minutes=1)
    limits.check(1, None)
