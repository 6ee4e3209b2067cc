"""Who holds the places of a batch: a place for each picture in flight."""

import math

from generation.work import Work


class BatchPlaces:
    """Places by job and number of the picture, each with the picture's rank and work. `slots` is how many there are.

    More pictures than there are places may be held: then those of the highest rank wait their turn in the engine.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._held: dict[tuple[str, int], tuple[float, Work]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, picture: object) -> bool:
        return picture in self._held

    @property
    def are_free(self) -> bool:
        """Whether one of them is free."""
        return len(self._held) < self.slots

    @property
    def work(self) -> Work:
        """What those who hold a place want drawn, in all."""
        return sum((work for _, work in self._held.values()), Work())

    def take(self, rank: float) -> bool:
        """Whether a picture of this rank would be drawn at once: a place is free, or held by one that can wait."""
        return self.are_free or rank < max((rank for rank, _ in self._held.values()), default=-math.inf)

    def hold(self, picture: tuple[str, int], rank: float, work: Work) -> None:
        """Give a picture a place."""
        self._held[picture] = rank, work

    def leave(self, picture: tuple[str, int]) -> bool:
        """Take a picture's place back; False when it has none."""
        return self._held.pop(picture, None) is not None
