"""The gallery page: one file of a bounded size, with nothing in it that does anything."""

import base64
import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image as PillowImage

from events.gallery import Gallery, GalleryPicture, GalleryTooLarge, gallery_page
from tests.events.pictures import coloured

NASTY = "<script>alert(1)</script>\" onload='x' {{ 7*7 }} & <img src=x>"


class Tags(HTMLParser):
    """Every opening tag of a page with its attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def gallery(count: int = 3, text: str = "葵 ✨ نور") -> Gallery:
    pictures = [
        GalleryPicture(coloured(seed=seed), text, text, text, str(seed + 1), text) for seed in range(count)
    ]
    return Gallery(title=text, theme=text, pictures=pictures, about=text, foot=text)


def test_whatever_people_typed_is_only_read() -> None:
    tags = Tags(gallery_page(gallery(text=NASTY), 10**7))
    assert {tag for tag, _ in tags.found}.isdisjoint({"script", "iframe", "link", "object", "a"})
    assert not [name for _, attributes in tags.found for name in attributes if name.startswith("on")]
    assert [attributes["alt"] for tag, attributes in tags.found if tag == "img"] == [NASTY] * 3
    assert "".join(tags.words).count(NASTY) == 14


def test_all_is_in_the_file_and_nothing_else_may_be_fetched() -> None:
    page = gallery_page(gallery(), 10**7).decode()
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|url\(", page)
    images = re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", page)
    sizes = [PillowImage.open(io.BytesIO(base64.b64decode(image))).size for image in images]
    assert sizes == [(208, 304)] * 3


def test_pictures_are_made_smaller_until_the_page_fits() -> None:
    pictures = [
        GalleryPicture(coloured(416, 608, seed), f"Guest {seed}", "1 vote", "A picture") for seed in range(4)
    ]
    whole = Gallery(title="t", theme="", pictures=pictures)
    sizes = [len(gallery_page(whole, limit)) for limit in (10**7, 24_000, 14_000)]
    assert sizes[0] > sizes[1] > sizes[2]
    assert sizes[1] <= 24_000
    assert sizes[2] <= 14_000
    with pytest.raises(GalleryTooLarge) as caught:
        gallery_page(whole, 4_000)
    assert caught.value.limit_bytes == 4_000


def test_a_contest_without_pictures_has_a_page_too() -> None:
    assert b"<main>" in gallery_page(gallery(count=0), 10**5)
