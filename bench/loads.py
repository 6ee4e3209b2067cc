"""What people ask for in a benchmark, and when."""

import random
from dataclasses import dataclass, replace

from generation.aspect_ratio import AspectRatio

SHORT_STEPS, LONG_STEPS = 10, 28

_SUBJECTS = ("1girl, silver hair", "1boy, black coat", "no humans, scenery", "2girls, sisters")
_SCENES = (
    "night, city lights",
    "cherry blossoms, wind",
    "beach, sunset, footprints",
    "library, dust, sunlight",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request for one picture, `at_s` seconds after the load begins."""

    at_s: float
    seed: int
    aspect_ratio: AspectRatio
    num_inference_steps: int

    @property
    def tags(self) -> str:
        """What is asked for; the same seed asks for the same."""
        chance = random.Random(self.seed)
        return f"{chance.choice(_SUBJECTS)}, {chance.choice(_SCENES)}"

    @property
    def is_short(self) -> bool:
        """Whether it is one of the few-step requests."""
        return self.num_inference_steps == SHORT_STEPS


@dataclass(frozen=True, slots=True)
class Load:
    """A named sequence of requests, the first to come first."""

    name: str
    arrivals: tuple[Arrival, ...]


def all_at_once(count: int, steps: int) -> Load:
    """An event begins: everybody at the same instant, all for the same shape."""
    arrivals = (
        Arrival(at_s=0.0, seed=seed, aspect_ratio=AspectRatio.PORTRAIT, num_inference_steps=steps)
        for seed in range(count)
    )
    return Load("all at once", tuple(arrivals))


def mixed_at_once(count: int) -> Load:
    """Everybody at the same instant, in three shapes, every other one with few steps."""
    chance = random.Random(2)
    shapes = (AspectRatio.PORTRAIT, AspectRatio.LANDSCAPE, AspectRatio.SQUARE)
    arrivals = (
        Arrival(
            at_s=0.0,
            seed=seed,
            aspect_ratio=chance.choice(shapes),
            num_inference_steps=LONG_STEPS if seed % 2 == 0 else SHORT_STEPS,
        )
        for seed in range(count)
    )
    return Load("mixed, all at once", tuple(arrivals))


def poisson(name: str, pattern: Load, requests_per_s: float) -> Load:
    """Return the requests of `pattern`, coming independently of each other, so many a second on average."""
    chance = random.Random(1)
    now = 0.0
    arrivals = []
    for arrival in pattern.arrivals:
        now += chance.expovariate(requests_per_s)
        arrivals.append(replace(arrival, at_s=now))
    return Load(name, tuple(arrivals))
