"""Single elimination: who meets whom, who goes on, who has won. A bracket is what was drawn by lot and what was won."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

PEOPLE_MIN, PEOPLE_MAX = 4, 32

NOBODY = 0
"""The winner of a match that nobody won, since both stayed away or were disqualified. No person has this id."""


class MatchState(Enum):
    """How far a match is."""

    WAITING = "waiting"
    """One of the two, or both, aren't known yet."""
    READY = "ready"
    DECIDED = "decided"
    """Won, or walked over: also where one of the two is nobody."""


@dataclass(frozen=True, slots=True, order=True)
class MatchKey:
    """Where a match stands: its round and its number in it, from the top; both from 0."""

    round: int
    number: int


@dataclass(frozen=True, slots=True)
class Match:
    """A match as far as it is known. People are ids; None is not known yet, NOBODY is an empty place.

    `winner` is None until it is decided.
    """

    key: MatchKey
    left: int | None
    right: int | None
    winner: int | None

    @property
    def state(self) -> MatchState:
        """How far it is."""
        if self.winner is not None:
            return MatchState.DECIDED
        return MatchState.WAITING if self.left is None or self.right is None else MatchState.READY


@dataclass(frozen=True, slots=True)
class Bracket:
    """People by seed, the strongest first, and who won which match that was held.

    The first seeds stand as far from each other as can be, as in tennis: one and two can only meet in the final. Where
    the people are no power of two, the first seeds have nobody in the first round (a bye) and go on.

    Raises:
        ValueError: fewer than 4 people, more than 32, or somebody twice.
    """

    seeds: tuple[int, ...]
    winners: Mapping[MatchKey, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not PEOPLE_MIN <= len(self.seeds) <= PEOPLE_MAX:
            raise ValueError(f"{len(self.seeds)} people can't play; it takes {PEOPLE_MIN} to {PEOPLE_MAX}")
        if len(set(self.seeds)) != len(self.seeds) or NOBODY in self.seeds:
            raise ValueError("somebody is in it twice, or is nobody")

    @property
    def rounds(self) -> int:
        """How many rounds there are with the final."""
        return (len(self.seeds) - 1).bit_length()

    @property
    def champion(self) -> int | None:
        """Who has won it all; NOBODY where the final was won by nobody, None before it is decided."""
        return self.match(MatchKey(self.rounds - 1, 0)).winner

    @property
    def runner_up(self) -> int | None:
        """Who lost the final, or None."""
        final = self.match(MatchKey(self.rounds - 1, 0))
        other = final.right if final.winner == final.left else final.left
        return None if final.winner in (None, NOBODY) else other or None

    def match(self, key: MatchKey) -> Match:
        """Tell a match as far as it is known."""
        left, right = self._side(key, 0), self._side(key, 1)
        winner = self.winners.get(key)
        if winner is None and left is not None and right is not None and NOBODY in (left, right):
            winner = left or right
        return Match(key, left, right, winner)

    def matches(self, round_number: int) -> list[Match]:
        """All matches of a round, from the top."""
        count = 2 ** (self.rounds - 1 - round_number)
        return [self.match(MatchKey(round_number, number)) for number in range(count)]

    def ready(self) -> list[Match]:
        """The matches that can be held: both people are known, none has won. Only of one round at a time."""
        for round_number in range(self.rounds):
            matches = self.matches(round_number)
            if any(match.state is not MatchState.DECIDED for match in matches):
                return [match for match in matches if match.state is MatchState.READY]
        return []

    def with_winner(self, key: MatchKey, winner: int) -> "Bracket":
        """Return the bracket in which `winner`, one of the two or NOBODY, won a match.

        Raises:
            ValueError: the match can't be won by them, or is decided already.
        """
        match = self.match(key)
        if match.state is not MatchState.READY or winner not in (match.left, match.right, NOBODY):
            raise ValueError(f"{winner} can't win {match}")
        return replace(self, winners={**self.winners, key: winner})

    def _side(self, key: MatchKey, side: int) -> int | None:
        place = 2 * key.number + side
        if key.round == 0:
            seed = _seeding(self.rounds)[place]
            return self.seeds[seed] if seed < len(self.seeds) else NOBODY
        return self.match(MatchKey(key.round - 1, place)).winner


def drawn_by_lot(people: Iterable[int], lot: int) -> Bracket:
    """Seed people by lot. The same people and the same `lot` give the same bracket, so that it can be checked."""
    seeds = sorted(people)
    random.Random(lot).shuffle(seeds)  # noqa: S311 - a lot that anybody can draw again
    return Bracket(tuple(seeds))


def places(bracket: Bracket) -> list[tuple[int, int]]:
    """Everybody with their place when it is over: by how far they came, who lost in the same round shares a place."""
    came: dict[int, int] = dict.fromkeys(bracket.seeds, 0)
    for round_number in range(bracket.rounds):
        for match in bracket.matches(round_number):
            if match.winner:
                came[match.winner] = round_number + 1
    ordered = sorted(bracket.seeds, key=lambda person: -came[person])
    return [(person, 1 + sum(other > came[person] for other in came.values())) for person in ordered]


def _seeding(rounds: int) -> Sequence[int]:
    """The seeds, from 0, in the order in which they stand from the top: 0 meets the last, 1 the last but one."""
    order = [0]
    for _ in range(rounds):
        order = [seed for low in order for seed in (low, 2 * len(order) - 1 - low)]
    return order
