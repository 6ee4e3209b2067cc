"""How late the event loop wakes those who sleep: the first sign of something that blocks it."""

import asyncio
import time
from collections import deque

from watch.metrics import Metrics

INTERVAL_S = 0.25
REMEMBERED = 240
"""A minute of measurements."""


async def measure_loop_lag(metrics: Metrics) -> None:
    """Sleep again and again, and tell how much longer it took than asked for. Never returns."""
    lately: deque[float] = deque(maxlen=REMEMBERED)
    while True:
        begin = time.monotonic()
        await asyncio.sleep(INTERVAL_S)
        lag_s = max(0.0, time.monotonic() - begin - INTERVAL_S)
        lately.append(lag_s)
        metrics.lagged(lag_s, max(lately))
