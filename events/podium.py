"""The podium: the pictures that won, with the names of who drew them. Blocks: call it on a thread."""

from collections.abc import Sequence
from dataclasses import dataclass

from events.festival import ACCENT, BRONZE, GOLD, INK, PAPER, SILVER, Scene

WIDTH_PX, HEIGHT_PX = 1600, 1060
GAP_PX = 28
TITLE_WIDTH_PX = 940
"""What the lanterns leave."""
PLACES_MAX = 3

_MEDALS = {1: GOLD, 2: SILVER, 3: BRONZE}


@dataclass(frozen=True, slots=True)
class PodiumPlace:
    """Who stands there. `votes` is what is written under the name, such as "12 votes".

    `rank` is 1 to 3; who shares a rank stands equally high. Without one, the first that is handed over is first.
    """

    name: str
    votes: str
    picture_png: bytes
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class _Stand:
    width: float
    height: float
    picture: tuple[float, float]


_STANDS = {
    1: _Stand(500, 252, (460, 610)),
    2: _Stand(452, 206, (410, 520)),
    3: _Stand(432, 168, (390, 470)),
}


def draw_podium(places: Sequence[PodiumPlace], title: str) -> bytes:
    """Draw one to three places as a PNG, the first in the middle.

    Raises:
        ValueError: nobody, or more than three.
    """
    if not 1 <= len(places) <= PLACES_MAX:
        raise ValueError(f"{len(places)} places; a podium has 1 to {PLACES_MAX}")
    ranked = [(place.rank or number, place) for number, place in enumerate(places, 1)]
    standing = [ranked[1], ranked[0], ranked[2]] if len(ranked) == PLACES_MAX else ranked
    widths = [_STANDS[rank].width for rank, _ in standing]
    left = (WIDTH_PX - sum(widths) - GAP_PX * (len(widths) - 1)) / 2
    scene = Scene(WIDTH_PX, HEIGHT_PX)
    middles = [
        left + sum(widths[:place]) + GAP_PX * place + widths[place] / 2 for place in range(len(widths))
    ]
    for (rank, _), middle in zip(standing, middles, strict=True):
        if rank == 1:
            scene.rays((middle, 560), 2000)
            scene.glow((middle, 560), 520, "#ffe3ef", 0.55)
    scene.lanterns()
    scene.petals(46)
    scene.text((WIDTH_PX / 2, 104), title, 60, width_max=TITLE_WIDTH_PX, shadow=True)
    for (rank, place), middle in zip(standing, middles, strict=True):
        _draw_stand(scene, rank, place, middle)
    scene.petals(16, (0, HEIGHT_PX - 130, WIDTH_PX, 110))
    for (rank, place), middle in zip(standing, middles, strict=True):
        _write_name(scene, rank, place, middle)
    return scene.png()


def _draw_stand(scene: Scene, rank: int, place: PodiumPlace, middle: float) -> None:
    stand = _STANDS[rank]
    top, left = HEIGHT_PX - stand.height, middle - stand.width / 2
    scene.panel((left, top, stand.width, stand.height + 40), INK, radius=8, opacity=0.9)
    scene.panel((left, top, stand.width, 14), _MEDALS[rank], radius=7)
    width, height = stand.picture
    hung = scene.picture(place.picture_png, (middle - width / 2, top - 12 - height, width, height))
    scene.medal((hung[0] + 14, hung[1] + 14), 46 if rank == 1 else 40, _MEDALS[rank], str(rank))


def _write_name(scene: Scene, rank: int, place: PodiumPlace, middle: float) -> None:
    """Last of all, so that no petal lies on it."""
    stand = _STANDS[rank]
    top, width_max = HEIGHT_PX - stand.height, stand.width - 48
    scene.text((middle, top + 82), place.name, 50 if rank == 1 else 42, PAPER, width_max=width_max)
    scene.text((middle, top + 134), place.votes, 34 if rank == 1 else 30, ACCENT, width_max=width_max)
