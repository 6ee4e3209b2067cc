"""Each voter's own order, and the pairs that they are asked about."""

from collections import Counter
from itertools import combinations

from events.blind_order import next_pair, shuffled

ENTRIES = [f"{number:016x}" for number in range(12)]


def test_each_voter_has_an_order_of_their_own_that_stays() -> None:
    orders = {voter: shuffled(ENTRIES, voter) for voter in range(50)}
    assert all(sorted(order) == ENTRIES for order in orders.values())
    assert len({tuple(order) for order in orders.values()}) == 50
    assert shuffled(reversed(ENTRIES), 7) == orders[7]  # type: ignore[arg-type]
    # Nobody's picture is always on top.
    assert len({order[0] for order in orders.values()}) > 8


def test_a_voter_sees_every_pair_once() -> None:
    seen: set[tuple[str, str]] = set()
    while pair := next_pair(ENTRIES, seen, {}, "Aoi"):
        assert pair not in seen
        assert pair[::-1] not in seen
        seen.add(pair)
    assert len(seen) == len(list(combinations(ENTRIES, 2)))
    assert next_pair(ENTRIES[:1], set(), {}, "Aoi") is None


def test_entries_come_up_equally_often_over_many_voters_on_either_side() -> None:
    appearances: Counter[str] = Counter()
    lefts: Counter[str] = Counter()
    for voter in range(120):
        seen: set[tuple[str, str]] = set()
        for _ in range(3):
            pair = next_pair(ENTRIES, seen, appearances, voter)
            assert pair is not None
            seen.add(pair)
            appearances.update(pair)
            lefts[pair[0]] += 1
    assert max(appearances.values()) - min(appearances.values()) <= 2
    assert min(lefts.values()) > 15
