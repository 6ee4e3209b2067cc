"""Routes of threads: begun in a text channel, or as a forum's posts; changed, joined and left."""

from sandbox import objects
from sandbox.bodies import Body
from sandbox.checks import malformed_is_refused
from sandbox.errors import (
    ApiError,
    invalid_form,
    too_long,
    unknown_guild,
    unknown_member,
)
from sandbox.limits import AUTO_ARCHIVE_MINUTES, THREAD_NAME_LENGTH
from sandbox.permissions import Permission
from sandbox.residents import shown
from sandbox.rest.channels import found_message, require
from sandbox.rest.routing import Call, Router
from sandbox.world import FORUM, PUBLIC_THREAD, TEXT, Channel, Json


def add_routes(router: Router) -> None:
    """Register them."""
    router.add("POST", "/channels/{channel_id}/messages/{message_id}/threads", _begin)
    router.add("POST", "/channels/{channel_id}/threads", _begin)
    router.add("GET", "/guilds/{guild_id}/threads/active", _active)
    router.add("PATCH", "/channels/{channel_id}", _edit)
    router.add("PUT", "/channels/{channel_id}/thread-members/{user_id}", _join)
    router.add("DELETE", "/channels/{channel_id}/thread-members/{user_id}", _leave)


async def _begin(call: Call) -> Json:
    parent = call.channel
    if parent.type == FORUM and call.get("message_id") is None:
        return await _post_in_forum(call, parent)
    require(call.discord, parent, Permission.CREATE_PUBLIC_THREADS)
    if parent.type != TEXT:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    name = _checked_name(call.body.json)
    message_id = call.get("message_id")
    if message_id is not None:
        found_message(call)
    if message_id in call.discord.world.channels:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    return _open(call, Channel(message_id or call.discord.world.snowflakes.next(), name, PUBLIC_THREAD))


async def _active(call: Call) -> Json:
    """The guild's threads that aren't archived, the newest first, and in which of them the bot is."""
    world = call.discord.world
    if call["guild_id"] != world.guild_id:
        raise unknown_guild()
    threads = [it for it in world.channels.values() if it.type == PUBLIC_THREAD and not it.is_archived]
    threads.sort(key=lambda it: int(it.id), reverse=True)
    shown_threads = [objects.channel(world, it) for it in threads]
    return {
        "threads": shown_threads,
        "members": [it["member"] for it in shown_threads if "member" in it],
    }


async def _post_in_forum(call: Call, forum: Channel) -> Json:
    """A post is a thread whose first message has the thread's id."""
    discord = call.discord
    require(discord, forum, Permission.SEND_MESSAGES)
    name, message = _checked_name(call.body.json), call.body.json.get("message")
    if not isinstance(message, dict):
        raise invalid_form("message", "BASE_TYPE_REQUIRED", "This field is required")
    body = Body(message, call.body.files)
    author = objects.bot_user(discord.world)
    discord.messages.check_new(forum, author, body)
    thread = Channel(discord.world.snowflakes.next(), name, PUBLIC_THREAD)
    created = _open(call, thread)
    try:
        first = await discord.messages.post(thread, author, body, id=thread.id)
    except ApiError:
        del discord.world.channels[thread.id]
        gone = {key: created[key] for key in ("id", "guild_id", "parent_id", "type")}
        discord.gateway.dispatch("THREAD_DELETE", gone)
        discord.residents.show_world()
        raise
    return created | {"message": shown(first)}


def _open(call: Call, thread: Channel) -> Json:
    """Let a thread of the bot's exist below the path's channel."""
    world = call.discord.world
    thread.parent_id = call.channel.id
    thread.member_ids.append(world.application_id)
    world.channels[thread.id] = thread
    created = objects.channel(world, thread)
    call.discord.gateway.dispatch("THREAD_CREATE", created | {"newly_created": True})
    call.discord.residents.show_world()
    return created


@malformed_is_refused("body")
def _checked_name(payload: Json) -> str:
    name = payload.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= THREAD_NAME_LENGTH:
        raise too_long("name", THREAD_NAME_LENGTH)
    if payload.get("auto_archive_duration") not in (None, *AUTO_ARCHIVE_MINUTES):
        raise invalid_form(
            "auto_archive_duration", "BASE_TYPE_CHOICES", f"One of {AUTO_ARCHIVE_MINUTES} is needed."
        )
    return name


async def _edit(call: Call) -> Json:
    """Of what a bot may change in channels, the name of its threads, and whether they are archived or locked."""
    discord, thread, payload = call.discord, call.channel, call.body.json
    if thread.type != PUBLIC_THREAD:
        require(discord, thread, Permission.MANAGE_CHANNELS)
        raise ApiError(501, 0, "The sandbox changes no channels but threads")
    # The sandbox's threads are all the bot's own: only locking them needs more than that.
    needed = Permission.MANAGE_THREADS if "locked" in payload else Permission.SEND_MESSAGES_IN_THREADS
    require(discord, thread, needed)
    if "name" in payload:
        thread.name = _checked_name(payload)
    thread.is_archived = bool(payload.get("archived", thread.is_archived))
    thread.is_locked = bool(payload.get("locked", thread.is_locked))
    changed = objects.channel(discord.world, thread)
    discord.gateway.dispatch("THREAD_UPDATE", changed)
    discord.residents.show_world()
    return changed


async def _join(call: Call) -> None:
    member_id = _member_id(call)
    if member_id not in call.channel.member_ids:
        call.channel.member_ids.append(member_id)


async def _leave(call: Call) -> None:
    member_id = _member_id(call)
    if member_id != call.discord.world.application_id:
        require(call.discord, call.channel, Permission.MANAGE_THREADS)
    if member_id in call.channel.member_ids:
        call.channel.member_ids.remove(member_id)


def _member_id(call: Call) -> str:
    world, user_id = call.discord.world, call["user_id"]
    require(call.discord, call.channel, Permission.SEND_MESSAGES_IN_THREADS)
    if call.channel.type != PUBLIC_THREAD:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    if call.channel.is_archived:
        raise ApiError(400, 50083, "Thread is archived")
    if user_id in ("@me", world.application_id):
        return world.application_id
    if user_id not in [person.id for person in world.people]:
        raise unknown_member()
    return user_id
