"""From pixels to files: PNG with metadata, and a smaller WebP where an upload limit asks for it.

Everything here is slow enough to belong in a worker thread; callers on the event loop send it there.
"""

import io
from dataclasses import dataclass

from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

from generation.errors import GenerationError
from generation.image import Image, ImageParameters
from generation.image_metadata import PARAMETERS_KEY, parameters_text

PNG_COMPRESS_LEVEL = 1
"""zlib level. At 832 x 1216, level 1 takes 0.1 s and the default 0.8 s for a file some 15 % smaller."""

WEBP_QUALITIES = (95, 90, 85, 80)
"""Tried in this order; below 80 a picture would be spoilt."""

PREVIEW_QUALITY = 70
"""WebP quality of a first look."""

_EXIF_USER_COMMENT = 0x9286
_EXIF_IFD = 0x8769


@dataclass(eq=False)
class UploadTooLarge(GenerationError):
    """Even the strongest allowed compression is over the limit. Both sizes are in bytes."""

    size_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A picture as a file. `extension` is "png" or "webp"."""

    content: bytes
    extension: str


def encode_png(pixels: PillowImage.Image, parameters: ImageParameters) -> bytes:
    """Write `pixels` as a PNG that carries `parameters` as text."""
    text = PngInfo()
    text.add_itxt(PARAMETERS_KEY, parameters_text(parameters))
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", compress_level=PNG_COMPRESS_LEVEL, pnginfo=text)
    return buffer.getvalue()


def encode_preview(pixels: PillowImage.Image) -> bytes:
    """Write `pixels` as a small WebP without metadata; it is looked at for seconds."""
    buffer = io.BytesIO()
    pixels.save(buffer, "WEBP", quality=PREVIEW_QUALITY, method=2)
    return buffer.getvalue()


def fit_upload(image: Image, limit_bytes: int) -> EncodedImage:
    """Return the picture's own PNG, or a WebP of it, so that it is at most `limit_bytes`.

    Quality falls from 95 to 80 in steps of 5; below that the picture is refused rather than spoilt.

    Raises:
        UploadTooLarge: even quality 80 is over the limit; carries both sizes.
    """
    if len(image.png) <= limit_bytes:
        return EncodedImage(image.png, "png")
    pixels = PillowImage.open(io.BytesIO(image.png)).convert("RGB")
    exif = _exif_with(parameters_text(image.parameters))
    size_bytes = len(image.png)
    for quality in WEBP_QUALITIES:
        buffer = io.BytesIO()
        pixels.save(buffer, "WEBP", quality=quality, method=4, exif=exif)
        size_bytes = buffer.tell()
        if size_bytes <= limit_bytes:
            return EncodedImage(buffer.getvalue(), "webp")
    raise UploadTooLarge(size_bytes, limit_bytes)


def encode_untold(image: Image, limit_bytes: int) -> EncodedImage:
    """Return a copy of the picture as a WebP of its pixels alone, of at most `limit_bytes`.

    Raises:
        UploadTooLarge: as for `fit_upload`.
    """
    pixels = PillowImage.open(io.BytesIO(image.png)).convert("RGB")
    size_bytes = 0
    for quality in WEBP_QUALITIES:
        buffer = io.BytesIO()
        pixels.save(buffer, "WEBP", quality=quality, method=4, exif=b"")
        size_bytes = buffer.tell()
        if size_bytes <= limit_bytes:
            return EncodedImage(buffer.getvalue(), "webp")
    raise UploadTooLarge(size_bytes, limit_bytes)


def _exif_with(text: str) -> PillowImage.Exif:
    """Put `text` where AUTOMATIC1111's web UI puts it in files that aren't PNG: the Exif user comment."""
    exif = PillowImage.Exif()
    exif.get_ifd(_EXIF_IFD)[_EXIF_USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be", "replace")
    return exif
