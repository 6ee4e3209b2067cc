"""Patience with whoever remembers jobs: what can't be asked now is asked again, until there is an answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from typing import TypeVar

log = logging.getLogger(__name__)

PAUSES_S = (0.2, 1.0, 3.0, 10.0)
"""Between two attempts; the last one stays."""

Answer = TypeVar("Answer")


async def until_answered(
    ask: Callable[[], Awaitable[Answer]], job_id: str, *, passing: type[Exception] | tuple[()] = ()
) -> Answer:
    """Await `ask` until it answers, or raises what is `passing`: an answer too, if not the one hoped for.

    However long an outage lasts, nothing that was accepted may be lost to it, so nothing but a cancel ends this.
    """
    for pause_s in chain(PAUSES_S, repeat(PAUSES_S[-1])):
        try:
            return await ask()
        except passing:
            raise
        except Exception as error:  # each store has errors of its own for being away
            log.warning("The store can't be asked: %r; again in %g s", error, pause_s, extra={"job": job_id})
        await asyncio.sleep(pause_s)
    raise AssertionError("the pauses have no end")
