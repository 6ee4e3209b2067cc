"""The pictures of a grid in one, with what each was drawn with written beside it. Blocks: call it on a thread."""

import io
from collections.abc import Sequence

from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from generation.grid import Axis, Grid
from generation.image import Image
from generation.image_encoding import encode_png

CELL_PX = 640
"""The longest side of a picture in a grid; whole ones are a press away."""

MARGIN_PX, FONT_PX = 12, 34
PAPER, INK = "#ffffff", "#1b1b1f"


def draw_grid(grid: Grid, images: Sequence[Image]) -> Image:
    """Draw `images`, row by row as `grid` counts its cells, into one picture that carries the first one's metadata."""
    cells = [_cell(image) for image in images]
    width, height = cells[0].size
    columns = len(grid.columns.values)
    font = ImageFont.load_default(FONT_PX)
    row_labels = [] if grid.rows is None else [_label(grid.rows, value) for value in grid.rows.values]
    left = MARGIN_PX + max((round(font.getlength(label)) + MARGIN_PX for label in row_labels), default=0)
    top = FONT_PX + 2 * MARGIN_PX
    rows = len(cells) // columns
    paper = PillowImage.new(
        "RGB", (left + columns * (width + MARGIN_PX), top + rows * (height + MARGIN_PX)), PAPER
    )
    pen = ImageDraw.Draw(paper)
    for column, value in enumerate(grid.columns.values):
        place = (left + column * (width + MARGIN_PX), MARGIN_PX)
        pen.text(place, _fitted(_label(grid.columns, value), font, width), INK, font)
    for row, label in enumerate(row_labels):
        middle = top + row * (height + MARGIN_PX) + height // 2
        pen.text((MARGIN_PX, middle), label, INK, font, anchor="lm")
    for number, cell in enumerate(cells):
        row, column = divmod(number, columns)
        paper.paste(cell, (left + column * (width + MARGIN_PX), top + row * (height + MARGIN_PX)))
    parameters = images[0].parameters
    return Image(parameters, encode_png(paper, parameters))


def _cell(image: Image) -> PillowImage.Image:
    pixels = PillowImage.open(io.BytesIO(image.png)).convert("RGB")
    pixels.thumbnail((CELL_PX, CELL_PX))
    return pixels


def _label(axis: Axis, value: str) -> str:
    return value if axis.replaced else f"{axis.option.value} {value}"


def _fitted(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
    """Cut `text` so that it isn't wider than its picture."""
    while len(text) > 1 and font.getlength(text) > width:
        text = text[:-2].rstrip() + "…"
    return text
