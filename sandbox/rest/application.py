"""Routes of the application, its user, its guild, and the way to the gateway."""

from typing import Any

from sandbox import objects
from sandbox.commands import register, replace_all
from sandbox.errors import ApiError, unknown_guild
from sandbox.rest.routing import Call, Router
from sandbox.world import Json


def add_routes(router: Router) -> None:
    """Register them."""
    router.add("GET", "/gateway", _gateway, needs_token=False)
    router.add("GET", "/gateway/bot", _gateway_for_bot)
    router.add("GET", "/users/@me", _own_user)
    router.add("GET", "/users/{user_id}", _user)
    router.add("GET", "/oauth2/applications/@me", _application)
    router.add("GET", "/applications/@me", _application)
    router.add("GET", "/guilds/{guild_id}", _guild)
    router.add("GET", "/guilds/{guild_id}/channels", _channels)
    for scope in ("", "/guilds/{guild_id}"):
        path = "/applications/{application_id}" + scope + "/commands"
        router.add("GET", path, _commands)
        router.add("PUT", path, _replace_commands, takes=list)
        router.add("POST", path, _add_command)
        router.add("GET", path + "/{command_id}", _command)
        router.add("PATCH", path + "/{command_id}", _edit_command)
        router.add("DELETE", path + "/{command_id}", _delete_command)


async def _gateway(call: Call) -> Json:
    return {"url": call.discord.gateway.url}


async def _gateway_for_bot(call: Call) -> Json:
    starts = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    shards = call.discord.limits.recommended_shards
    return {"url": call.discord.gateway.url, "shards": shards, "session_start_limit": starts}


async def _own_user(call: Call) -> Json:
    return objects.bot_user(call.discord.world)


async def _user(call: Call) -> Json:
    if call["user_id"] == call.discord.world.application_id:
        return objects.bot_user(call.discord.world)
    try:
        return objects.user(call.discord.world.person(call["user_id"]))
    except KeyError:
        raise ApiError(404, 10013, "Unknown User") from None


async def _application(call: Call) -> Json:
    return objects.application(call.discord.world)


async def _guild(call: Call) -> Json:
    if call["guild_id"] != call.discord.world.guild_id:
        raise unknown_guild()
    return objects.guild(call.discord.world)


async def _channels(call: Call) -> list[Json]:
    world = call.discord.world
    return [objects.channel(world, it) for it in world.channels.values() if it.recipient_id is None]


async def _commands(call: Call) -> list[Json]:
    guild_id = call.get("guild_id")
    return [it for it in call.discord.world.commands.values() if it.get("guild_id") == guild_id]


async def _replace_commands(call: Call) -> list[Json]:
    commands = replace_all(call.discord.world, call.body.json, call.get("guild_id"))
    call.discord.residents.show_world()
    return commands


async def _add_command(call: Call) -> Json:
    command = register(call.discord.world, call.body.json, call.get("guild_id"))
    call.discord.residents.show_world()
    return command


async def _command(call: Call) -> Json:
    return _known_command(call)


async def _edit_command(call: Call) -> Json:
    known = _known_command(call)
    changed = register(call.discord.world, {**known, **call.body.json}, known.get("guild_id"), known)
    call.discord.residents.show_world()
    return changed


async def _delete_command(call: Call) -> None:
    del call.discord.world.commands[_known_command(call)["id"]]
    call.discord.residents.show_world()


def _known_command(call: Call) -> dict[str, Any]:
    command = call.discord.world.commands.get(call["command_id"])
    if command is None:
        raise ApiError(404, 10063, "Unknown application command")
    return command
