"""The requests that a grid is drawn by: one for each cell, the same but for the options that are compared."""

from dataclasses import replace
from typing import Any

from generation.errors import InvalidRequest
from generation.grid import Axis, Grid, GridOption
from generation.quality import Quality
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.tags import comparison_key, split_tags


def cells_of(request: GenerationRequest, grid: Grid) -> list[GenerationRequest]:
    """Return the request of each cell, row by row.

    Raises:
        InvalidRequest: a value is none that its option takes.
    """
    rows = (
        [request] if grid.rows is None else [_with(request, grid.rows, value) for value in grid.rows.values]
    )
    return [_with(row, grid.columns, value) for row in rows for value in grid.columns.values]


def _with(request: GenerationRequest, axis: Axis, value: str) -> GenerationRequest:
    try:
        match axis.option:
            case GridOption.STEPS:
                return replace(request, num_inference_steps=int(value))
            case GridOption.GUIDANCE:
                return replace(request, guidance_scale=float(value))
            case GridOption.YEAR:
                return replace(request, year=int(value))
            case GridOption.QUALITY:
                return replace(request, quality=Quality(value))
            case GridOption.RATING:
                return replace(request, rating=Rating(value))
            case GridOption.TAG:
                return _with_tag(request, axis.replaced, value)
    except ValueError as error:
        raise InvalidRequest(axis.option.value, value, _allowed(axis.option)) from error


def _with_tag(request: GenerationRequest, tag: str, other: str) -> GenerationRequest:
    """Return `request` with `other` in the place of `tag`, in whichever of its texts that stands."""
    wanted = comparison_key(tag)
    texts: dict[str, Any] = {
        option: ", ".join(
            other if comparison_key(piece) == wanted else piece
            for piece in split_tags(getattr(request, option))
        )
        for option in ("subject", "character", "series", "tags")
    }
    return replace(request, **texts)


def _allowed(option: GridOption) -> str:
    match option:
        case GridOption.QUALITY:
            return ", ".join(quality.value for quality in Quality)
        case GridOption.RATING:
            return ", ".join(rating.value for rating in Rating)
        case _:
            return "0 – 9"
