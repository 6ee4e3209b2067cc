"""Routes of the guild's scheduled events."""

from sandbox.errors import missing_permissions, unknown_guild, unknown_scheduled_event
from sandbox.permissions import Permission
from sandbox.rest.routing import Call, Router
from sandbox.scheduled_events import change, end_what_is_over, schedule
from sandbox.world import Json, is_running


def add_routes(router: Router) -> None:
    """Register them."""
    path = "/guilds/{guild_id}/scheduled-events"
    router.add("GET", path, _list)
    router.add("POST", path, _create)
    router.add("GET", path + "/{event_id}", _get)
    router.add("PATCH", path + "/{event_id}", _edit)
    router.add("DELETE", path + "/{event_id}", _delete)


async def _list(call: Call) -> list[Json]:
    _begin(call)
    return [it for it in call.discord.world.scheduled_events.values() if is_running(it)]


async def _create(call: Call) -> Json:
    _begin(call)
    _require(call, Permission.CREATE_EVENTS)
    event = schedule(call.discord.world, call.body.json)
    _tell(call, "CREATE", event)
    return event


async def _get(call: Call) -> Json:
    _begin(call)
    return _found(call)


async def _edit(call: Call) -> Json:
    _begin(call)
    event = _found(call)
    _require_own(call, event)
    change(event, call.body.json)
    _tell(call, "UPDATE", event)
    return event


async def _delete(call: Call) -> None:
    _begin(call)
    event = _found(call)
    _require_own(call, event)
    del call.discord.world.scheduled_events[event["id"]]
    _tell(call, "DELETE", event)


def _begin(call: Call) -> None:
    """Before anything is answered, let end what has ended."""
    if call["guild_id"] != call.discord.world.guild_id:
        raise unknown_guild()
    for event in end_what_is_over(call.discord.world):
        _tell(call, "UPDATE", event)


def _found(call: Call) -> Json:
    event = call.discord.world.scheduled_events.get(call["event_id"])
    if event is None:
        raise unknown_scheduled_event()
    return event


def _require_own(call: Call, event: Json) -> None:
    """Its own events a bot may change with one permission, others' with another (topics/permissions)."""
    is_own = event["creator_id"] == call.discord.world.application_id
    _require(call, Permission.MANAGE_EVENTS | (Permission.CREATE_EVENTS if is_own else Permission(0)))


def _require(call: Call, any_of: Permission) -> None:
    if not call.discord.world.bot_guild_permissions & (any_of | Permission.MANAGE_EVENTS):
        raise missing_permissions()


def _tell(call: Call, what: str, event: Json) -> None:
    call.discord.gateway.dispatch(f"GUILD_SCHEDULED_EVENT_{what}", dict(event))
    call.discord.residents.show_world()
