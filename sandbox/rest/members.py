"""Routes of the guild's members and roles."""

from sandbox import objects
from sandbox.errors import missing_permissions, unknown_guild, unknown_member, unknown_role
from sandbox.permissions import Permission
from sandbox.rest.routing import Call, Router
from sandbox.world import Json, Person, Role


def add_routes(router: Router) -> None:
    """Register them."""
    router.add("GET", "/guilds/{guild_id}/roles", _roles)
    router.add("GET", "/guilds/{guild_id}/members/{user_id}", _member)
    role = "/guilds/{guild_id}/members/{user_id}/roles/{role_id}"
    router.add("PUT", role, _give)
    router.add("DELETE", role, _take)


async def _roles(call: Call) -> list[Json]:
    _require_guild(call)
    return objects.roles(call.discord.world)


async def _member(call: Call) -> Json:
    world = call.discord.world
    _require_guild(call)
    if call["user_id"] == world.application_id:
        return objects.bot_member(world)
    return objects.member(world, _person(call))


async def _give(call: Call) -> None:
    person, role = _person(call), _role_to_manage(call)
    if role.id not in person.role_ids:
        person.role_ids.append(role.id)
        _tell(call, person)


async def _take(call: Call) -> None:
    person, role = _person(call), _role_to_manage(call)
    if role.id in person.role_ids:
        person.role_ids.remove(role.id)
        _tell(call, person)


def _person(call: Call) -> Person:
    _require_guild(call)
    try:
        return call.discord.world.person(call["user_id"])
    except KeyError:
        raise unknown_member() from None


def _role_to_manage(call: Call) -> Role:
    """The role, if the bot may give and take it: it needs the permission, and a higher role of its own."""
    world = call.discord.world
    if call["role_id"] == world.guild_id:
        raise missing_permissions()  # everyone has @everyone
    try:
        role = world.role(call["role_id"])
    except KeyError:
        raise unknown_role() from None
    is_outranked = role.position >= world.bot_role.position or role.is_managed
    if is_outranked or not world.bot_guild_permissions & Permission.MANAGE_ROLES:
        raise missing_permissions()
    return role


def _tell(call: Call, person: Person) -> None:
    world = call.discord.world
    changed = objects.member(world, person) | {"guild_id": world.guild_id}
    call.discord.gateway.dispatch("GUILD_MEMBER_UPDATE", changed)
    call.discord.residents.show_world()


def _require_guild(call: Call) -> None:
    if call["guild_id"] != call.discord.world.guild_id:
        raise unknown_guild()
