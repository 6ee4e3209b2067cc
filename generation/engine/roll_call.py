"""Who is there: replicas say how they are, the bot hears it."""

import time
from dataclasses import dataclass

from generation.engine.ray_messages import ReplicaReport

FORGET_AFTER_S = 60.0
"""Long after nobody counts on a silent replica any more. A host that can't load the model tries on for days, each time
as another replica."""


@dataclass(frozen=True, slots=True)
class RollCallName:
    """By what the roll call is found in the cluster, also after it had to be made anew."""

    namespace: str
    name: str


class RollCall:
    """An actor on the bot's own host, which belongs to the bot: it ends with the bot's connection to the cluster."""

    def __init__(self) -> None:
        self._reports: dict[str, tuple[float, ReplicaReport]] = {}
        self._shows_previews = True

    def report(self, report: ReplicaReport) -> bool:
        """Take a replica's newest report; returns whether previews are wanted."""
        self._reports[report.replica] = time.monotonic(), report
        return self._shows_previews

    def hear(self, *, shows_previews: bool) -> list[tuple[float, ReplicaReport]]:
        """Return the newest report of every replica that said something lately, with its age in seconds."""
        self._shows_previews = shows_previews
        now = time.monotonic()
        self._reports = {
            replica: (told_at, report)
            for replica, (told_at, report) in self._reports.items()
            if now - told_at < FORGET_AFTER_S
        }
        return [(now - told_at, report) for told_at, report in self._reports.values()]
