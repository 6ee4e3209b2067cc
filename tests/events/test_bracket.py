"""Brackets: everybody is in once, byes go to the first seeds, and one person is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.bracket import NOBODY, Bracket, MatchKey, MatchState, drawn_by_lot, places

people = st.lists(st.integers(min_value=1, max_value=2**63), min_size=4, max_size=32, unique=True)


def played(bracket: Bracket, choose: st.DataObject, *, may_stay_away: bool) -> tuple[Bracket, int]:
    held = 0
    while matches := bracket.ready():
        for match in matches:
            assert match.left
            assert match.right
            options = [match.left, match.right] + [NOBODY] * may_stay_away
            bracket = bracket.with_winner(match.key, choose.draw(st.sampled_from(options)))
            held += 1
    return bracket, held


@given(people, st.integers(0, 2**32), st.data())
def test_everybody_but_the_champion_loses_once(seeds: list[int], lot: int, data: st.DataObject) -> None:
    bracket, held = played(drawn_by_lot(seeds, lot), data, may_stay_away=False)
    assert held == len(seeds) - 1
    assert bracket.champion in seeds
    ranked = places(bracket)
    assert sorted(person for person, _ in ranked) == sorted(seeds)
    assert ranked[0] == (bracket.champion, 1)
    assert ranked[1] == (bracket.runner_up, 2)


@given(people, st.data())
def test_it_ends_whoever_stays_away(seeds: list[int], data: st.DataObject) -> None:
    bracket, held = played(Bracket(tuple(seeds)), data, may_stay_away=True)
    assert held <= len(seeds) - 1
    assert bracket.champion is not None
    assert bracket.champion in {*seeds, NOBODY}


@given(people)
def test_byes_go_to_the_first_seeds_and_never_meet_each_other(seeds: list[int]) -> None:
    bracket = Bracket(tuple(seeds))
    byes = [match for match in bracket.matches(0) if NOBODY in (match.left, match.right)]
    first = 2**bracket.rounds - len(seeds)
    assert {match.winner for match in byes} == set(seeds[:first])


@given(people)
def test_where_the_better_seed_always_wins_the_first_two_meet_in_the_final(seeds: list[int]) -> None:
    bracket = Bracket(tuple(seeds))
    while matches := bracket.ready():
        assert len({match.key.round for match in matches}) == 1
        for match in matches:
            assert match.left
            assert match.right
            bracket = bracket.with_winner(match.key, min(match.left, match.right, key=seeds.index))
    assert (bracket.champion, bracket.runner_up) == (seeds[0], seeds[1])


@given(people, st.integers(0, 2**32))
def test_the_lot_can_be_drawn_again_by_anybody(seeds: list[int], lot: int) -> None:
    assert drawn_by_lot(seeds, lot) == drawn_by_lot(reversed(seeds), lot)


def test_a_match_is_won_once_and_by_one_of_its_two() -> None:
    bracket = Bracket((1, 2, 3, 4))
    key = MatchKey(0, 0)
    assert (bracket.match(key).left, bracket.match(key).right) == (1, 4)
    assert bracket.match(MatchKey(1, 0)).state is MatchState.WAITING
    with pytest.raises(ValueError, match="2 can't win"):
        bracket.with_winner(key, 2)
    won = bracket.with_winner(key, 4)
    with pytest.raises(ValueError, match="can't win"):
        won.with_winner(key, 1)
    with pytest.raises(ValueError, match="can't win"):
        won.with_winner(MatchKey(1, 0), 4)


@pytest.mark.parametrize("seeds", [(1, 2, 3), tuple(range(1, 34)), (1, 1, 2, 3), (0, 1, 2, 3)])
def test_what_is_no_bracket_is_refused(seeds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"play|twice"):
        Bracket(seeds)
