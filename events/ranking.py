"""Who stands where when the votes are counted: by ballots, or by what was preferred of two."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

PICKS_MAX = 3
"""Entries on a ballot."""

STRENGTH_DIGITS = 6
"""Strengths that differ by less are equal: the sums that they are fitted by round no better than that."""

ITERATIONS_MAX = 500

Entry = TypeVar("Entry", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Ranked(Generic[Entry]):
    """An entry's place, from 1; equal ones share it and the next place is left out (1, 1, 3).

    `votes` counts the ballots that have it, or the comparisons that it won. `strength` is its share of first choices,
    or its strength on Bradley and Terry's logarithmic scale, 0 being the average.
    """

    entry: Entry
    place: int
    votes: int
    strength: float


def rank_by_ballots(entries: Sequence[Entry], ballots: Iterable[Sequence[Entry]]) -> list[Ranked[Entry]]:
    """Rank by how many ballots have an entry; of equals, who has more first choices; then they share their place.

    `entries` are in the order in which they came; those who share a place stand in this order. A ballot's first pick
    is its first choice. Picks that aren't among `entries`, because they were withdrawn, count nothing.
    """
    known = set(entries)
    votes: Counter[Entry] = Counter()
    firsts: Counter[Entry] = Counter()
    total = 0
    for ballot in ballots:
        picks = [pick for pick in dict.fromkeys(ballot) if pick in known][:PICKS_MAX]
        votes.update(picks)
        firsts.update(picks[:1])
        total += bool(picks)
    return _placed([(entry, votes[entry], firsts[entry] / total if total else 0.0) for entry in entries])


def rank_by_comparisons(
    entries: Sequence[Entry], comparisons: Iterable[tuple[Entry, Entry]]
) -> list[Ranked[Entry]]:
    """Rank by strength in the model of Bradley and Terry (Biometrika 39, 1952), fitted by choix's I-LSR.

    `comparisons` are (preferred, other). Whether an entry was shown often or to kind voters makes no difference, as
    counting wins would. Each entry is taken to have won and lost once against the field (`alpha`, Maystre and
    Grossglauser 2015), so that strengths are finite and comparable also where few were compared, or in groups
    that never met. The same comparisons give the same ranking in whatever order they came. Blocks: call it on a thread.
    """
    import choix  # noqa: PLC0415 - it brings SciPy, a quarter of what a start imports, and votes are counted rarely

    number = {entry: place for place, entry in enumerate(entries)}
    counted = sorted(
        (number[won], number[lost])
        for won, lost in comparisons
        if won in number and lost in number and won != lost
    )
    if not counted:
        return _placed([(entry, 0, 0.0) for entry in entries])
    strengths = choix.ilsr_pairwise(
        len(entries), counted, alpha=1 / len(entries), max_iter=ITERATIONS_MAX, tol=1e-9 * len(entries)
    )
    wins = Counter(won for won, _ in counted)
    # By strength alone, so that equal strengths are a shared place however many comparisons they come from.
    scored = [(entry, 0, round(float(strengths[place]), STRENGTH_DIGITS)) for entry, place in number.items()]
    return [
        Ranked(ranked.entry, ranked.place, wins[number[ranked.entry]], ranked.strength)
        for ranked in _placed(scored)
    ]


def _placed(scored: Iterable[tuple[Entry, int, float]]) -> list[Ranked[Entry]]:
    ordered = sorted(scored, key=lambda score: (-score[1], -score[2]))
    placed: list[Ranked[Entry]] = []
    for _, equals in groupby(ordered, key=lambda score: score[1:]):
        place = len(placed) + 1
        placed += [Ranked(entry, place, votes, strength) for entry, votes, strength in equals]
    return placed
