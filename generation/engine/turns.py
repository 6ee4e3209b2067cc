"""Whose turn it is: which samples in flight share the next call of the UNet."""

from collections.abc import Hashable, Iterable
from typing import Protocol, TypeVar


class Waiting(Protocol):
    """What takes turns: a lower rank goes first, equal batch keys may go together."""

    @property
    def rank(self) -> float:
        """How early it is due."""

    @property
    def batch_key(self) -> Hashable:
        """What it shares with those that it may go with."""


Turn = TypeVar("Turn", bound=Waiting)


def next_turn(in_flight: Iterable[Turn]) -> list[Turn]:
    """Choose who goes next: the one of lowest rank, then all that may go with it, by rank.

    Ranks are fixed when a request comes in and rise with time, so whoever waits becomes the lowest one day: no
    size of picture, and no LoRA, starves another. Among equals the order of `in_flight` decides.
    """
    ordered = sorted(in_flight, key=lambda waiting: waiting.rank)
    if not ordered:
        return []
    return [waiting for waiting in ordered if waiting.batch_key == ordered[0].batch_key]
