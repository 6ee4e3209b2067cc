"""Who is there: replicas say how they are, the bot hears it."""

import time

from generation.engine.ray_messages import ReplicaReport


class RollCall:
    """An actor beside the replicas, which belongs to the bot: it ends with the bot's connection to the cluster."""

    def __init__(self) -> None:
        self._reports: dict[str, tuple[float, ReplicaReport]] = {}
        self._shows_previews = True

    def report(self, report: ReplicaReport) -> bool:
        """Take a replica's newest report; returns whether previews are wanted."""
        self._reports[report.replica] = time.monotonic(), report
        return self._shows_previews

    def hear(self, *, shows_previews: bool) -> list[tuple[float, ReplicaReport]]:
        """Return the newest report of every replica that ever was, with its age in seconds."""
        self._shows_previews = shows_previews
        now = time.monotonic()
        return [(now - told_at, report) for told_at, report in self._reports.values()]
