"""What the sandbox counts while a bot and people use it."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was answered with an error."""

    method: str
    path: str
    status: int
    code: int
    message: str


@dataclass(slots=True)
class Statistics:
    """Counters since the start. Times are in milliseconds."""

    interactions: int = 0
    acknowledgement_ms: list[float] = field(default_factory=list)
    acknowledged_late: int = 0
    never_acknowledged: int = 0
    messages_posted: int = 0
    messages_edited: int = 0
    rate_limited: Counter[str] = field(default_factory=Counter)
    shape_errors: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON."""
        return asdict(self) | {"rate_limited": dict(self.rate_limited)}
