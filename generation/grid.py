"""One prompt over a range of one or two options, drawn from the same seed, to be seen side by side."""

from dataclasses import dataclass
from enum import Enum

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
