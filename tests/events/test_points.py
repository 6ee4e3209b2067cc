"""What a place is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.points import points_for_place


@pytest.mark.parametrize(
    ("place", "people", "points"),
    [(1, 8, 100), (2, 8, 67), (3, 8, 44), (7, 8, 10), (8, 8, 10), (1, 2, 50), (2, 2, 10), (1, 1, 10)],
)
def test_the_first_is_worth_most_and_everybody_gets_something(place: int, people: int, points: int) -> None:
    assert points_for_place(place, people) == points


@given(st.integers(1, 500), st.integers(1, 500))
def test_a_better_place_is_never_worth_less(place: int, people: int) -> None:
    if place < people:
        assert points_for_place(place, people) >= points_for_place(place + 1, people) >= 10


def test_there_is_no_place_after_the_last() -> None:
    with pytest.raises(ValueError, match="place 3 of 2"):
        points_for_place(3, 2)
