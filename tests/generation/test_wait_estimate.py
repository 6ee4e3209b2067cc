"""Waits are estimated from what was measured: denoising and decoding apart."""

import random

import pytest

from generation.wait_estimate import WaitEstimate
from generation.work import Work


def picture(steps: int, megapixels: float = 1.0) -> Work:
    return Work(megapixel_steps=steps * megapixels, megapixels=megapixels)


def test_nothing_is_said_before_the_first_measurement() -> None:
    assert WaitEstimate().seconds_for(picture(25)) is None


def test_the_warm_up_is_believed_until_pictures_were_drawn() -> None:
    estimate = WaitEstimate()
    estimate.begin(0.1)
    assert estimate.seconds_for(picture(25)) == pytest.approx(2.5)


def test_pictures_of_few_and_of_many_steps_tell_denoising_and_decoding_apart() -> None:
    chance = random.Random(1)
    estimate = WaitEstimate()
    estimate.begin(0.2)
    for _ in range(24):
        work = picture(chance.choice((4, 12, 28)), chance.choice((0.4, 1.0)))
        estimate.measure(work, 0.1 * work.megapixel_steps + 0.5 * work.megapixels)
    # One picture of many steps, and four of few: the latter decode four times.
    assert estimate.seconds_for(picture(28)) == pytest.approx(3.3, rel=0.15)
    four = picture(4) + picture(4) + picture(4) + picture(4)
    assert estimate.seconds_for(four) == pytest.approx(3.6, rel=0.15)


def test_where_all_pictures_are_alike_their_time_is_what_was_measured() -> None:
    estimate = WaitEstimate()
    estimate.begin(0.1)
    for _ in range(10):
        estimate.measure(picture(25), 3.0)
    assert estimate.seconds_for(picture(25)) == pytest.approx(3.0, rel=0.02)


def test_a_change_of_speed_shows_within_two_dozen_pictures() -> None:
    estimate = WaitEstimate()
    estimate.begin(0.1)
    for seconds in (*[2.5] * 50, *[5.0] * 24):
        estimate.measure(picture(25), seconds)
    assert estimate.seconds_for(picture(25)) == pytest.approx(5.0, rel=0.05)


def test_a_decoding_that_costs_nothing_or_noise_below_it_gives_no_negative_waits() -> None:
    estimate = WaitEstimate()
    estimate.begin(0.1)
    for steps, seconds in ((4, 0.3), (28, 3.1), (4, 0.2), (28, 3.2)):
        estimate.measure(picture(steps), seconds)
    for steps in (1, 4, 28):
        waited = estimate.seconds_for(picture(steps))
        assert waited is not None
        assert waited > 0


def test_work_adds_up_and_can_be_shared() -> None:
    assert picture(4, 0.5) + picture(10) == Work(12.0, 1.5)
    assert picture(10) - picture(4) == Work(6.0, 0.0)
