"""What a picture is drawn for, where it isn't only for its asker."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """An event, by its id. `images_per_person` is how many one person may have drawn for it; None doesn't limit."""

    event_id: str
    images_per_person: int | None = None
