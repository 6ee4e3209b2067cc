"""A small picture of the last hour, for people who look at it in a chat."""

import io

from PIL import Image, ImageDraw, ImageFont

from watch.history import Series

SIZE = (720, 260)
_MARGIN = (16, 44, 16, 28)
_SCALE = 2
"""Drawn larger and brought down, so that lines are smooth."""

_GROUND, _GRID, _TEXT = "#17151c", "#353040", "#a39bb1"
COLOURS = ("#f08cb4", "#7fb8f0")
"""Pink and blue, in the order of the lines."""


def draw_chart(first: Series, second: Series) -> bytes:
    """Draw two lines over the same hour, each on a scale of its own, as a PNG. Takes a moment: use a thread.

    Only numbers are written, now and at most: which line is which is said beside it, in the reader's language.
    """
    width, height = (side * _SCALE for side in SIZE)
    picture = Image.new("RGB", (width, height), _GROUND)
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = (side * _SCALE for side in _MARGIN)
    box = (left, top, width - right, height - bottom)
    for share in (0.0, 0.5, 1.0):
        y = box[1] + (box[3] - box[1]) * share
        draw.line([(box[0], y), (box[2], y)], fill=_GRID, width=_SCALE)
    font = ImageFont.load_default(13 * _SCALE)
    x = float(left)
    for series, colour in zip((first, second), COLOURS, strict=True):
        highest = max([1.0, *series.values])
        now = series.values[-1] if series.values else 0
        told = f"{now:.4g} / {highest:.4g}"
        draw.text((x, 12 * _SCALE), told, fill=colour, font=font)
        x += draw.textlength(told, font=font) + 24 * _SCALE
        _draw_line(draw, box, series, highest, colour)
    moments = [*first.at, *second.at]
    if moments:
        minutes = (max(moments) - min(moments)).total_seconds() / 60
        draw.text((left, height - 22 * _SCALE), f"-{minutes:.0f} min", fill=_TEXT, font=font)
    buffer = io.BytesIO()
    picture.resize(SIZE, Image.Resampling.LANCZOS).save(buffer, "PNG")
    return buffer.getvalue()


def _draw_line(
    draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], series: Series, highest: float, colour: str
) -> None:
    if len(series.values) < 2:
        return
    begin, end = series.at[0].timestamp(), series.at[-1].timestamp()
    points = [
        (
            box[0] + (box[2] - box[0]) * (at.timestamp() - begin) / (end - begin or 1),
            box[3] - (box[3] - box[1]) * value / highest,
        )
        for at, value in zip(series.at, series.values, strict=True)
    ]
    draw.line(points, fill=colour, width=2 * _SCALE, joint="curve")
