"""Opening the image files that people draw over. What they hold is untrusted."""

import io
import warnings

from PIL import Image as PillowImage
from PIL import ImageOps

from generation.errors import PictureProblem, UnreadablePicture

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""What Discord shows in a message, and what Pillow may look at; other readers of it never see a stranger's file."""

PIXELS_MAX = 50_000_000
"""Larger than any camera's picture that people draw over; opened, it takes 150 MB."""


def open_picture(content: bytes, *, is_strangers: bool = False) -> PillowImage.Image:
    """Read an image file as RGB, upright; what is transparent becomes white, of an animation the first frame stays.

    Of a stranger's file only the usual formats are read, and no animations.

    Raises:
        UnreadablePicture: it is no image, broken, too large to be opened safely, or nothing for strangers.
    """
    image = _read(content, is_strangers=is_strangers)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = PillowImage.alpha_composite(PillowImage.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def open_mask(content: bytes, *, is_strangers: bool = False) -> PillowImage.Image:
    """Read an image file as a mask: grey, white where the picture is drawn anew.

    Raises:
        UnreadablePicture: as for `open_picture`.
    """
    return _read(content, is_strangers=is_strangers).convert("L")


def open_transparency(content: bytes) -> PillowImage.Image:
    """Read the transparent parts of a stranger's image file as a mask: white where nothing is left of the picture.

    Raises:
        UnreadablePicture: as for `open_picture`.
    """
    image = _read(content, is_strangers=True)
    if not image.has_transparency_data:
        return PillowImage.new("L", image.size)
    return ImageOps.invert(image.convert("RGBA").getchannel("A"))


def _read(content: bytes, *, is_strangers: bool) -> PillowImage.Image:
    try:
        with warnings.catch_warnings():
            # Pillow only warns of what is up to twice too large.
            warnings.simplefilter("error", PillowImage.DecompressionBombWarning)
            image = PillowImage.open(io.BytesIO(content), formats=FORMATS if is_strangers else None)
            if image.width * image.height > PIXELS_MAX:
                raise UnreadablePicture(PictureProblem.TOO_MANY_PIXELS)
            if is_strangers and getattr(image, "is_animated", False):
                raise UnreadablePicture(PictureProblem.ANIMATED)
            image.load()
            return ImageOps.exif_transpose(image)
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning) as error:
        raise UnreadablePicture(PictureProblem.TOO_MANY_PIXELS) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError) as error:
        # What Pillow's readers raise on broken files.
        raise UnreadablePicture(PictureProblem.NOT_AN_IMAGE) from error
