"""What a model wants to be prompted with: defaults, recommended ranges, quality tags, order of tags.

A new model family is a new profile here, or a `[profiles.<name>]` table in the configuration.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from generation.encoding_mode import EncodingMode
from generation.lora import LoraWeight
from generation.quality import Quality
from generation.sampler import Sampler


class TagSlot(Enum):
    """A place in the order in which a model saw the parts of its captions."""

    SUBJECT = "subject"
    CHARACTER = "character"
    SERIES = "series"
    RATING = "rating"
    TAGS = "tags"
    YEAR = "year"
    QUALITY = "quality"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProfile:
    """How one model is prompted.

    `guidance_scale` and `num_inference_steps` are used where a request names none; the `recommended_...`
    pairs (lowest, highest) are what the model's authors advise and what people are told. Tag lists are
    comma-separated as the authors print them. `tag_order` names every slot once. `sampler` is used
    where a request names none; Euler Ancestral is what the card prefers. `encoding` lays out the prompts.
    `guided_share` below 1 leaves the last steps unguided (see `ImageParameters`), for speed. `loras` go into every
    picture, as those that let a model draw in few steps must. `source_url`, `licence` and `licence_url` are what people
    are told of where the weights come from and what binds those who draw with them.

    Raises:
        ValueError: a range is upside down, a default or share lies outside, or a slot is missing or named twice.
    """

    title: str
    guidance_scale: float
    recommended_guidance_scale: tuple[float, float]
    num_inference_steps: int
    recommended_num_inference_steps: tuple[int, int]
    quality_tags: str
    lighter_quality_tags: str
    negative_prompt: str
    tag_order: tuple[TagSlot, ...]
    sampler: Sampler = Sampler.EULER_ANCESTRAL
    encoding: EncodingMode = EncodingMode.PADDED
    guided_share: float = 1.0
    loras: tuple[LoraWeight, ...] = ()
    source_url: str = "https://huggingface.co/cagliostrolab/animagine-xl-4.0"
    licence: str = "CreativeML Open RAIL++-M"
    licence_url: str = "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md"

    def __post_init__(self) -> None:
        _check_inside("guidance_scale", self.guidance_scale, self.recommended_guidance_scale)
        _check_inside("num_inference_steps", self.num_inference_steps, self.recommended_num_inference_steps)
        if not 0 <= self.guided_share <= 1:
            raise ValueError(f"guided_share {self.guided_share:g} must lie within 0 to 1")
        if sorted(slot.value for slot in self.tag_order) != sorted(slot.value for slot in TagSlot):
            names = ", ".join(slot.value for slot in TagSlot)
            raise ValueError(f"tag_order must name each of these once: {names}")

    def quality_tags_for(self, quality: Quality) -> str:
        """The comma-separated quality tags that `quality` stands for; empty for NONE."""
        return {
            Quality.RECOMMENDED: self.quality_tags,
            Quality.LIGHTER: self.lighter_quality_tags,
            Quality.NONE: "",
        }[quality]


def _check_inside(name: str, value: float, bounds: tuple[float, float]) -> None:
    low, high = bounds
    if not low <= value <= high:
        raise ValueError(f"{name} {value:g} must lie within recommended_{name} ({low:g} to {high:g})")


_NEGATIVE_PROMPT = (
    "lowres, bad anatomy, bad hands, text, error, missing finger, extra digits, fewer digits, cropped, "
    "worst quality, low quality, low score, bad score, average score, signature, watermark, username, blurry"
)
_QUALITY_TAGS = "masterpiece, high score, great score, absurdres"

ANIMAGINE_XL_4 = ModelProfile(
    title="Animagine XL 4.0",
    guidance_scale=6.0,
    recommended_guidance_scale=(5.0, 7.0),
    num_inference_steps=25,
    recommended_num_inference_steps=(25, 28),
    quality_tags=_QUALITY_TAGS,
    lighter_quality_tags="high score, great score",
    negative_prompt=_NEGATIVE_PROMPT,
    # The card: "1girl/1boy/1other, character name, from which series, everything else in any order",
    # quality tags "at the start or end".
    tag_order=(
        TagSlot.SUBJECT,
        TagSlot.CHARACTER,
        TagSlot.SERIES,
        TagSlot.TAGS,
        TagSlot.YEAR,
        TagSlot.RATING,
        TagSlot.QUALITY,
    ),
)
"""The weights of the model card (cagliostrolab/animagine-xl-4.0); every value is the card's."""

ANIMAGINE_XL_4_OPT = ModelProfile(
    title="Animagine XL 4.0 Opt",
    guidance_scale=5.0,
    recommended_guidance_scale=(4.0, 7.0),
    num_inference_steps=28,
    recommended_num_inference_steps=(25, 28),
    quality_tags=_QUALITY_TAGS,
    lighter_quality_tags="high score, great score",
    negative_prompt=_NEGATIVE_PROMPT,
    # These weights were captioned with the rating before the general tags and the quality tags last.
    tag_order=(
        TagSlot.SUBJECT,
        TagSlot.CHARACTER,
        TagSlot.SERIES,
        TagSlot.RATING,
        TagSlot.TAGS,
        TagSlot.YEAR,
        TagSlot.QUALITY,
    ),
)
"""The later "Opt" weights, by their authors' notes at the release (civitai 1188071)."""

BUILT_IN_PROFILES: Mapping[str, ModelProfile] = MappingProxyType(
    {"animagine-xl-4.0": ANIMAGINE_XL_4, "animagine-xl-4.0-opt": ANIMAGINE_XL_4_OPT}
)
"""The profiles that `model.profile` can name without more ado."""
