"""Ranking: ballots by their stated rule, comparisons by Bradley and Terry whatever their order."""

import math
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from events.ranking import Ranked, rank_by_ballots, rank_by_comparisons

ENTRIES = tuple(range(6))
ballots = st.lists(st.lists(st.sampled_from(range(8)), max_size=5))
comparisons = st.lists(st.tuples(st.sampled_from(range(8)), st.sampled_from(range(8))), max_size=40)


def order(ranked: list[Ranked[int]]) -> list[tuple[int, int]]:
    return [(one.entry, one.place) for one in ranked]


def test_more_ballots_win_then_more_first_choices_then_they_share_a_place() -> None:
    ranked = rank_by_ballots([1, 2, 3, 4], [[2, 1], [1, 2], [2], [3, 1], [4]])
    assert order(ranked) == [(2, 1), (1, 2), (3, 3), (4, 3)]
    assert [one.votes for one in ranked] == [3, 3, 1, 1]


def test_a_pick_counts_once_and_only_three_of_those_that_are_there() -> None:
    ranked = rank_by_ballots([1, 2, 3, 4], [[1, 1, 99, 2, 3, 4]])
    assert {one.entry: one.votes for one in ranked} == {1: 1, 2: 1, 3: 1, 4: 0}


@given(ballots, st.randoms(use_true_random=False))
def test_the_order_of_ballots_changes_nothing(cast: list[list[int]], chance: random.Random) -> None:
    shuffled = cast.copy()
    chance.shuffle(shuffled)
    assert rank_by_ballots(ENTRIES, cast) == rank_by_ballots(ENTRIES, shuffled)


@settings(deadline=None)
@given(comparisons, st.randoms(use_true_random=False))
def test_any_comparisons_give_everybody_a_finite_strength_in_any_order(
    made: list[tuple[int, int]], chance: random.Random
) -> None:
    ranked = rank_by_comparisons(ENTRIES, made)
    assert sorted(one.entry for one in ranked) == list(ENTRIES)
    assert all(math.isfinite(one.strength) for one in ranked)
    assert [one.place for one in ranked] == sorted(one.place for one in ranked)
    shuffled = made.copy()
    chance.shuffle(shuffled)
    assert rank_by_comparisons(ENTRIES, shuffled) == ranked


def test_strengths_are_found_again_from_what_they_make_likely() -> None:
    chance = random.Random(7)
    strengths = {entry: entry / 2 for entry in range(8)}
    made = []
    for _ in range(3000):
        left, right = chance.sample(range(8), 2)
        left_wins = chance.random() < 1 / (1 + math.exp(strengths[right] - strengths[left]))
        made.append((left, right) if left_wins else (right, left))
    assert [one.entry for one in rank_by_comparisons(range(8), made)] == list(range(7, -1, -1))


def test_who_won_against_the_strong_stands_before_who_won_as_often_against_the_weak() -> None:
    strong, weak, lucky, brave = 1, 2, 3, 4
    made = [(strong, weak)] * 8 + [(lucky, weak)] * 3 + [(brave, strong)] * 3
    ranked = [one.entry for one in rank_by_comparisons([lucky, brave, strong, weak], made)]
    assert ranked.index(brave) < ranked.index(lucky)


def test_groups_that_never_met_and_entries_that_nobody_saw_are_ranked_too() -> None:
    ranked = rank_by_comparisons([1, 2, 3, 4, 5], [(1, 2), (3, 4)])
    assert order(ranked) == [(1, 1), (3, 1), (5, 3), (2, 4), (4, 4)]


def test_nothing_compared_is_a_shared_first_place_and_no_entries_are_no_ranking() -> None:
    assert order(rank_by_comparisons([1, 2], [])) == [(1, 1), (2, 1)]
    assert rank_by_comparisons([], []) == []
    assert order(rank_by_comparisons([1], [(1, 1)])) == [(1, 1)]
