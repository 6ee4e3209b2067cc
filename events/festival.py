"""What our events' pictures are made of: a night sky over a festival, frames, medals, lanterns, petals.

A scene is drawn at twice its size and made smaller at the end, which smooths every edge. Blocks: call it on a thread.
"""

import io
import math
import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageColor, ImageDraw, ImageFilter, ImageOps

from events.lettering import Align, Lettering, lettering

ACCENT = "#f08cb4"
INK, PAPER, SOFT = "#2a1638", "#fff8fb", "#f9d5e4"
GOLD, SILVER, BRONZE = "#ffd166", "#d9e2f2", "#f2ad7c"

SKY = ("#171033", "#2c1650", "#5b2568", "#a8487f", "#f08cb4")
"""From the top to the horizon."""

OVERDRAWN = 2
BLUR_REDUCED = 4
"""Soft things are blurred at a fraction of the size, which looks the same and takes a fraction of the time."""

Box = tuple[float, float, float, float]


class Scene:
    """A picture in the making; all lengths are pixels of what comes out."""

    def __init__(self, width: int, height: int, seed: int = 7, letters: Lettering | None = None) -> None:
        self.width, self.height = width, height
        self._letters = lettering() if letters is None else letters
        # Petals lie the same way each time, so that a picture drawn anew is the same picture.
        self._chance = random.Random(seed)  # noqa: S311 - ornament
        self.paper = _gradient(width * OVERDRAWN, height * OVERDRAWN)
        self._bokeh()

    def png(self) -> bytes:
        """Finish: the file."""
        content = io.BytesIO()
        self.paper.reduce(OVERDRAWN).convert("RGB").save(content, "PNG", compress_level=6)
        return content.getvalue()

    def text(
        self,
        place: tuple[float, float],
        text: str,
        size: float,
        colour: str = PAPER,
        *,
        align: Align = "middle",
        width_max: float | None = None,
        shadow: bool = False,
    ) -> float:
        """Write a line; `place` is where its letters stand. Returns its width."""
        x, y = place
        limit = None if width_max is None else width_max * OVERDRAWN
        if shadow:
            self._letters.draw(
                self.paper,
                _scaled(x, y + size / 16),
                text,
                round(size * OVERDRAWN),
                INK,
                align=align,
                width_max=limit,
            )
        drawn = self._letters.draw(
            self.paper, _scaled(x, y), text, round(size * OVERDRAWN), colour, align=align, width_max=limit
        )
        return drawn / OVERDRAWN

    def text_width(self, text: str, size: float) -> float:
        """How wide a line would be."""
        return self._letters.width(text, round(size * OVERDRAWN)) / OVERDRAWN

    def panel(self, box: Box, colour: str, *, radius: float, opacity: float = 1, outline: str = "") -> None:
        """Lay a rounded panel over what is there."""
        _, _, width, height = box
        size = (round(width * OVERDRAWN), round(height * OVERDRAWN))
        mask = PillowImage.new("L", size)
        shape = (0, 0, size[0] - 1, size[1] - 1)
        ImageDraw.Draw(mask).rounded_rectangle(shape, radius * OVERDRAWN, round(255 * opacity))
        self.paper.paste(colour, _corner(box), mask)
        if outline:
            edge = (_corner(box)[0], _corner(box)[1], _corner(box)[0] + size[0], _corner(box)[1] + size[1])
            ImageDraw.Draw(self.paper).rounded_rectangle(
                edge, radius * OVERDRAWN, outline=outline, width=3 * OVERDRAWN
            )

    def glow(self, centre: tuple[float, float], radius: float, colour: str, opacity: float) -> None:
        """Let something shine."""
        size = round(radius * 2 * OVERDRAWN / BLUR_REDUCED)
        away = np.hypot(*np.meshgrid(np.linspace(-1, 1, size), np.linspace(-1, 1, size)))
        light = np.clip(1 - away, 0, 1) ** 2 * 255 * opacity
        mask = PillowImage.fromarray(light.astype(np.uint8)).resize((size * BLUR_REDUCED,) * 2)
        x, y = centre
        self.paper.paste(colour, _scaled_whole(x - radius, y - radius), mask)

    def rays(self, centre: tuple[float, float], length: float, opacity: float = 0.12) -> None:
        """Light that fans out behind the winner."""
        mask = PillowImage.new("L", (self.paper.width // BLUR_REDUCED, self.paper.height // BLUR_REDUCED))
        pen = ImageDraw.Draw(mask)
        scale = OVERDRAWN / BLUR_REDUCED
        x, y = centre[0] * scale, centre[1] * scale
        for number in range(18):
            angle = math.tau * number / 18
            ends = [
                (
                    x + math.cos(angle + turn) * length * scale,
                    y + math.sin(angle + turn) * length * scale,
                )
                for turn in (-0.085, 0.085)
            ]
            pen.polygon([(x, y), *ends], round(255 * opacity))
        soft = mask.filter(ImageFilter.GaussianBlur(5)).resize(self.paper.size)
        self.paper.paste("#ffe9f2", (0, 0), soft)

    def picture(self, content: bytes, box: Box, frame: str = PAPER, *, border: float = 12) -> Box:
        """Hang a picture, whole, in a frame that stands at the bottom of `box`; returns where the frame is."""
        x, y, width, height = box
        shown = PillowImage.open(io.BytesIO(content)).convert("RGB")
        inside = (round((width - 2 * border) * OVERDRAWN), round((height - 2 * border) * OVERDRAWN))
        shown = ImageOps.contain(shown, inside, PillowImage.Resampling.LANCZOS)
        framed_width = shown.width / OVERDRAWN + 2 * border
        framed_height = shown.height / OVERDRAWN + 2 * border
        framed = (x + (width - framed_width) / 2, y + height - framed_height, framed_width, framed_height)
        self._shadow(framed)
        self.panel(framed, frame, radius=20)
        mask = PillowImage.new("L", shown.size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, shown.width - 1, shown.height - 1), 12 * OVERDRAWN, 255)
        self.paper.paste(shown, _scaled_whole(framed[0] + border, framed[1] + border), mask)
        return framed

    def medal(self, centre: tuple[float, float], radius: float, colour: str, text: str) -> None:
        """A disc with a word on it."""
        x, y = centre
        self._shadow((x - radius, y - radius, radius * 2, radius * 2), radius=radius)
        for extra, shade in ((0, PAPER), (-radius * 0.1, colour)):
            size = radius + extra
            self.panel((x - size, y - size, size * 2, size * 2), shade, radius=size)
        self.text((x, y + radius * 0.36), text, radius, INK, width_max=radius * 1.5)

    def pill(self, centre: tuple[float, float], text: str, size: float, *, width_max: float) -> None:
        """A line on a rounded label of our colour."""
        width = min(self.text_width(text, size), width_max - size * 1.4) + size * 1.4
        x, y = centre
        self.panel((x - width / 2, y - size * 0.9, width, size * 1.8), ACCENT, radius=size * 0.9)
        self.text((x, y + size * 0.36), text, size, INK, width_max=width - size * 1.2)

    def lanterns(self, height: float = 70) -> None:
        """Hang paper lanterns on strings over the upper corners."""
        pen = ImageDraw.Draw(self.paper)
        for start, end in (
            ((-20, 20), (self.width * 0.25, -20)),
            ((self.width * 0.75, -20), (self.width + 20, 20)),
        ):
            string = _hanging(start, end, height)
            pen.line([_scaled(*point) for point in string], "#e9b7cf", 2 * OVERDRAWN)
            for place in (0.25, 0.5, 0.75):
                x, y = string[round(place * (len(string) - 1))]
                if 0 < x < self.width:
                    self._lantern(x, y, GOLD if place == 0.5 else ACCENT)

    def petals(self, count: int, box: Box | None = None) -> None:
        """Let cherry petals fall, within `box` if there is one."""
        left, top, width, height = box or (0, 0, self.width, self.height)
        for _ in range(count):
            size = self._chance.uniform(9, 24)
            petal = _petal(round(size * OVERDRAWN), self._chance.choice((ACCENT, SOFT, "#ffb7d2")))
            turned = petal.rotate(self._chance.uniform(0, 360), PillowImage.Resampling.BICUBIC, expand=True)
            place = (left + self._chance.uniform(0, width), top + self._chance.uniform(0, height))
            self.paper.paste(turned, _scaled_whole(*place), turned)

    def _lantern(self, x: float, y: float, colour: str) -> None:
        self.glow((x, y + 30), 62, colour, 0.45)
        self.panel((x - 19, y + 6, 38, 46), colour, radius=17)
        self.panel((x - 9, y + 10, 12, 38), "#ffffff", radius=6, opacity=0.35)
        for edge in (y + 3, y + 49):
            self.panel((x - 11, edge, 22, 6), INK, radius=2)
        self.panel((x - 1.5, y + 55, 3, 14), GOLD, radius=1)

    def _bokeh(self) -> None:
        for _ in range(26):
            centre = (self._chance.uniform(0, self.width), self._chance.uniform(0, self.height * 0.9))
            self.glow(
                centre, self._chance.uniform(16, 90), self._chance.choice((ACCENT, GOLD, "#b79cff")), 0.22
            )
        for _ in range(70):
            x, y = self._chance.uniform(0, self.width), self._chance.uniform(0, self.height * 0.6)
            size = self._chance.uniform(1, 2.6)
            self.panel((x, y, size, size), "#ffffff", radius=size / 2, opacity=self._chance.uniform(0.3, 0.9))

    def _shadow(self, box: Box, radius: float = 20) -> None:
        x, y, width, height = box
        spread = 24.0
        scale = OVERDRAWN / BLUR_REDUCED
        size = (round((width + 2 * spread) * scale), round((height + 2 * spread) * scale))
        mask = PillowImage.new("L", size)
        inside = (spread * scale, spread * scale, size[0] - spread * scale, size[1] - spread * scale)
        ImageDraw.Draw(mask).rounded_rectangle(inside, radius * scale, 150)
        soft = mask.filter(ImageFilter.GaussianBlur(spread * scale / 2.5))
        soft = soft.resize((size[0] * BLUR_REDUCED, size[1] * BLUR_REDUCED))
        self.paper.paste("#0d0620", _scaled_whole(x - spread, y - spread + 8), soft)


def _gradient(width: int, height: int) -> PillowImage.Image:
    stops = np.array([[int(shade[at : at + 2], 16) for at in (1, 3, 5)] for shade in SKY], float)
    heights = np.linspace(0, 1, height)
    column = np.stack(
        [np.interp(heights, np.linspace(0, 1, len(SKY)), stops[:, channel]) for channel in range(3)], axis=-1
    )
    pixels: npt.NDArray[np.uint8] = np.repeat(column[:, None], width, axis=1).astype(np.uint8)
    return PillowImage.fromarray(pixels)


def _petal(size: int, colour: str) -> PillowImage.Image:
    """A petal with its notch, seen from above."""
    steps = np.linspace(0, math.tau, 40)
    radius = (1 - 0.35 * np.abs(np.cos(steps / 2)) ** 12) * size / 2
    points = [
        (size / 2 + r * math.cos(a) * 0.95, size / 2 + r * math.sin(a) * 0.6)
        for r, a in zip(radius, steps, strict=True)
    ]
    petal = PillowImage.new("RGBA", (size, size), (*ImageColor.getrgb(colour)[:3], 0))
    ImageDraw.Draw(petal).polygon(points, (*ImageColor.getrgb(colour)[:3], 215))
    return petal


def _hanging(
    start: tuple[float, float], end: tuple[float, float], depth: float
) -> Sequence[tuple[float, float]]:
    """The points of a string between two nails."""
    return [
        (start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t + depth * 4 * t * (1 - t))
        for t in (step / 40 for step in range(41))
    ]


def _scaled(x: float, y: float) -> tuple[float, float]:
    return x * OVERDRAWN, y * OVERDRAWN


def _scaled_whole(x: float, y: float) -> tuple[int, int]:
    return round(x * OVERDRAWN), round(y * OVERDRAWN)


def _corner(box: Box) -> tuple[int, int]:
    return _scaled_whole(box[0], box[1])
