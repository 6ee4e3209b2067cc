"""Where a request was made, as far as the policy and fairness care."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel. `guild_id` is None where no server has the bot: in direct messages, and where people brought it.

    `is_age_restricted` is Discord's own mark. A thread inherits its parent's mark; where the mark is unknown, the
    place counts as not restricted. `parent_id` is the channel of a thread.
    """

    guild_id: int | None
    channel_id: int
    is_age_restricted: bool = False
    parent_id: int | None = None
