"""Opening the image files that people draw over. What they hold is untrusted."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import ExifTags, ImageOps
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngImageFile

from generation.errors import PictureProblem, UnreadablePicture

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""What Discord shows in a message, and what Pillow may look at; other readers of it never see a stranger's file."""

PIXELS_MAX = 50_000_000
"""Larger than any camera's picture that people draw over; opened, it takes 150 MB."""


_COMMENTS_HEAD = 8
"""Bytes at the beginning of EXIF's UserComment that name its encoding; drawing tools write UTF-16 there."""

_PILLOWS_ERRORS = (
    OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's readers raise on broken files."""


def open_picture(content: bytes, *, is_strangers: bool = False) -> PillowImage.Image:
    """Read an image file as RGB, upright; what is transparent becomes white, of an animation the first frame stays.

    Of a stranger's file only the usual formats are read, and no animations.

    Raises:
        UnreadablePicture: it is no image, broken, too large to be opened safely, or nothing for strangers.
    """
    with _whatever_it_holds():
        image = _upright(content, is_strangers=is_strangers)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = PillowImage.alpha_composite(PillowImage.new("RGBA", image.size, "white"), image)
        return image.convert("RGB")


def open_mask(content: bytes, *, is_strangers: bool = False) -> PillowImage.Image:
    """Read an image file as a mask: grey, white where the picture is drawn anew.

    Raises:
        UnreadablePicture: as for `open_picture`.
    """
    with _whatever_it_holds():
        return _upright(content, is_strangers=is_strangers).convert("L")


def open_transparency(content: bytes) -> PillowImage.Image:
    """Read the transparent parts of a stranger's image file as a mask: white where nothing is left of the picture.

    Raises:
        UnreadablePicture: as for `open_picture`.
    """
    with _whatever_it_holds():
        image = _upright(content, is_strangers=True)
        if not image.has_transparency_data:
            return PillowImage.new("L", image.size)
        return ImageOps.invert(image.convert("RGBA").getchannel("A"))


def texts_in(content: bytes) -> dict[str, str]:
    """Return the texts that a stranger's image file holds beside its pixels: a PNG's by their names, EXIF's comment.

    Raises:
        UnreadablePicture: as for `open_picture`.
    """
    with _whatever_it_holds():
        image = _loaded(content, is_strangers=True)
        if isinstance(image, PngImageFile):
            return {str(name): str(text) for name, text in image.text.items()}
        comment = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
        if not isinstance(comment, bytes):
            return {}
        return {"parameters": comment[_COMMENTS_HEAD:].decode("utf-16-be")}


def _upright(content: bytes, *, is_strangers: bool) -> PillowImage.Image:
    return ImageOps.exif_transpose(_loaded(content, is_strangers=is_strangers))


def _loaded(content: bytes, *, is_strangers: bool) -> PillowImage.Image:
    with warnings.catch_warnings():
        # Pillow only warns of what is up to twice too large.
        warnings.simplefilter("error", PillowImage.DecompressionBombWarning)
        image = PillowImage.open(io.BytesIO(content), formats=FORMATS if is_strangers else None)
        if image.width * image.height > PIXELS_MAX:
            raise UnreadablePicture(PictureProblem.TOO_MANY_PIXELS)
        if is_strangers and getattr(image, "is_animated", False):
            raise UnreadablePicture(PictureProblem.ANIMATED)
        image.load()
        return image


@contextmanager
def _whatever_it_holds() -> Iterator[None]:
    """Within, what Pillow makes of a broken file becomes an error of ours, be it opened or converted."""
    try:
        yield
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning) as error:
        raise UnreadablePicture(PictureProblem.TOO_MANY_PIXELS) from error
    except _PILLOWS_ERRORS as error:
        raise UnreadablePicture(PictureProblem.NOT_AN_IMAGE) from error
