"""Memory over hundreds of drawings: no picture, prompt or job is held for good; and the slope is reckoned right."""

import random
from pathlib import Path

import pytest

from bench.memory_slope import WAYS, Growth, measure, prepare, requests

DRAWINGS, WARM, EVERY = 300, 150, 5
MOST_KB = 20.0
"""A drawing that is held would be 47 KB of pixels alone."""


def test_the_slope_of_noisy_samples_is_found_within_its_interval() -> None:
    chance = random.Random(1)
    counts = list(range(10, 5001, 10))
    growth = Growth(counts, [600 + 0.003 * count + chance.gauss(0, 0.5) for count in counts])
    slope = growth.after(1000).slope()
    assert abs(slope.kb - 3) < slope.within_kb < 0.2
    assert growth.after(1000).drawings[0] == 1010


def test_drawings_are_mixed_and_no_two_are_equal() -> None:
    asked = requests(70)
    assert len({each.tags for each in asked}) == 70
    assert sum(bool(each.loras) for each in asked) == 14
    assert sum(each.source is not None for each in asked) == 10


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_does_not_grow_with_the_drawings(tmp_path: Path) -> None:
    prepare(tmp_path)
    *_, service = WAYS  # it has all that the others have
    growth = measure(service, tmp_path, DRAWINGS, EVERY)
    assert growth.drawings[-1] == DRAWINGS
    assert growth.after(WARM).slope().kb < MOST_KB, growth
