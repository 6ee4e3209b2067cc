"""Text in any script: in the right order, in a font that has it, within its width."""

import logging
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from events.fonts import Fonts, fonts_in, system_fonts
from events.lettering import Lettering
from events.text_runs import clusters, plain_line, runs_of

NAMES = {
    "fonts-noto-cjk": ("葵の夜", "안녕하세요", "花火大會"),
    "fonts-noto-core": ("สวัสดี น้ำใส", "نور القمر", "हिन्दी", "𝓐𝓸𝓲", "Привет Ёлка", "גאווה"),
    "fonts-noto-color-emoji": ("👩‍🎤", "🏳️‍🌈", "🇯🇵", "👍🏽", "1️⃣", "✨"),
}


def seen(text: str) -> str:
    """What is read from left to right, run by run."""
    return "|".join(run.text for run in runs_of(text, Fonts((), None)))


def ink(lettering: Lettering, text: str, width_max: float | None = None) -> tuple[int, int, int, int] | None:
    paper = PillowImage.new("RGB", (600, 120))
    lettering.draw(paper, (40, 80), text, 40, "#ffffff", width_max=width_max)
    return paper.getbbox()


def needs(package: str) -> None:
    fonts = system_fonts()
    has = {
        "fonts-noto-cjk": fonts.font_for([0x8475, 0xC548]),
        "fonts-noto-core": fonts.font_for([0x0E2A]) and fonts.font_for([0x1D4D0]),
        "fonts-noto-color-emoji": fonts.emoji,
    }
    if not has[package]:
        pytest.skip(f"{package} isn't installed")


@pytest.mark.parametrize(
    ("package", "name"), [(package, name) for package in NAMES for name in NAMES[package]]
)
def test_names_of_every_script_are_drawn_in_a_font_that_has_them(package: str, name: str) -> None:
    needs(package)
    runs = runs_of(name, system_fonts())
    assert all(run.font is not None for run in runs)
    assert all(run.is_emoji for run in runs) == (package == "fonts-noto-color-emoji")
    assert ink(Lettering(system_fonts()), name)


def test_a_joined_emoji_is_one_picture() -> None:
    needs("fonts-noto-color-emoji")
    lettering = Lettering(system_fonts())
    for emoji in ("👩‍🎤", "🇯🇵", "👍🏽", "🏳️‍🌈"):
        assert lettering.width(emoji, 40) == pytest.approx(lettering.width("✨", 40), rel=0.1)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Aoi نور hi", "Aoi |نور| hi"),
        ("نور Aoi", "Aoi| نور"),
        ("Aoi نور 12 hi", "Aoi |12| نور| hi"),
        ("עברית abc 123 עוד", " עוד|abc 123|עברית "),
        ("نور Aoi 2026 ✨ abc", "Aoi 2026 ✨ abc| نور"),
        ("plain", "plain"),
    ],
)
def test_lines_of_two_directions_are_read_as_they_were_meant(text: str, order: str) -> None:
    assert [piece.strip() for piece in seen(text).split("|") if piece.strip()] == [
        piece.strip() for piece in order.split("|")
    ]


@given(st.text())
def test_any_text_becomes_one_line_of_few_marks_and_no_letter_is_lost(text: str) -> None:
    line = plain_line(text)
    assert not [letter for letter in line if unicodedata.category(letter) in {"Cc", "Zl", "Zp", "Cs"}]
    assert "".join(clusters(line)) == line
    assert sorted("".join(run.text for run in runs_of(line, Fonts((), None)))) == sorted(line)
    assert plain_line(line) == line


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60), st.integers(60, 500))
def test_nothing_is_drawn_wider_than_it_may_be(text: str, width_max: int) -> None:
    lettering = Lettering(system_fonts())
    paper = PillowImage.new("RGB", (20, 20))
    width = lettering.draw(paper, (0, 0), text, 40, "#ffffff", width_max=width_max)
    assert width <= width_max or len(clusters(plain_line(text))) <= 1


def test_towers_of_marks_are_cut_and_directions_are_not_forced() -> None:
    assert plain_line("Z" + "\u0335" * 30 + "o") == "Z" + "\u0335" * 3 + "o"
    assert plain_line("a\u202eb\u0000c\n\td") == "ab c d"


def test_a_script_that_no_font_has_is_told_once_and_drawn_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        lettering = Lettering(fonts_in([tmp_path]))
        assert ink(lettering, "葵 Aoi ✨")
        assert ink(lettering, "葵葵")
    assert caplog.text.count("cjk") == 1
