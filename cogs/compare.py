"""`/compare`: one prompt over a range of one or two options, side by side."""

import discord
from discord import app_commands
from discord.ext import commands

from cogs.drawing import Drawing
from cogs.imagine import ASPECT_CHOICES, Text
from cogs.parts import Parts
from cogs.tag_completion import TagCompletion
from generation.aspect_ratio import AspectRatio
from generation.errors import InvalidRequest
from generation.grid import CELLS_MAX, Axis, Grid, GridOption
from generation.request import SEED_LIMIT, GenerationRequest

_OPTIONS = [
    app_commands.Choice(name=option.value, value=option.value)
    for option in GridOption
    if option is not GridOption.TAG
]
_Values = app_commands.Range[str, 1, 200]


class Compare(commands.Cog):
    """Reads the ranges and has the grid drawn."""

    def __init__(self, parts: Parts, drawing: Drawing) -> None:
        self._drawing = drawing
        self._completion = TagCompletion(parts)

    @app_commands.command()
    @app_commands.describe(
        tags="What to draw, as tags with commas between: silver hair, night, city lights",
        option="What changes from left to right",
        values="Its values with commas between: 4, 12, 28",
        rows="What changes from top to bottom",
        row_values="Its values with commas between",
        aspect="The picture's shape (portrait 2:3 unless you say otherwise)",
        seed="A number that repeats a picture; the same seed and options give the same picture",
    )
    @app_commands.choices(option=_OPTIONS, rows=_OPTIONS, aspect=ASPECT_CHOICES)
    async def compare(
        self,
        interaction: discord.Interaction,
        tags: Text,
        option: str,
        values: _Values,
        rows: str | None = None,
        row_values: _Values | None = None,
        aspect: str | None = None,
        seed: app_commands.Range[int, 0, SEED_LIMIT - 1] | None = None,
    ) -> None:
        """Draw one prompt several ways, side by side."""
        usual = await self._drawing.usual(interaction)
        below = None if rows is None or row_values is None else _axis(rows, row_values)
        request = GenerationRequest(
            tags=tags,
            negative_prompt=usual.negative,
            quality=usual.quality,
            aspect_ratio=usual.aspect if aspect is None else AspectRatio.parse(aspect),
            seed=seed,
            grid=Grid(columns=_axis(option, values), rows=below),
        )
        await self._drawing.draw(interaction, request, is_private=usual.is_private)

    @compare.autocomplete("tags")
    async def offer_tags(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what the last tag may become."""
        return await self._completion.offers(interaction, typed, with_series=True)


def _axis(option: str, values: str) -> Axis:
    listed = tuple(dict.fromkeys(value.strip().lower() for value in values.split(",") if value.strip()))
    if not listed:
        raise InvalidRequest("values", values, f"1 – {CELLS_MAX}")
    return Axis(option=GridOption(option), values=listed)
