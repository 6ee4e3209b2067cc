"""Discord's ids: 42 bits of milliseconds since 2015, 22 bits that keep ids of one millisecond apart."""

import time
from datetime import datetime

DISCORD_EPOCH_MS = 1_420_070_400_000
"""First second of 2015 (reference, "Snowflakes")."""


class Snowflakes:
    """Gives ids that rise strictly, like Discord's."""

    def __init__(self) -> None:
        self._last = 0
        self._past = 0

    def next(self) -> str:
        """A new id, which tells the present moment."""
        now = (time.time_ns() // 1_000_000 - DISCORD_EPOCH_MS) << 22
        self._last = max(now, self._last + 1)
        return str(self._last)

    def of(self, moment: datetime) -> str:
        """A new id of something that is older than the sandbox, such as an account."""
        self._past += 1
        return str((int(moment.timestamp() * 1000) - DISCORD_EPOCH_MS << 22) + self._past)


def created_at_s(snowflake: str) -> float:
    """The moment that an id tells, in seconds since 1970."""
    return ((int(snowflake) >> 22) + DISCORD_EPOCH_MS) / 1000
