"""Pictures that people give, before they are drawn over: upright, small, in our own file; or refused."""

import io
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generation.errors import PictureProblem, UnreadablePicture
from generation.source_encoding import LONGEST_SIDE_PX, encode_mask, encode_source, encode_transparency
from tests.hostile_pictures import PICTURES, WHOLE, file_of


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_a_large_picture_is_made_small_and_keeps_its_shape() -> None:
    image = opened(encode_source(file_of(Image.new("RGB", (4000, 2000), "red"))))
    assert (image.format, image.size) == ("WEBP", (LONGEST_SIDE_PX, LONGEST_SIDE_PX // 2))


def test_nothing_but_pixels_gets_through() -> None:
    text = PngInfo()
    text.add_text("parameters", "secret")
    exif = Image.Exif()
    exif[0x9286] = "secret"
    made = encode_source(file_of(Image.new("RGB", (64, 64)), pnginfo=text, exif=exif))
    assert b"secret" not in made
    assert "parameters" not in opened(made).info


def test_a_photo_that_lies_on_its_side_stands_up() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(encode_source(file_of(Image.new("RGB", (90, 60)), "JPEG", exif=exif))).size == (60, 90)


def test_what_is_transparent_becomes_white_and_makes_a_mask() -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 32, 64))
    content = file_of(image)
    shown = opened(encode_source(content)).convert("RGB")
    assert min(shown.getpixel((8, 32))) > 240  # type: ignore[arg-type]
    mask = opened(encode_transparency(content)).convert("L")
    assert (mask.getpixel((8, 32)), mask.getpixel((56, 32))) == (255, 0)


def test_a_mask_without_anything_white_is_refused() -> None:
    black = file_of(Image.new("L", (64, 64)))
    for encode in (encode_mask, encode_transparency):
        with pytest.raises(UnreadablePicture) as refusal:
            encode(black)
        assert refusal.value.problem is PictureProblem.NOTHING_MASKED


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", PictureProblem.NOT_AN_IMAGE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", PictureProblem.NOT_AN_IMAGE),
        (file_of(Image.new("RGB", (64, 64)))[:60], PictureProblem.NOT_AN_IMAGE),
        (file_of(Image.new("RGB", (64, 64)), "TIFF"), PictureProblem.NOT_AN_IMAGE),
        (file_of(Image.new("RGB", (16, 64))), PictureProblem.TOO_SMALL),
        (file_of(Image.new("1", (30_000, 30_000))), PictureProblem.TOO_MANY_PIXELS),
        (file_of(Image.new("1", (9_000, 9_000))), PictureProblem.TOO_MANY_PIXELS),
        (
            file_of(
                Image.new("RGB", (64, 64)),
                "WEBP",
                save_all=True,
                append_images=[Image.new("RGB", (64, 64), "red")],
            ),
            PictureProblem.ANIMATED,
        ),
    ],
    ids=["empty", "svg", "cut off", "tiff", "tiny", "bomb", "large", "animated"],
)
def test_what_cannot_be_drawn_over_is_refused_for_what_it_is(content: bytes, problem: PictureProblem) -> None:
    with pytest.raises(UnreadablePicture) as refusal:
        encode_source(content)
    assert refusal.value.problem is problem


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF0000WEBP", b"GIF89a"]),
)
def test_any_bytes_are_refused_and_nothing_else_happens(content: bytes, head: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        encode_source(head + content)


@pytest.mark.parametrize("content", PICTURES.values(), ids=PICTURES)
def test_a_hostile_file_is_refused_or_becomes_a_small_picture_of_ours(content: bytes) -> None:
    for encode in (encode_source, encode_mask, encode_transparency):
        with suppress(UnreadablePicture):
            made = encode(content)
            assert opened(made).format == "WEBP"
            assert max(opened(made).size) <= LONGEST_SIDE_PX
            assert b"script" not in made


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(WHOLE), st.data())
def test_a_file_with_broken_bytes_is_taken_or_refused(file: bytes, data: st.DataObject) -> None:
    broken = bytearray(file)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(broken) - 1))
        broken[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    for encode in (encode_source, encode_mask, encode_transparency):
        with suppress(UnreadablePicture):
            encode(bytes(broken))
