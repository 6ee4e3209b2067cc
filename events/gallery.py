"""A contest's gallery: one HTML file with the pictures in it, to be kept, sent and put anywhere. Blocks.

It asks nothing of anywhere else: no scripts, no fonts, no pictures from outside, and its policy forbids all that, so
that nothing that people typed could do more than be read.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image as PillowImage

LEVELS = ((1216, 90), (1024, 86), (832, 82), (704, 78), (576, 74), (448, 70), (320, 64), (224, 58))
"""Longest side in pixels and WebP quality; tried in this order until the pictures fit."""

TEMPLATE = "gallery.html.jinja"


@dataclass(eq=False)
class GalleryTooLarge(Exception):
    """Even small pictures are over the limit. Both sizes are in bytes."""

    size_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class GalleryPicture:
    """A picture with what is written under it. `place` is such as "1" and empty where there is none."""

    png: bytes
    name: str
    votes: str
    alt_text: str
    place: str = ""
    prompt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """A whole page. `language` is a code such as "en-US"; `about` is a line of facts, `foot` the last line."""

    title: str
    theme: str
    pictures: Sequence[GalleryPicture]
    about: str = ""
    foot: str = ""
    language: str = "en-US"


def gallery_page(gallery: Gallery, limit_bytes: int) -> bytes:
    """Write the page, in UTF-8, no longer than `limit_bytes`; pictures are made smaller as far as that takes.

    Raises:
        GalleryTooLarge: the pictures at their smallest, or the words alone, are too much; carries both sizes.
    """
    words = len(_page(gallery, [""] * len(gallery.pictures)))
    budget = limit_bytes - words
    addresses = [
        _fitted(picture.png, budget // max(1, len(gallery.pictures))) for picture in gallery.pictures
    ]
    page = _page(gallery, addresses)
    if len(page) > limit_bytes:
        raise GalleryTooLarge(len(page), limit_bytes)
    return page


def _page(gallery: Gallery, addresses: Sequence[str]) -> bytes:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = list(zip(gallery.pictures, addresses, strict=True))
    text = environment.get_template(TEMPLATE).render(gallery=gallery, shown=shown)
    return text.encode("utf-8", "replace")


def _fitted(png: bytes, budget_bytes: int) -> str:
    """Return a picture as a data URI, of the first level that is within the budget, else of the smallest."""
    whole = PillowImage.open(io.BytesIO(png)).convert("RGB")
    address = ""
    for longest, quality in LEVELS:
        pixels = whole.copy()
        pixels.thumbnail((longest, longest))
        content = io.BytesIO()
        pixels.save(content, "WEBP", quality=quality, method=4)
        address = "data:image/webp;base64," + base64.b64encode(content.getvalue()).decode("ascii")
        if len(address) <= budget_bytes:
            break
    return address
