"""How long a wait will be, learnt from how fast pictures were drawn."""

SMOOTHING = 0.3
"""Weight of the newest measurement; the last handful decide, so that a change of speed shows soon."""


class WaitEstimate:
    """Seconds per unit of cost (megapixels times steps), as a moving average."""

    def __init__(self) -> None:
        self._seconds_per_cost: float | None = None

    def measure(self, cost: float, seconds: float) -> None:
        """Take note that drawing `cost` took `seconds`."""
        measured = seconds / cost
        known = self._seconds_per_cost
        self._seconds_per_cost = measured if known is None else known + SMOOTHING * (measured - known)

    def seconds_for(self, cost: float) -> float | None:
        """How long `cost` will take, None before the first measurement."""
        return None if self._seconds_per_cost is None else cost * self._seconds_per_cost
