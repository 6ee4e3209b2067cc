"""The pictures of a grid in one."""

import io

import pytest
from PIL import Image as PillowImage

from generation.grid import Axis, Grid, GridOption
from generation.grid_picture import CELL_PX, draw_grid
from generation.image import Image, ImageParameters
from generation.image_encoding import encode_png

STEPS = Axis(option=GridOption.STEPS, values=("4", "8", "12"))
TAGS = Axis(
    option=GridOption.TAG, values=("blue hair", "a tag that is far too long " * 6), replaced="blue hair"
)


def picture(colour: str, size: tuple[int, int]) -> Image:
    parameters = ImageParameters(
        prompt="1girl", negative_prompt="", width=size[0], height=size[1], num_inference_steps=4,
        guidance_scale=5.0, seed=7, model="x",
    )  # fmt: skip
    return Image(parameters, encode_png(PillowImage.new("RGB", size, colour), parameters))


@pytest.mark.parametrize("size", [(832, 1216), (1216, 832)])
def test_every_cell_stands_at_its_place(size: tuple[int, int]) -> None:
    colours = ["#ff0000", "#00ff00", "#0000ff", "#ffff00", "#ff00ff", "#00ffff"]
    grid = Grid(columns=STEPS, rows=TAGS)
    drawn = draw_grid(grid, [picture(colour, size) for colour in colours])
    pixels = PillowImage.open(io.BytesIO(drawn.png)).convert("RGB")
    cell = [round(side * CELL_PX / max(size)) for side in size]
    assert pixels.width > 3 * cell[0]
    assert pixels.height > 2 * cell[1]
    found = {pixels.getpixel((x, y)) for x in range(0, pixels.width, 40) for y in range(0, pixels.height, 40)}
    assert {tuple(bytes.fromhex(colour[1:])) for colour in colours} <= found
    right = pixels.width - cell[0] // 2
    assert pixels.getpixel((right, pixels.height - cell[1] // 2)) == (0, 255, 255)
    assert pixels.getpixel((right, pixels.height - cell[1] - cell[1] // 2)) == (0, 0, 255)


def test_the_file_says_what_it_was_drawn_from() -> None:
    grid = Grid(columns=Axis(option=GridOption.YEAR, values=("2010", "2020")))
    drawn = draw_grid(grid, [picture("red", (832, 1216)), picture("blue", (832, 1216))])
    assert "Seed: 7" in str(PillowImage.open(io.BytesIO(drawn.png)).info["parameters"])
