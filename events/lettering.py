"""Lines of text in any script, with emoji in colour, onto pictures. The fonts are found by `fonts.py`."""

import logging
import unicodedata
from functools import cache
from typing import Literal

from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont, features

from events.fonts import FontFile, Fonts, system_fonts
from events.text_runs import Run, clusters, plain_line, runs_of

log = logging.getLogger(__name__)

Align = Literal["left", "middle", "right"]

EMOJI_HEIGHT, EMOJI_DROP = 1.12, 0.2
"""An emoji's height, and how far it hangs below the line, as parts of the letters' size."""

SHRUNK = 0.72
"""How far a line that is too long is made smaller before it is cut."""


class Lettering:
    """Draws lines with the fonts it was given. Has no state but what it has already complained about."""

    def __init__(self, fonts: Fonts) -> None:
        self._fonts = fonts
        self._complained: set[str] = set()
        if not features.check("raqm"):
            log.warning(
                "libfribidi is missing: Arabic, Hindi and other joined scripts will be drawn unjoined"
            )

    def width(self, text: str, size_px: int) -> float:
        """How wide a line is, in pixels."""
        return sum(self._width(run, size_px) for run in runs_of(plain_line(text), self._fonts))

    def draw(
        self,
        paper: PillowImage.Image,
        place: tuple[float, float],
        text: str,
        size_px: int,
        colour: str,
        *,
        align: Align = "left",
        width_max: float | None = None,
    ) -> float:
        """Draw a line; `place` is where its letters stand, on the left, in the middle or on the right.

        What is wider than `width_max` is drawn smaller, then cut. Returns how wide it became.
        """
        line = plain_line(text)
        if width_max is not None:
            line, size_px = self._fitted(line, size_px, width_max)
        runs = runs_of(line, self._fonts)
        widths = [self._width(run, size_px) for run in runs]
        total = sum(widths)
        x, y = place
        x -= {"left": 0, "middle": total / 2, "right": total}[align]
        for run, width in zip(runs, widths, strict=True):
            self._draw_run(paper, (x, y), run, size_px, colour)
            x += width
        return total

    def _fitted(self, line: str, size_px: int, width_max: float) -> tuple[str, int]:
        width = self.width(line, size_px)
        if width <= width_max:
            return line, size_px
        size_px = max(int(size_px * width_max / width), int(size_px * SHRUNK))
        pieces = clusters(line)
        while len(pieces) > 1 and self.width(line, size_px) > width_max:
            pieces.pop()
            line = "".join(pieces).rstrip() + "…"
        return line, size_px

    def _width(self, run: Run, size_px: int) -> float:
        if run.is_emoji and run.font is not None:
            strike = run.font.strike_px
            return self._length(run, run.font.face(strike)) * size_px * EMOJI_HEIGHT / _height(run.font)
        return self._length(run, self._face(run, size_px))

    def _length(self, run: Run, face: ImageFont.FreeTypeFont) -> float:
        return face.getlength(run.text, direction=_direction(run, face))

    def _draw_run(
        self, paper: PillowImage.Image, place: tuple[float, float], run: Run, size_px: int, colour: str
    ) -> None:
        if run.is_emoji and run.font is not None:
            self._draw_emoji(paper, place, run, run.font, size_px)
            return
        if run.font is None:
            self._complain(run)
        face = self._face(run, size_px)
        pen = ImageDraw.Draw(paper)
        pen.text(place, run.text, colour, face, anchor="ls", direction=_direction(run, face))

    def _draw_emoji(
        self,
        paper: PillowImage.Image,
        place: tuple[float, float],
        run: Run,
        font: FontFile,
        size_px: int,
    ) -> None:
        """Draw emoji at the size that their font has, and bring them to the size of the letters."""
        face = font.face(font.strike_px)
        height = _height(font)
        width = max(1, round(self._length(run, face)))
        drawn = PillowImage.new("RGBA", (width, height))
        pen = ImageDraw.Draw(drawn)
        pen.text((0, 0), run.text, "#ffffff", face, direction=_direction(run, face), embedded_color=True)
        scale = size_px * EMOJI_HEIGHT / height
        small = drawn.resize((max(1, round(width * scale)), max(1, round(height * scale))))
        x, y = place
        paper.paste(small, (round(x), round(y + size_px * EMOJI_DROP) - small.height), small)

    def _face(self, run: Run, size_px: int) -> ImageFont.FreeTypeFont:
        return self._fonts.first_face(size_px) if run.font is None else run.font.face(size_px)

    def _complain(self, run: Run) -> None:
        """Tell the operator once of each script that is missing."""
        script = unicodedata.name(run.text[0], "UNNAMED").split()[0]
        if script not in self._complained:
            self._complained.add(script)
            log.warning("No font here has letters of %s; they are drawn as boxes", script.lower())


def _direction(run: Run, face: ImageFont.FreeTypeFont) -> Literal["rtl", "ltr"] | None:
    """None where Pillow can't be told: without libfribidi, and for its own built-in font."""
    if face.layout_engine is not ImageFont.Layout.RAQM:
        return None
    return "rtl" if run.is_rtl else "ltr"


def _height(font: FontFile) -> int:
    ascent, descent = font.face(font.strike_px).getmetrics()
    return ascent + descent


@cache
def lettering() -> Lettering:
    """The one that uses this machine's fonts. The first call looks for them, which takes a moment."""
    return Lettering(system_fonts())
