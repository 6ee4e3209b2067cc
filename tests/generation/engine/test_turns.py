"""Who shares the next call of the UNet."""

from dataclasses import dataclass

from generation.engine.turns import next_turn


@dataclass
class Someone:
    name: str
    rank: float
    batch_key: str


def names(*waiting: Someone) -> str:
    return "".join(someone.name for someone in next_turn(waiting))


def test_the_lowest_rank_goes_first_with_all_that_may_go_with_it() -> None:
    tall, wide, tall_too = Someone("a", 3, "tall"), Someone("b", 2, "wide"), Someone("c", 1, "tall")
    assert names(tall, wide, tall_too) == "ca"
    assert names(tall, wide) == "b"
    assert names() == ""


def test_among_equals_the_first_stays_first() -> None:
    assert names(*(Someone(name, 1, "tall") for name in "abc")) == "abc"
