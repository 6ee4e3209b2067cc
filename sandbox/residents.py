"""The people's WebSockets: what each person on the page sees change."""

import asyncio
import json

from aiohttp import web

from sandbox import objects
from sandbox.outbox import Outbox
from sandbox.permissions import Permission
from sandbox.world import DIRECT, EPHEMERAL, Channel, Json, Person, World, is_running


class Residents:
    """Open pages, by person."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._pages: dict[web.WebSocketResponse, tuple[str, Outbox]] = {}
        self.is_bot_online = False

    async def handle(self, request: web.Request, person: Person) -> web.WebSocketResponse:
        """Serve one page until it goes."""
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        outbox = Outbox(socket, request)
        self._pages[socket] = person.id, outbox
        try:
            _push(outbox, "WORLD_UPDATE", self.view(person))
            async for _ in socket:
                pass  # pages only listen here
        finally:
            del self._pages[socket]
            await outbox.close()
        return socket

    def show(self, event: str, message: Json, channel: Channel) -> None:
        """Push a message's change to everybody who may see it."""
        for person_id, outbox in self._pages.values():
            if channel.is_visible_to(person_id) and is_visible(message, person_id):
                _push(outbox, event, shown(message))

    def show_world(self) -> None:
        """Push channels, commands and the bot's presence to everybody."""
        for person_id, outbox in self._pages.values():
            _push(outbox, "WORLD_UPDATE", self.view(self._world.person(person_id)))

    async def close(self) -> None:
        """End all pages' connections, and wait a second at most for their goodbyes."""
        goodbyes = [asyncio.wait_for(socket.close(code=1001), 1) for socket in self._pages]
        await asyncio.gather(*goodbyes, return_exceptions=True)

    def view(self, person: Person) -> Json:
        """The server as `person` sees it."""
        world = self._world
        return {
            "guild": {"id": world.guild_id, "name": world.guild_name},
            "me": _summary(person, world),
            "people": [_summary(it, world) for it in world.people],
            "application": {
                "id": world.application_id,
                "name": world.application_name,
                "online": self.is_bot_online,
            },
            "channels": [
                {
                    "id": it.id,
                    "name": world.application_name if it.type == DIRECT else it.name,
                    "type": it.type,
                    "parent_id": it.parent_id,
                    "nsfw": world.is_nsfw(it),
                    "topic": it.topic,
                    "archived": it.is_archived,
                }
                for it in world.channels.values()
                if it.is_visible_to(person.id)
            ],
            "roles": [{"id": it.id, "name": it.name, "color": it.colour} for it in world.roles],
            "scheduled_events": [it for it in world.scheduled_events.values() if is_running(it)],
            "commands": [command for command in world.commands.values() if may_use(person, command)],
            "bot_user": objects.bot_user(world),
        }


def may_use(person: Person, command: Json) -> bool:
    """Whether Discord would show `command` to `person`: by its default member permissions."""
    needed = command.get("default_member_permissions")
    if needed is None:
        return True
    granted = person.permissions
    return bool(granted & Permission.ADMINISTRATOR) or int(needed) & ~int(granted) == 0 < int(needed)


def is_visible(message: Json, person_id: str) -> bool:
    """Ephemeral messages are visible to the one they answer."""
    return not message["flags"] & EPHEMERAL or message["sandbox_only_for"] == person_id


def shown(message: Json) -> Json:
    """A message without the sandbox's own notes."""
    return {key: value for key, value in message.items() if not key.startswith("sandbox_")}


def _summary(person: Person, world: World) -> Json:
    roles = [world.role(it).name.lower() for it in world.roles_of(person)]
    return {"id": person.id, "name": person.name, "color": person.colour, "roles": roles}


def _push(outbox: Outbox, event: str, data: Json) -> None:
    outbox.put(json.dumps({"event": event, "data": data}))
