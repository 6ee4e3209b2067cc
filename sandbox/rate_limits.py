"""Discord's rate limits: buckets with headers, the global one, and the hidden ones."""

import math
import time
from dataclasses import dataclass

from sandbox.counts import Statistics
from sandbox.errors import ApiError
from sandbox.limits import Limits

# discord.py takes a 429 without this header for a ban by Cloudflare.
_VIA = {"Via": "1.1 sandbox"}


@dataclass(slots=True)
class _Window:
    ends_at: float
    used: int = 0


class RateLimiter:
    """Counts requests in windows that begin with their first request."""

    def __init__(self, limits: Limits, statistics: Statistics) -> None:
        self._limits = limits
        self._statistics = statistics
        self._windows: dict[str, _Window] = {}

    def take(self, bucket: str, rate: tuple[int, float]) -> dict[str, str]:
        """Count a request; returns the X-RateLimit headers of its answer.

        Raises:
            ApiError: 429, with the time to wait.
        """
        allowed, _ = rate
        window = self._count(bucket, rate)
        left_s = max(0.0, window.ends_at - time.monotonic())
        headers = {
            "X-RateLimit-Limit": str(allowed),
            "X-RateLimit-Remaining": str(max(0, allowed - window.used)),
            "X-RateLimit-Reset": f"{time.time() + left_s:.3f}",
            "X-RateLimit-Reset-After": f"{math.ceil(left_s * 1000) / 1000:.3f}",
            "X-RateLimit-Bucket": bucket.partition(" ")[0],
        }
        if window.used > allowed:
            self._statistics.rate_limited[bucket.partition(" ")[0]] += 1
            raise _too_many(left_s, "user", headers)
        return headers

    def take_hidden(self, bucket: str, rate: tuple[int, float], code: int = 0) -> None:
        """Count a request against a limit that no header tells of.

        Raises:
            ApiError: 429, with the time to wait.
        """
        window = self._count(bucket, rate)
        if window.used > rate[0]:
            self._statistics.rate_limited[bucket.partition(" ")[0]] += 1
            raise _too_many(max(0.0, window.ends_at - time.monotonic()), "shared", {}, code)

    def take_global(self) -> None:
        """Count a request against the bot's global limit.

        Raises:
            ApiError: 429, with the time to wait.
        """
        window = self._count("global", self._limits.global_rate)
        if window.used > self._limits.global_rate[0]:
            self._statistics.rate_limited["global"] += 1
            left_s = max(0.0, window.ends_at - time.monotonic())
            raise _too_many(left_s, "global", {"X-RateLimit-Global": "true"})

    def _count(self, bucket: str, rate: tuple[int, float]) -> _Window:
        now = time.monotonic()
        window = self._windows.get(bucket)
        if window is None or window.ends_at <= now:
            if len(self._windows) > 10_000:
                self._windows = {key: it for key, it in self._windows.items() if it.ends_at > now}
            window = self._windows[bucket] = _Window(now + rate[1])
        window.used += 1
        return window


@dataclass(eq=False)
class RateLimited(ApiError):
    """A 429; its body has a form of its own."""

    retry_after_s: float = 0.0
    is_global: bool = False

    def body(self) -> dict[str, object]:
        """The JSON that goes out."""
        body: dict[str, object] = {
            "message": self.message,
            "retry_after": self.retry_after_s,
            "global": self.is_global,
        }
        return body | ({"code": self.code} if self.code else {})


def _too_many(left_s: float, scope: str, headers: dict[str, str], code: int = 0) -> RateLimited:
    retry_after_s = math.ceil(left_s * 1000) / 1000
    return RateLimited(
        429,
        code,
        "You are being rate limited.",
        headers={
            **headers,
            **_VIA,
            "Retry-After": str(math.ceil(left_s)),
            "X-RateLimit-Scope": scope,
        },
        retry_after_s=retry_after_s,
        is_global=scope == "global",
    )
