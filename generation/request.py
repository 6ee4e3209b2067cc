"""What a person asks for. A request checks itself once, when it is made."""

from dataclasses import dataclass

from generation.aspect_ratio import AspectRatio
from generation.errors import InvalidRequest
from generation.quality import Quality
from generation.rating import Rating

YEARS = range(2005, 2026)
"""Temporal tags that the model card supports: "year 2005" to "year 2025"."""

NUM_INFERENCE_STEPS = range(1, 101)
GUIDANCE_SCALE_MIN, GUIDANCE_SCALE_MAX = 1.0, 20.0
COUNT = range(1, 5)
SEED_LIMIT = 2**32
"""Seeds are below this, so that A1111 and other tools can draw the same seed."""
TEXT_LENGTH_MAX = 6000
"""Characters in one text option: the most that a Discord string option takes (application commands)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A request, immutable. Where an option is None, the model profile or chance decides when it is accepted.

    Texts are what the person typed, comma-separated tags in the weighting grammar; nothing is added yet.

    Raises:
        InvalidRequest: an option is out of range; it names the option and what is allowed.
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

    def __post_init__(self) -> None:
        for option in ("tags", "subject", "character", "series", "negative_prompt"):
            text = getattr(self, option)
            if len(text) > TEXT_LENGTH_MAX:
                raise InvalidRequest(
                    option, f"{len(text)} characters", f"at most {TEXT_LENGTH_MAX} characters"
                )
        if not self.tags.strip(" ,\n\t"):
            raise InvalidRequest("tags", self.tags, "at least one tag")
        _check_range("year", self.year, YEARS)
        _check_range("steps", self.num_inference_steps, NUM_INFERENCE_STEPS)
        _check_range("count", self.count, COUNT)
        _check_range("seed", self.seed, range(SEED_LIMIT))
        guidance = self.guidance_scale
        # Written as "not inside" so that NaN, which is neither below nor above, is refused too.
        if guidance is not None and not GUIDANCE_SCALE_MIN <= guidance <= GUIDANCE_SCALE_MAX:
            raise InvalidRequest("guidance", guidance, f"{GUIDANCE_SCALE_MIN:g} to {GUIDANCE_SCALE_MAX:g}")


def _check_range(option: str, value: int | None, allowed: range) -> None:
    if value is not None and value not in allowed:
        raise InvalidRequest(option, value, f"{allowed.start} to {allowed.stop - 1}")
