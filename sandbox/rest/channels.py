"""Routes of channels: messages by the bot, threads, direct messages, typing."""

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
    too_long,
    unknown_message,
)
from sandbox.permissions import Permission
from sandbox.residents import shown
from sandbox.rest.routing import Call, Router
from sandbox.snowflakes import created_at_s
from sandbox.world import EPHEMERAL, PUBLIC_THREAD, TEXT, Channel, Json

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
    router.add("POST", messages + "/{message_id}/threads", _thread)
    router.add("POST", "/channels/{channel_id}/threads", _thread)
    router.add("POST", "/channels/{channel_id}/typing", _typing)
    router.add("POST", "/users/@me/channels", _direct_channel)


def _send_bucket(request: web.Request, discord: Discord) -> tuple[str, tuple[int, float]]:
    return f"channel-send {request.match_info['channel_id']}", discord.limits.channel_message_rate


def _edit_bucket(request: web.Request, discord: Discord) -> tuple[str, tuple[int, float]]:
    return f"channel-edit {request.match_info['channel_id']}", discord.limits.channel_message_rate


async def _channel(call: Call) -> Json:
    _require(call.discord, call.channel, Permission.VIEW_CHANNEL)
    return objects.channel(call.discord.world, call.channel)


async def _messages(call: Call) -> list[Json]:
    _require(call.discord, call.channel, Permission.READ_MESSAGE_HISTORY)
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
    _require(discord, channel, needed)
    payload = call.body.json
    author = objects.bot_user(discord.world)
    async with channel.sending:  # a repeated request may come while the first one's files are being kept
        if payload.get("enforce_nonce") and (repeated := _same_nonce(channel, payload.get("nonce"))):
            return shown(repeated)
        extra = _reply(channel, payload)
        return shown(await discord.messages.post(channel, author, call.body, **extra))


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
    return shown(_found(call))


async def _edit(call: Call) -> Json:
    message = _own(call)
    if time.time() - created_at_s(message["id"]) > call.discord.limits.old_message_age_s:
        bucket = f"old-edits {call.channel.id}"
        call.discord.rate_limiter.take_hidden(bucket, call.discord.limits.old_edit_rate, code=30046)
    return shown(await call.discord.messages.edit(message, call.body))


async def _delete(call: Call) -> None:
    message = _found(call)
    if message["author"]["id"] != call.discord.world.application_id:
        _require(call.discord, call.channel, Permission.MANAGE_MESSAGES)
    call.discord.messages.delete(message)


async def _thread(call: Call) -> Json:
    world, parent = call.discord.world, call.channel
    _require(call.discord, parent, Permission.CREATE_PUBLIC_THREADS)
    if parent.type != TEXT:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    name = call.body.json.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise too_long("name", 100)
    message_id = call.get("message_id")
    if message_id is not None:
        _found(call)
    if message_id in world.channels:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    thread = Channel(message_id or world.snowflakes.next(), name, PUBLIC_THREAD, parent_id=parent.id)
    world.channels[thread.id] = thread
    created = objects.channel(world, thread)
    call.discord.gateway.dispatch("THREAD_CREATE", created | {"newly_created": True})
    call.discord.residents.show_world()
    return created


async def _typing(call: Call) -> None:
    _require(call.discord, call.channel, Permission.SEND_MESSAGES)


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


def _found(call: Call) -> Json:
    message = call.channel.messages.get(call["message_id"])
    if message is None or message["flags"] & EPHEMERAL:
        raise unknown_message()
    return message


def _own(call: Call) -> Json:
    message = _found(call)
    if message["author"]["id"] != call.discord.world.application_id:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    return message


def _require(discord: Discord, channel: Channel, permission: Permission) -> None:
    granted = discord.world.bot_permissions(channel)
    if not granted & Permission.VIEW_CHANNEL:
        raise missing_access()
    if not granted & permission:
        raise missing_permissions()
