"""Pictures to be shown in pictures."""

import io

import numpy as np
from PIL import Image as PillowImage


def coloured(width: int = 208, height: int = 304, seed: int = 1) -> bytes:
    """A PNG of soft colours, a different one for each seed."""
    spots = np.random.default_rng(seed).integers(40, 255, (6, 5, 3)).astype(np.uint8)
    content = io.BytesIO()
    PillowImage.fromarray(spots).resize((width, height)).save(content, "PNG")
    return content.getvalue()


def opened(content: bytes) -> PillowImage.Image:
    """What came out, which must be a whole PNG."""
    picture = PillowImage.open(io.BytesIO(content))
    assert picture.format == "PNG"
    picture.load()
    return picture
