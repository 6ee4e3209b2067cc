"""The options of a drawing on the command line, and the request that they make."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from generation.aspect_ratio import AspectRatio
from generation.lora import LoraWeight
from generation.quality import Quality
from generation.rating import Rating
from generation.request import UPSCALE_FACTORS, GenerationRequest
from generation.sampler import Sampler
from generation.starting_point import ControlPicture, SourcePicture, Upscale, Variation

Command = TypeVar("Command", bound=Callable[..., Any])


class _AspectParameter(click.ParamType[AspectRatio]):
    """An aspect ratio on the command line: a name, a ratio, or pixels."""

    name = "aspect"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> AspectRatio:
        """Find the member, or tell which there are."""
        try:
            return value if isinstance(value, AspectRatio) else AspectRatio.parse(value)
        except ValueError:
            self.fail(f"{value!r} is none of {', '.join(aspect.value for aspect in AspectRatio)}", param, ctx)


class _LoraParameter(click.ParamType[LoraWeight]):
    """A LoRA on the command line: its name, and its weight after a colon."""

    name = "lora"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> LoraWeight:
        """Split the weight off."""
        if isinstance(value, LoraWeight):
            return value
        name, colon, weight = str(value).rpartition(":")
        if not colon:
            return LoraWeight(str(value))
        try:
            return LoraWeight(name, float(weight))
        except ValueError:
            self.fail(f"{value!r} is not NAME or NAME:WEIGHT", param, ctx)


_Picture = click.Path(path_type=Path, exists=True, dir_okay=False)

_OPTIONS = (
    click.option("--subject", default="", help="Who is in the picture: 1girl, 1boy, 2girls, ..."),
    click.option("--character", default="", help="A character's name."),
    click.option("--series", default="", help="The series that the character is from."),
    click.option(
        "--rating", type=click.Choice([one.value for one in Rating]), default="safe", show_default=True
    ),
    click.option("--year", type=int, help="Draw in the style of a year, 2005 to 2025."),
    click.option(
        "--quality",
        type=click.Choice([one.value for one in Quality]),
        default="recommended",
        show_default=True,
    ),
    click.option(
        "--negative", "negative_prompt", default="", help="What to keep out, besides the model's own list."
    ),
    click.option(
        "--aspect",
        "aspect_ratio",
        type=_AspectParameter(),
        default="portrait",
        show_default=True,
        help="A name, ratio or size: landscape, 3:2, 1216x832.",
    ),
    click.option(
        "--steps", "num_inference_steps", type=int, help="Denoising steps (the model's own unless given)."
    ),
    click.option("--guidance", "guidance_scale", type=float, help="How closely to follow the tags."),
    click.option(
        "--guidance-rescale", type=float, default=0.0, help="0 to 1: tames the glare of strong guidance."
    ),
    click.option("--seed", type=int, help="The same seed gives the same picture."),
    click.option("--count", type=int, default=1, show_default=True, help="How many pictures, 1 to 4."),
    click.option(
        "--sampler",
        type=click.Choice([one.value for one in Sampler], case_sensitive=False),
        help="The way from noise to a picture (the model's own unless given).",
    ),
    click.option(
        "--clip-skip", type=int, default=0, help="Leave out as many more of the text encoders' layers."
    ),
    click.option(
        "--lora", "loras", type=_LoraParameter(), multiple=True, help="NAME or NAME:WEIGHT; repeatable."
    ),
    click.option("--from-picture", type=_Picture, help="Draw over this picture."),
    click.option("--mask", type=_Picture, help="With --from-picture: white is drawn anew, black is kept."),
    click.option(
        "--strength",
        type=float,
        default=0.6,
        show_default=True,
        help="How much of --from-picture is redrawn.",
    ),
    click.option("--control", type=_Picture, help="Steer by this picture, which the ControlNet reads."),
    click.option(
        "--control-scale", type=float, default=1.0, show_default=True, help="How strongly it steers."
    ),
    click.option("--variation-seed", type=int, help="Go towards this seed's picture."),
    click.option("--variation-strength", type=float, default=0.2, show_default=True, help="How far, 0 to 1."),
    click.option(
        "--upscale",
        type=click.Choice([f"{factor:g}" for factor in UPSCALE_FACTORS]),
        help="Draw once more, this much larger.",
    ),
)


def drawing_options(command: Command) -> Command:
    """Add every option of a drawing to a command; `request_of` takes what they give."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def request_of(
    tags: str,
    *,
    rating: str,
    quality: str,
    sampler: str | None,
    from_picture: Path | None,
    mask: Path | None,
    strength: float,
    control: Path | None,
    control_scale: float,
    variation_seed: int | None,
    variation_strength: float,
    upscale: str | None,
    **options: Any,
) -> GenerationRequest:
    """Make the request that the options describe.

    Raises:
        InvalidRequest: an option is out of range.
        OSError: a picture can't be read.
        click.UsageError: options that only make sense together.
    """
    if mask is not None and from_picture is None:
        raise click.UsageError("--mask needs --from-picture.")
    source = None
    if from_picture is not None:
        source = SourcePicture(
            content=from_picture.read_bytes(), strength=strength, mask=mask.read_bytes() if mask else None
        )
    return GenerationRequest(
        tags=tags,
        rating=Rating(rating),
        quality=Quality(quality),
        sampler=None if sampler is None else Sampler(sampler),
        source=source,
        control=None
        if control is None
        else ControlPicture(content=control.read_bytes(), scale=control_scale),
        variation=None
        if variation_seed is None
        else Variation(seed=variation_seed, strength=variation_strength),
        upscale=None if upscale is None else Upscale(factor=float(upscale)),
        **options,
    )
