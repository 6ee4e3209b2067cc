"""An order for one picture, as the engine takes it: what to draw, how urgent it is, and whom to tell."""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image as PillowImage

from generation.image import ImageParameters

PictureOutcome = PillowImage.Image | Exception
"""The finished pixels, or why there are none: a GenerationError, or what a library raised."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PictureOrder:
    """One picture to draw. The callables are called on the engine's thread and must return at once.

    A lower `rank` goes first. `is_cancelled` is asked before each denoising step; after each `on_step` hears 1, 2,
    ... and, where `wants_preview` says so, `on_preview` gets a first look at the picture. `on_leaving` is called
    once, when the order is about to free its place in the batch: before its last step, or at its end if that comes
    first. `on_end` is called once, with the outcome, and last.
    """

    parameters: ImageParameters
    rank: float
    is_cancelled: Callable[[], bool]
    on_step: Callable[[int], None]
    wants_preview: Callable[[], bool]
    on_preview: Callable[[PillowImage.Image], None]
    on_leaving: Callable[[], None]
    on_end: Callable[[PictureOutcome], None]
