"""What to do when the device's memory runs out: fewer slots first, then the next stronger offload."""

import gc
import logging
from collections.abc import Callable
from enum import Enum

import torch

log = logging.getLogger(__name__)


class Attempt(Enum):
    """How an attempt went: through, worth another one, or hopeless."""

    DONE = "done"
    AGAIN = "again"
    HOPELESS = "hopeless"


class MemoryGuard:
    """Remembers how many samples a call may hold, and answers out-of-memory errors by lowering that.

    `offload_more` moves parts of the model out of the device's memory and says whether there was anything left
    to move. What was lowered stays: memory that ran out once would run out again.
    """

    def __init__(self, slots: int, offload_more: Callable[[], bool]) -> None:
        self.slots = slots
        self._offload_more = offload_more
        self._failures_in_a_row = 0

    def attempt(self, work: Callable[[], None], samples: int) -> Attempt:
        """Run `work`, which needs memory for `samples` samples; where it runs out, make room.

        The first failure halves the slots, a second one in a row also moves to the next stronger offload. Errors
        of other kinds pass through.
        """
        try:
            work()
        except torch.OutOfMemoryError as error:
            log.warning("Out of memory with %d pictures at once: %s", samples, error)
        else:
            self._failures_in_a_row = 0
            return Attempt.DONE
        # Outside the handler, where no traceback holds on to the failed call's tensors any more.
        free_memory()
        return Attempt.AGAIN if self._make_room(samples) else Attempt.HOPELESS

    def _make_room(self, samples: int) -> bool:
        self._failures_in_a_row += 1
        self.slots = min(self.slots, max(1, samples // 2))
        log.warning("At most %d pictures at once from now on", self.slots)
        if self._failures_in_a_row == 1:
            return True
        if self._offload_more():
            log.warning("Parts of the model wait outside the device from now on, which is slower")
            return True
        if samples > 1:
            return True
        self._failures_in_a_row = 0
        return False


def free_memory() -> None:
    """Drop what nobody holds any more, and what torch keeps for later."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
