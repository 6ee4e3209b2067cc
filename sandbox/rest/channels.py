"""Routes of channels: messages by the bot, direct messages, typing."""

import time

from aiohttp import web

from sandbox import objects
from sandbox.checks import malformed_is_refused
from sandbox.context import Discord
from sandbox.errors import (
    ApiError,
    invalid_form,
    missing_access,
    missing_permissions,
    unknown_message,
)
from sandbox.permissions import Permission
from sandbox.residents import shown
from sandbox.rest.routing import Call, Router
from sandbox.snowflakes import created_at_s
from sandbox.world import EPHEMERAL, FORUM, PUBLIC_THREAD, Channel, Json

REPLY = 19
"""Message type of a reply (message resource)."""

REPEAT_WINDOW_S = 120.0
"""How long `enforce_nonce` remembers ("in the past few minutes", message resource)."""


def add_routes(router: Router) -> None:
    """Register them."""
    messages = "/channels/{channel_id}/messages"
    router.add("GET", "/channels/{channel_id}", _channel)
    router.add("GET", messages, _messages)
    router.add("POST", messages, _post, bucket=_send_bucket)
    router.add("GET", messages + "/{message_id}", _message)
    router.add("PATCH", messages + "/{message_id}", _edit, bucket=_edit_bucket)
    router.add("DELETE", messages + "/{message_id}", _delete)
    router.add("POST", "/channels/{channel_id}/typing", _typing)
    router.add("POST", "/users/@me/channels", _direct_channel)


def _send_bucket(request: web.Request, discord: Discord) -> tuple[str, tuple[int, float]]:
    return f"channel-send {request.match_info['channel_id']}", discord.limits.channel_message_rate


def _edit_bucket(request: web.Request, discord: Discord) -> tuple[str, tuple[int, float]]:
    return f"channel-edit {request.match_info['channel_id']}", discord.limits.channel_message_rate


async def _channel(call: Call) -> Json:
    require(call.discord, call.channel, Permission.VIEW_CHANNEL)
    return objects.channel(call.discord.world, call.channel)


async def _messages(call: Call) -> list[Json]:
    require(call.discord, call.channel, Permission.READ_MESSAGE_HISTORY)
    with malformed_is_refused("limit"):
        limit = int(call.query.get("limit", "50"))
        before, after = int(call.query.get("before", "0")), int(call.query.get("after", "0"))
    if not 1 <= limit <= 100:
        raise invalid_form("limit", "NUMBER_TYPE_MAX", "Must be 1 to 100.")
    visible = [it for it in call.channel.messages.values() if not it["flags"] & EPHEMERAL]
    if before:
        visible = [it for it in visible if int(it["id"]) < before]
    if after:
        visible = [it for it in visible if int(it["id"]) > after][:limit]
    return [shown(it) for it in reversed(visible[-limit:])]


async def _post(call: Call) -> Json:
    discord, channel = call.discord, call.channel
    is_thread = channel.type == PUBLIC_THREAD
    needed = Permission.SEND_MESSAGES_IN_THREADS if is_thread else Permission.SEND_MESSAGES
    require(discord, channel, needed)
    if channel.type == FORUM:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    if channel.is_archived:
        _reopen(discord, channel)
    payload = call.body.json
    author = objects.bot_user(discord.world)
    async with channel.sending:  # a repeated request may come while the first one's files are being kept
        if payload.get("enforce_nonce") and (repeated := _same_nonce(channel, payload.get("nonce"))):
            return shown(repeated)
        extra = _reply(channel, payload)
        return shown(await discord.messages.post(channel, author, call.body, **extra))


def _reopen(discord: Discord, thread: Channel) -> None:
    """A message brings an archived thread back; a locked one stays as it is but for moderators."""
    if thread.is_locked:
        require(discord, thread, Permission.MANAGE_THREADS)
    thread.is_archived = False
    discord.gateway.dispatch("THREAD_UPDATE", objects.channel(discord.world, thread))
    discord.residents.show_world()


@malformed_is_refused("message_reference")
def _reply(channel: Channel, payload: Json) -> Json:
    """The fields that make a message a reply."""
    reference = payload.get("message_reference")
    if not reference:
        return {}
    replied_to = channel.messages.get(str(reference.get("message_id")))
    if replied_to is None or replied_to["flags"] & EPHEMERAL:
        if reference.get("fail_if_not_exists", True):
            raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return {}
    shown_reply = {key: value for key, value in shown(replied_to).items() if key != "referenced_message"}
    return {
        "type": REPLY,
        "message_reference": {"type": 0, "channel_id": channel.id, "message_id": replied_to["id"]},
        "referenced_message": shown_reply,
    }


async def _message(call: Call) -> Json:
    return shown(found_message(call))


async def _edit(call: Call) -> Json:
    message = _own(call)
    if time.time() - created_at_s(message["id"]) > call.discord.limits.old_message_age_s:
        bucket = f"old-edits {call.channel.id}"
        call.discord.rate_limiter.take_hidden(bucket, call.discord.limits.old_edit_rate, code=30046)
    return shown(await call.discord.messages.edit(message, call.body))


async def _delete(call: Call) -> None:
    message = found_message(call)
    if message["author"]["id"] != call.discord.world.application_id:
        require(call.discord, call.channel, Permission.MANAGE_MESSAGES)
    call.discord.messages.delete(message)


async def _typing(call: Call) -> None:
    require(call.discord, call.channel, Permission.SEND_MESSAGES)


async def _direct_channel(call: Call) -> Json:
    world = call.discord.world
    try:
        person = world.person(str(call.body.json.get("recipient_id")))
    except KeyError:
        raise ApiError(400, 50033, "Invalid Recipient(s)") from None
    channel = world.direct_channel(person)
    call.discord.residents.show_world()
    return objects.channel(world, channel)


def _same_nonce(channel: Channel, nonce: object) -> Json | None:
    now = time.time()
    for message in reversed(channel.messages.values()):
        if now - created_at_s(message["id"]) > REPEAT_WINDOW_S:
            return None
        if nonce is not None and message.get("nonce") == nonce:
            return message
    return None


def found_message(call: Call) -> Json:
    """The message that the path names, as far as everybody sees it.

    Raises:
        ApiError: there is none.
    """
    message = call.channel.messages.get(call["message_id"])
    if message is None or message["flags"] & EPHEMERAL:
        raise unknown_message()
    return message


def _own(call: Call) -> Json:
    message = found_message(call)
    if message["author"]["id"] != call.discord.world.application_id:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    return message


def require(discord: Discord, channel: Channel, permission: Permission) -> None:
    """Let go on only if the bot has a permission in a channel.

    Raises:
        ApiError: it lacks it, or doesn't even see the channel.
    """
    granted = discord.world.bot_permissions(channel)
    if not granted & Permission.VIEW_CHANNEL:
        raise missing_access()
    if not granted & permission:
        raise missing_permissions()
