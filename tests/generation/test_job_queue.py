"""The waiting line: whose turn it is."""

from datetime import UTC, datetime, timedelta

from generation.job_queue import PATIENCE, rank_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_before_anything_is_measured_the_first_to_come_goes_first() -> None:
    assert rank_of(NOON, None) < rank_of(NOON + timedelta(seconds=0.1), None)


def test_a_short_job_goes_ahead_of_a_long_one_that_came_a_little_earlier() -> None:
    long, short = rank_of(NOON, 10), rank_of(NOON + timedelta(seconds=5), 2)
    assert short < long


def test_nobody_is_overtaken_for_ever() -> None:
    long = rank_of(NOON, 10)
    latest = NOON + timedelta(seconds=PATIENCE * 10)
    assert rank_of(latest + timedelta(seconds=0.1), 0.0) > long


def test_among_jobs_of_one_length_the_first_to_come_goes_first() -> None:
    assert rank_of(NOON, 3) < rank_of(NOON + timedelta(seconds=1), 3)
