"""Opening the image files that people draw over. What they hold is untrusted."""

import io
import warnings

from PIL import Image as PillowImage
from PIL import ImageOps

from generation.errors import PictureProblem, UnreadablePicture


def open_picture(content: bytes) -> PillowImage.Image:
    """Read an image file as RGB, upright; what is transparent becomes white, of an animation the first frame stays.

    Raises:
        UnreadablePicture: it is no image, broken, or too large to be opened safely.
    """
    image = _read(content)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = PillowImage.alpha_composite(PillowImage.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def open_mask(content: bytes) -> PillowImage.Image:
    """Read an image file as a mask: grey, white where the picture is drawn anew.

    Raises:
        UnreadablePicture: as for `open_picture`.
    """
    return _read(content).convert("L")


def _read(content: bytes) -> PillowImage.Image:
    try:
        with warnings.catch_warnings():
            # Pillow only warns of what is up to twice too large.
            warnings.simplefilter("error", PillowImage.DecompressionBombWarning)
            image = PillowImage.open(io.BytesIO(content))
            image.load()
            return ImageOps.exif_transpose(image)
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning) as error:
        raise UnreadablePicture(PictureProblem.TOO_MANY_PIXELS) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError) as error:
        # What Pillow's readers raise on broken files.
        raise UnreadablePicture(PictureProblem.NOT_AN_IMAGE) from error
