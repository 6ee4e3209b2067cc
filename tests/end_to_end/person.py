"""A person in the sandbox: types commands, presses buttons, reads messages; through the page's own API."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

from sandbox import SandboxServer

Message = dict[str, Any]
WAIT_S = 60
STRING, INTEGER, BOOLEAN, NUMBER = 3, 4, 5, 10


class Person:
    """Acts as one of the sandbox's people."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, person: dict[str, Any]) -> None:
        self._session = session
        self._base_url = base_url
        self.id: str = person["id"]
        self.name: str = person["name"]

    @classmethod
    @asynccontextmanager
    async def called(cls, name: str, server: SandboxServer) -> AsyncIterator[Self]:
        """Be the person with this name."""
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{server.base_url}/people/world") as response:
                people = (await response.json())["people"]
            yield cls(session, server.base_url, next(person for person in people if person["name"] == name))

    async def world(self) -> dict[str, Any]:
        """What this person sees of the server."""
        return await self._get("/people/world")

    async def channel_id(self, name: str) -> str:
        """The channel with this name."""
        channels = (await self.world())["channels"]
        return str(next(channel["id"] for channel in channels if channel["name"] == name))

    async def use(
        self,
        command: str,
        channel: str = "drawing",
        *,
        unchecked: bool = False,
        **options: str | float | bool,
    ) -> dict[str, Any]:
        """Type a slash command and return what the bot's first answer was. "model retry" is a subcommand."""
        name, _, subcommand = command.partition(" ")
        known = next(entry for entry in (await self.world())["commands"] if entry["name"] == name)
        typed: list[dict[str, Any]] = [
            {"name": option, "type": _option_type(value), "value": value} for option, value in options.items()
        ]
        if subcommand:
            typed = [{"name": subcommand, "type": 1, "options": typed}]
        body = {
            "person": self.id,
            "channel_id": await self.channel_id(channel),
            "type": 2,
            "data": {"id": known["id"], "name": name, "type": 1, "options": typed},
        }
        return await self._post("/people/interactions" + "?unchecked=1" * unchecked, body)

    async def press(self, message: Message, label: str) -> dict[str, Any]:
        """Press the button with this label, as `message` showed it; it may be gone by now."""
        buttons = [button for row in message["components"] for button in row["components"]]
        button = next(button for button in buttons if button["label"] == label)
        body = {
            "person": self.id,
            "channel_id": message["channel_id"],
            "message_id": message["id"],
            "type": 3,
            "data": {"component_type": 2, "custom_id": button["custom_id"]},
        }
        return await self._post("/people/interactions?unchecked=1", body)

    async def messages(self, channel: str = "drawing") -> list[Message]:
        """All messages that this person sees there, oldest first."""
        answer = await self._get(f"/people/channels/{await self.channel_id(channel)}/messages")
        return list(answer["messages"])

    async def waits_for(self, what: Callable[[Message], bool], channel: str = "drawing") -> Message:
        """Wait until some message of the channel is as `what` says."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for message in await self.messages(channel):
                    if what(message):
                        return message
                await asyncio.sleep(0.05)

    async def waits_for_picture(self, of: dict[str, Any], channel: str = "drawing") -> Message:
        """Wait until the message that answered a command holds its pictures."""
        message_id = of["message"]["id"]
        return await self.waits_for(lambda it: it["id"] == message_id and bool(it["attachments"]), channel)

    async def download(self, attachment: dict[str, Any]) -> bytes:
        """Fetch a file of a message."""
        async with self._session.get(attachment["url"]) as response:
            assert response.status == 200
            return await response.read()

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._session.get(self._base_url + path, params={"person": self.id}) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(self._base_url + path, json=body) as response:
            answer: dict[str, Any] = await response.json()
            assert response.status == 200, answer
            return answer


def _option_type(value: str | float | bool) -> int:
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    return NUMBER if isinstance(value, float) else STRING
