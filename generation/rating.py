"""The four content ratings that Animagine XL 4.0 was trained with, from harmless to explicit."""

from enum import Enum
from functools import total_ordering


@total_ordering
class Rating(Enum):
    """How revealing a picture may be. The value is the tag of the model card; ratings compare by strength."""

    SAFE = "safe"
    SENSITIVE = "sensitive"
    NSFW = "nsfw"
    EXPLICIT = "explicit"

    @property
    def strength(self) -> int:
        """0 for safe up to 3 for explicit."""
        return _STRENGTHS[self]

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Rating):
            return NotImplemented
        return self.strength < other.strength


_STRENGTHS = {rating: strength for strength, rating in enumerate(Rating)}
