"""Where a request was made, as far as the policy and fairness care."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel. `guild_id` is None in direct messages; `is_age_restricted` is Discord's own mark.

    A thread inherits its parent's mark; where the mark is unknown, the place counts as not restricted.
    """

    guild_id: int | None
    channel_id: int
    is_age_restricted: bool = False
