"""The objects that an interaction's options, selects and targets name by id, as Discord sends them along."""

from collections.abc import Iterator
from typing import Any, TypeVar

from sandbox import objects
from sandbox.attachments import Attachments
from sandbox.commands import ATTACHMENT, CHANNEL, MENTIONABLE, ROLE, USER, leaves
from sandbox.residents import is_visible, shown
from sandbox.world import Channel, Json, Person, World

Found = TypeVar("Found")

_SELECTED = {5: USER, 6: ROLE, 7: MENTIONABLE, 8: CHANNEL, 19: ATTACHMENT}
"""What the values of a component name, by its type: user, role, mentionable, channel select, file upload."""


class Unresolved(Exception):
    """An id names nothing."""


def resolved(world: World, attachments: Attachments, channel: Channel, person: Person, data: Json) -> Json:
    """The `resolved` part of an interaction's data.

    Raises:
        Unresolved: an id names nothing; the message is a sentence for the person.
    """
    found: dict[str, dict[str, Any]] = {}
    for kind, value in _named(data):
        if kind in (USER, MENTIONABLE) and (member := _member(world, value)):
            found.setdefault("users", {})[value] = member.pop("user")
            found.setdefault("members", {})[value] = member
        elif kind in (ROLE, MENTIONABLE):
            roles = {role["id"]: role for role in objects.roles(world)}
            found.setdefault("roles", {})[value] = _known(roles.get(value), "role")
        elif kind == CHANNEL:
            named = _known(world.channels.get(value), "channel")
            described = objects.channel(world, named) | {"permissions": str(int(person.permissions))}
            found.setdefault("channels", {})[value] = described
        elif kind == ATTACHMENT:
            found.setdefault("attachments", {})[value] = _known(attachments.find(value), "file")
        else:
            raise Unresolved("There is no such person.")
    target_id = data.get("target_id")
    if target_id is None:
        return found
    message = channel.messages.get(target_id)
    if message is not None and is_visible(message, person.id):
        found["messages"] = {target_id: shown(message)}
    elif member := _member(world, target_id):
        found["users"] = {target_id: member.pop("user")}
        found["members"] = {target_id: member}
    else:
        raise Unresolved("This is gone.")
    return found


def _named(data: Json) -> Iterator[tuple[int, str]]:
    """Pairs of an option type and an id."""
    kinds = (USER, CHANNEL, ROLE, MENTIONABLE, ATTACHMENT)
    for option in leaves(data.get("options") or []):
        if option["type"] in kinds and not option.get("focused"):
            yield option["type"], option["value"]
    selected = _SELECTED.get(data.get("component_type") or data.get("type") or 0)
    if selected is not None:
        yield from ((selected, value) for value in data.get("values") or [])
    for component in data.get("components") or []:
        yield from _named(component)
    if data.get("component"):
        yield from _named(data["component"])


def _member(world: World, user_id: str) -> Json | None:
    if user_id == world.application_id:
        return objects.bot_member(world) | {"permissions": "0"}
    try:
        return objects.member(world, world.person(user_id))
    except KeyError:
        return None


def _known(found: Found | None, what: str) -> Found:
    if found is None:
        raise Unresolved(f"There is no such {what}.")
    return found
