"""Sending to Discord until it is taken: again after broken connections and Discord's own failures."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import discord

from cogs.error_answers import CONNECTION_ERRORS

log = logging.getLogger(__name__)

RETRY_AFTER_S = (0.5, 1, 2, 4, 8, 15, 30, 60, 60, 60)
"""Pauses between attempts to post a result: together about four minutes of an unreachable Discord."""

Sent = TypeVar("Sent")


async def persistently(send: Callable[[], Awaitable[Sent]], job_id: str) -> Sent:
    """Run `send`, and again after broken connections and Discord's own failures.

    `send` must be such that doing it twice is as good as once: an edit, or a message with its nonce.

    Raises:
        discord.HTTPException: Discord refused, or kept failing; CONNECTION_ERRORS: it stayed out of reach.
    """
    for pause_s in RETRY_AFTER_S:
        try:
            return await send()
        except (discord.DiscordServerError, *CONNECTION_ERRORS) as error:
            log.warning(
                "Discord didn't take a result (%r); again in %g s", error, pause_s, extra={"job": job_id}
            )
        except discord.HTTPException as error:
            if error.status != 429:
                raise
            log.warning("Rate-limited on a result; again in %g s", pause_s, extra={"job": job_id})
        await asyncio.sleep(pause_s)
    return await send()
