"""One prompt over a range of one or two options, drawn from the same seed, to be seen side by side."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from generation.errors import InvalidRequest
from generation.quality import Quality
from generation.rating import Rating
from generation.tags import comparison_key, split_tags

if TYPE_CHECKING:
    from generation.request import GenerationRequest

CELLS_MAX = 9


class GridOption(Enum):
    """What can be compared."""

    STEPS = "steps"
    GUIDANCE = "guidance"
    YEAR = "year"
    QUALITY = "quality"
    RATING = "rating"
    TAG = "tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An option and its values, as people write them. For TAG, `replaced` is the tag that they stand for."""

    option: GridOption
    values: tuple[str, ...]
    replaced: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Columns, and rows if there are two options. Cells are counted row by row."""

    columns: Axis
    rows: Axis | None = None

    @property
    def cell_count(self) -> int:
        """How many pictures it takes."""
        return len(self.columns.values) * (len(self.rows.values) if self.rows else 1)


def cells_of(request: "GenerationRequest", grid: Grid) -> list["GenerationRequest"]:
    """Return the request of each cell, row by row.

    Raises:
        InvalidRequest: a value is none that its option takes.
    """
    rows = (
        [request] if grid.rows is None else [_with(request, grid.rows, value) for value in grid.rows.values]
    )
    return [_with(row, grid.columns, value) for row in rows for value in grid.columns.values]


def _with(request: "GenerationRequest", axis: Axis, value: str) -> "GenerationRequest":
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
                return with_tag(request, axis.replaced, value)
    except ValueError as error:
        raise InvalidRequest(axis.option.value, value, _allowed(axis.option)) from error


def with_tag(request: "GenerationRequest", tag: str, other: str) -> "GenerationRequest":
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
