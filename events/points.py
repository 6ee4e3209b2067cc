"""Points for the leaderboard: what a place in an event is worth, so that a small event isn't as much as a big one."""

_FOR_FIRST = 100
_TAKING_PART = 10


def points_for_place(place: int, people: int) -> int:
    """Return the points for a place, 1 being the first, among as many people as took part.

    The first place is worth 100 where three or more took part, every place after it two thirds of the one before,
    and whoever took part gets 10. Against one other the first is worth 50: else two friends would lead every season.
    """
    if not 1 <= place <= people:
        raise ValueError(f"place {place} of {people}")
    if people == 1:
        return _TAKING_PART
    first = _FOR_FIRST if people > 2 else _FOR_FIRST // 2
    return max(_TAKING_PART, round(first * (2 / 3) ** (place - 1))) if place < people else _TAKING_PART
