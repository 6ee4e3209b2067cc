"""SIGHUP, by which operators ask a running bot to read its settings again; any other program would be ended by it."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Hangup:
    """Takes SIGHUP, from `take` on to the end of the program; for the main thread. Windows has no such signal.

    What comes while nobody listens is remembered, as one, until somebody does.
    """

    def __init__(self) -> None:
        self._has_come = False
        self._listener: Callable[[], object] | None = None

    def take(self) -> None:
        """From now on the program outlives it; one that was held back while it started counts."""
        if sys.platform != "win32":
            signal.signal(signal.SIGHUP, lambda *_: self._come())
            # It may reach any thread, and libraries of the engine don't expect that it interrupts their calls.
            signal.siginterrupt(signal.SIGHUP, False)
            let_hangups_through()

    @contextmanager
    def heard_by(self, listener: Callable[[], object]) -> Iterator[None]:
        """Call `listener` when it comes, between any two statements of this thread; at once if it has come before."""
        self._listener = listener
        if self._has_come:
            self._come()
        try:
            yield
        finally:
            self._listener = None

    def _come(self) -> None:
        self._has_come = self._listener is None
        if self._listener is not None:
            self._listener()


def hold_hangups_back() -> None:
    """Have SIGHUP wait until somebody takes it, or lets it through."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


def let_hangups_through() -> None:
    """Have SIGHUP do what it does to any program, or what was settled for it."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
