"""The sandbox by plain HTTP: as a person on the page, and as a bot without a library."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from sandbox import SandboxServer

Json = dict[str, Any]
STRING, INTEGER, BOOLEAN, NUMBER = 3, 4, 5, 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        """Discord's error code."""
        return int(self.body["code"])

    @property
    def message(self) -> Json:
        """The message that a first response made."""
        message: Json = self.body["message"]
        return message


class Door:
    """A session with one base address."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self.session = session
        self.base_url = base_url

    async def ask(self, method: str, path: str, body: object = None, **options: Any) -> Answer:
        """Send a request; its answer is parsed where it is JSON."""
        if body is not None:
            options["json"] = body
        async with self.session.request(method, self.base_url + path, **options) as response:
            is_json = response.content_type == "application/json"
            content = await response.json() if is_json else await response.read()
            return Answer(response.status, content, response.headers.copy())


class Rest(Door):
    """A bot without a library. Callbacks and webhooks need an interaction's token alone."""

    @classmethod
    @asynccontextmanager
    async def at(cls, server: SandboxServer) -> AsyncIterator[Self]:
        """Use the API of `server`."""
        async with aiohttp.ClientSession(headers={"Authorization": "Bot a-token"}) as session:
            yield cls(session, server.api_base)

    async def respond(self, interaction: Any, kind: int, data: Json | None = None, **options: Any) -> Answer:
        """Send the first response to an interaction."""
        path = f"/interactions/{interaction.id}/{interaction.token}/callback"
        body = {"type": kind} | ({"data": data} if data is not None else {})
        return await self.ask("POST", path, body, **options)

    async def follow_up(self, interaction: Any, body: Json) -> Answer:
        """Send a message with an interaction's token."""
        return await self.ask("POST", f"/webhooks/{interaction.application_id}/{interaction.token}", body)

    async def original(self, method: str, interaction: Any, body: Json | None = None) -> Answer:
        """GET, PATCH or DELETE the interaction's original message."""
        path = f"/webhooks/{interaction.application_id}/{interaction.token}/messages/@original"
        return await self.ask(method, path, body)


class Person(Door):
    """One of the sandbox's people."""

    def __init__(self, session: aiohttp.ClientSession, server: SandboxServer, name: str) -> None:
        super().__init__(session, server.base_url)
        self.server = server
        self.id = next(person.id for person in server.world.people if person.name == name)

    @classmethod
    @asynccontextmanager
    async def called(cls, name: str, server: SandboxServer) -> AsyncIterator[Self]:
        """Be the person with this name."""
        async with aiohttp.ClientSession() as session:
            yield cls(session, server, name)

    async def world(self) -> Json:
        """What this person sees of the server."""
        world: Json = (await self.ask("GET", f"/people/world?person={self.id}")).body
        return world

    async def messages(self, channel: str = "drawing") -> list[Json]:
        """What this person reads in a channel, oldest first."""
        path = f"/people/channels/{self.channel_id(channel)}/messages?person={self.id}"
        return list((await self.ask("GET", path)).body["messages"])

    def channel_id(self, name: str) -> str:
        """The channel of this name."""
        return next(it.id for it in self.server.world.channels.values() if it.name == name)

    async def use(
        self, command: str, channel: str = "drawing", *, unchecked: bool = False, **options: Any
    ) -> Answer:
        """Use a slash command; "group name" is a subcommand."""
        return await self.act(2, _typed(self.server, command, options), channel, unchecked=unchecked)

    async def type(self, command: str, focused: str, text: str, **options: Any) -> Answer:
        """Type into an option that completes itself."""
        data = _typed(self.server, command, options | {focused: text})
        next(it for it in data["options"] if it["name"] == focused)["focused"] = True
        return await self.act(4, data)

    async def choose_menu(self, command: str, target_id: str) -> Answer:
        """Use a command of the menu of a person or a message."""
        known = next(it for it in self.server.world.commands.values() if it["name"] == command)
        return await self.act(2, {"id": known["id"], "target_id": target_id})

    async def press(self, message: Json, custom_id: str, **data: Any) -> Answer:
        """Press a button, or choose `values` in a select with its `component_type`."""
        pressed = {"component_type": 2, "custom_id": custom_id} | data
        return await self.act(3, pressed, message["channel_id"], message_id=message["id"])

    async def submit(self, custom_id: str, components: list[Json]) -> Answer:
        """Send off a form."""
        return await self.act(5, {"custom_id": custom_id, "components": components})

    async def act(
        self,
        kind: int,
        data: object,
        channel: str = "drawing",
        *,
        message_id: str | None = None,
        unchecked: bool = False,
    ) -> Answer:
        """Send an interaction as the page does; `channel` is a name or an id."""
        channel_id = channel if channel in self.server.world.channels else self.channel_id(channel)
        body = {"person": self.id, "channel_id": channel_id, "type": kind, "data": data}
        if message_id is not None:
            body["message_id"] = message_id
        return await self.ask("POST", "/people/interactions" + "?unchecked=1" * unchecked, body)

    async def say(self, content: str, channel: str = "drawing") -> Answer:
        """Write a message."""
        channel_id = channel if channel in self.server.world.channels else self.channel_id(channel)
        body = {"person": self.id, "channel_id": channel_id, "content": content}
        return await self.ask("POST", "/people/messages", body)

    async def upload(self, content: bytes, name: str, kind: str) -> Answer:
        """Hold a file ready for an option."""
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name, content_type=kind)
        return await self.ask("POST", f"/people/attachments?person={self.id}", data=form)


def _typed(server: SandboxServer, command: str, options: Json) -> Json:
    name, *below = command.split()
    known = next(it for it in server.world.commands.values() if it["name"] == name)
    typed = [
        {"name": it, "type": _type_of(known, it, value), "value": value} for it, value in options.items()
    ]
    for subcommand in reversed(below):
        typed = [{"name": subcommand, "type": 1, "options": typed}]
    return {"id": known["id"], "name": name, "type": 1, "options": typed}


def _type_of(command: Json, option: str, value: object) -> int:
    for known in command["options"]:
        if known["name"] == option:
            return int(known["type"])
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    return NUMBER if isinstance(value, float) else STRING


async def eventually(is_true: Callable[[], object]) -> None:
    """Wait until this holds, since it follows from something that nobody waits for."""
    async with asyncio.timeout(20):
        while not is_true():
            await asyncio.sleep(0.01)
