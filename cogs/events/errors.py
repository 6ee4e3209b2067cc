"""What can hinder a person in an event; each carries facts, `refusals.py` beside it has the words."""

from dataclasses import dataclass
from datetime import datetime

from cogs.errors import CogError


class EventError(CogError):
    """The root of what is raised about events."""


@dataclass(eq=False)
class EventUnknown(EventError):
    """There is no such event in this server."""


@dataclass(eq=False)
class EventNotOpen(EventError):
    """This can't be done now. `opens_at` is when it can, None where it is over."""

    opens_at: datetime | None
