"""How long a wait will be, learnt from how fast pictures were drawn."""

from collections import deque

import numpy as np

from generation.work import Work

MEMORY = 24
"""How many measurements decide: few, so that a change of speed shows soon."""


class WaitEstimate:
    """Seconds for a megapixel's denoising step and for a megapixel's decoding, fitted to the last measurements.

    An engine does both in turn, so both are measured together; pictures of few and of many steps tell them apart.
    Where all are alike, the first measurement keeps the two from drifting.
    """

    def __init__(self) -> None:
        self._measured: deque[tuple[Work, float]] = deque(maxlen=MEMORY)
        self._first_per_step: float | None = None
        self._per_step = self._per_decoding = 0.0

    def begin(self, seconds_per_megapixel_step: float) -> None:
        """Take the first measurement, of denoising alone, and forget what was measured before."""
        self._measured.clear()
        self._first_per_step = self._per_step = seconds_per_megapixel_step
        self._per_decoding = 0.0

    def measure(self, work: Work, seconds: float) -> None:
        """Take note that `work` took so many seconds."""
        self._measured.append((work, seconds))
        self._fit()

    def seconds_for(self, work: Work) -> float | None:
        """How long `work` will take, None before the first measurement."""
        if self._first_per_step is None:
            return None
        return work.megapixel_steps * self._per_step + work.megapixels * self._per_decoding

    def _fit(self) -> None:
        """Least squares of the relative error, so that long measurements don't drown the short ones."""
        rows = [
            (work.megapixel_steps / seconds, work.megapixels / seconds) for work, seconds in self._measured
        ]
        if self._first_per_step:
            rows.append((1 / self._first_per_step, 0.0))
        per_step, per_decoding = map(float, np.linalg.lstsq(np.array(rows), np.ones(len(rows)))[0])
        if per_step > 0 and per_decoding > 0:
            self._per_step, self._per_decoding = per_step, per_decoding
            return
        # Noise can make one of them negative; then all is put down to the steps.
        steps = np.array(rows)[:, 0]
        self._per_step, self._per_decoding = float(steps.sum() / (steps * steps).sum()), 0.0
