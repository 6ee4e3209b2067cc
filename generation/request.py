"""What a person asks for. A request checks itself once, when it is made."""

from dataclasses import dataclass

from generation.aspect_ratio import AspectRatio
from generation.errors import InvalidRequest, NoTags, TextTooLong
from generation.grid import CELLS_MAX, Grid
from generation.lora import LoraWeight
from generation.quality import Quality
from generation.rating import Rating
from generation.sampler import Sampler
from generation.starting_point import ControlPicture, SourcePicture, Upscale, Variation

YEARS = range(2005, 2026)
"""Temporal tags that the model card supports: "year 2005" to "year 2025"."""

NUM_INFERENCE_STEPS = range(1, 101)
GUIDANCE_SCALE_MIN, GUIDANCE_SCALE_MAX = 1.0, 20.0
COUNT = range(1, 5)
CLIP_SKIP = range(3)
STRENGTH_MIN = 0.05
"""Below this share of the steps hardly any is left to draw."""
UPSCALE_FACTORS = (1.5, 2.0)
LORAS_MAX = 3
LORA_WEIGHT_MAX = 2.0
CONTROL_SCALE_MAX = 2.0
SEED_LIMIT = 2**32
"""Seeds are below this, so that A1111 and other tools can draw the same seed."""
TEXT_LENGTH_MAX = 6000
"""Characters in one text option: the most that a Discord string option takes (application commands)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A request, immutable. Where an option is None, the model profile or chance decides when it is accepted.

    Texts are what the person typed, comma-separated tags in the weighting grammar, with chance in them perhaps (see
    `wildcards.py`); nothing is added yet. With a `grid` the pictures are its cells, and `count` says nothing.

    Raises:
        InvalidRequest: an option is out of range; it names the option and what is allowed.
        NoTags, TextTooLong: a text says nothing, or too much.
    """

    tags: str
    subject: str = ""
    character: str = ""
    series: str = ""
    rating: Rating = Rating.SAFE
    year: int | None = None
    quality: Quality = Quality.RECOMMENDED
    negative_prompt: str = ""
    aspect_ratio: AspectRatio = AspectRatio.PORTRAIT
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    seed: int | None = None
    count: int = 1
    sampler: Sampler | None = None
    guidance_rescale: float = 0.0
    clip_skip: int = 0
    loras: tuple[LoraWeight, ...] = ()
    source: SourcePicture | None = None
    control: ControlPicture | None = None
    variation: Variation | None = None
    upscale: Upscale | None = None
    grid: Grid | None = None

    def __post_init__(self) -> None:
        for option in ("tags", "subject", "character", "series", "negative_prompt"):
            text = getattr(self, option)
            if len(text) > TEXT_LENGTH_MAX:
                raise TextTooLong(option, len(text), TEXT_LENGTH_MAX)
        if not self.tags.strip(" ,\n\t"):
            raise NoTags
        _check_range("year", self.year, YEARS)
        _check_range("steps", self.num_inference_steps, NUM_INFERENCE_STEPS)
        _check_range("count", self.count, COUNT)
        _check_range("seed", self.seed, range(SEED_LIMIT))
        guidance = self.guidance_scale
        if guidance is not None:
            _check_inside("guidance", guidance, GUIDANCE_SCALE_MIN, GUIDANCE_SCALE_MAX)
        _check_inside("guidance rescale", self.guidance_rescale, 0, 1)
        _check_range("clip skip", self.clip_skip, CLIP_SKIP)
        if self.source is not None:
            _check_inside("strength", self.source.strength, STRENGTH_MIN, 1)
        if self.control is not None:
            _check_inside("control scale", self.control.scale, 0, CONTROL_SCALE_MAX)
        if self.variation is not None:
            _check_inside("variation strength", self.variation.strength, 0, 1)
            _check_range("variation seed", self.variation.seed, range(SEED_LIMIT))
        if self.upscale is not None:
            if self.upscale.factor not in UPSCALE_FACTORS:
                factors = ", ".join(f"{factor:g}" for factor in UPSCALE_FACTORS)
                raise InvalidRequest("upscale", self.upscale.factor, factors)
            _check_inside("upscale strength", self.upscale.strength, STRENGTH_MIN, 1)
        if self.grid is not None:
            _check_range("cells", self.grid.cell_count, range(1, CELLS_MAX + 1))
        if len(self.loras) > LORAS_MAX:
            raise InvalidRequest("loras", len(self.loras), f"0 – {LORAS_MAX}")
        for lora in self.loras:
            _check_inside(f"weight of {lora.name}", lora.weight, -LORA_WEIGHT_MAX, LORA_WEIGHT_MAX)


def _check_inside(option: str, value: float, low: float, high: float) -> None:
    # Written as "not inside" so that NaN, which is neither below nor above, is refused too.
    if not low <= value <= high:
        raise InvalidRequest(option, value, f"{low:g} – {high:g}")


def _check_range(option: str, value: int | None, allowed: range) -> None:
    if value is not None and value not in allowed:
        raise InvalidRequest(option, value, f"{allowed.start} – {allowed.stop - 1}")
