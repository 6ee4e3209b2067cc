"""Pictures that people give, made ready to be drawn over: upright, small enough, and in a file of our own.

What a stranger's file holds besides its pixels is gone after this. Blocks: call it on a thread.
"""

import io

from PIL import Image as PillowImage

from generation.engine.source_picture import open_mask, open_picture, open_transparency
from generation.errors import PictureProblem, UnreadablePicture

LONGEST_SIDE_PX = 1536
"""The longest side of the nine sizes; more is shrunk away before drawing in any case."""

SIDE_MIN_PX = 32
"""Below, there is nothing to see."""

QUALITY = 95
"""Of the WebP file; the noise that is drawn over it hides the rest."""


def encode_source(content: bytes) -> bytes:
    """Return a picture as a WebP file of at most `LONGEST_SIDE_PX`.

    Raises:
        UnreadablePicture: it is no image, broken, too large or too small.
    """
    return _as_webp(_fitted(open_picture(content, is_strangers=True)), lossless=False)


def encode_mask(content: bytes) -> bytes:
    """Return a mask, white where a picture is drawn anew, as a file.

    Raises:
        UnreadablePicture: as for `encode_source`, or nothing is masked.
    """
    return _checked_mask(open_mask(content, is_strangers=True))


def encode_transparency(content: bytes) -> bytes:
    """Return the mask that a picture's transparent parts make.

    Raises:
        UnreadablePicture: as for `encode_source`, or nothing of it is transparent.
    """
    return _checked_mask(open_transparency(content))


def _checked_mask(mask: PillowImage.Image) -> bytes:
    if mask.getextrema()[1] == 0:
        raise UnreadablePicture(PictureProblem.NOTHING_MASKED)
    return _as_webp(_fitted(mask).convert("RGB"), lossless=True)


def _fitted(image: PillowImage.Image) -> PillowImage.Image:
    if min(image.size) < SIDE_MIN_PX:
        raise UnreadablePicture(PictureProblem.TOO_SMALL)
    image.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    return image


def _as_webp(image: PillowImage.Image, *, lossless: bool) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, lossless=lossless, method=2)
    return buffer.getvalue()
