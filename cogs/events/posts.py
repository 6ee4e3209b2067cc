"""Messages of events, each posted once: sent under a nonce that names the event and what it tells.

Discord answers a repeated nonce with the message that is there, for some minutes; after that the event's row knows it.
"""

import logging
from collections.abc import Sequence
from typing import Any

import discord

from cogs.client import DrawingBot
from cogs.error_answers import CONNECTION_ERRORS
from cogs.job_message import Attachment
from cogs.persistence import persistently

log = logging.getLogger(__name__)


async def post_once(
    bot: DrawingBot,
    channel_id: int,
    nonce: str,
    *,
    content: str = "",
    embed: discord.Embed | None = None,
    attachment: Attachment | None = None,
    view: discord.ui.View | None = None,
    mentioned: Sequence[int] = (),
) -> int | None:
    """Post a message and return its id; None where the channel is closed to the bot, which is logged.

    Raises:
        discord.HTTPException, CONNECTION_ERRORS: Discord can't be reached, or keeps failing.
    """
    channel = bot.get_partial_messageable(channel_id)
    options: dict[str, Any] = {} if view is None else {"view": view}
    if embed is not None:
        options["embed"] = embed
    users = [discord.Object(user_id) for user_id in mentioned]
    allowed = discord.AllowedMentions(users=users, everyone=False, roles=False)
    try:
        sent = await persistently(
            lambda: channel.send(
                content or None,
                files=[attachment.as_file()] if attachment else [],
                nonce=nonce,
                allowed_mentions=allowed,
                **options,
            ),
            nonce,
        )
    except (discord.Forbidden, discord.NotFound) as error:
        log.warning("Channel %d is closed to %s: %s", channel_id, nonce, error)
        return None
    return sent.id


async def change(bot: DrawingBot, channel_id: int, message_id: int | None, **parts: Any) -> None:
    """Edit a message if it can be; what it tells is told elsewhere too, so a failure is only logged."""
    if message_id is None:
        return
    message = bot.get_partial_messageable(channel_id).get_partial_message(message_id)
    try:
        await message.edit(**parts)
    except (discord.HTTPException, *CONNECTION_ERRORS) as error:
        log.info("Message %d of an event can't be edited: %r", message_id, error)
