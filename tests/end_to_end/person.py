"""A person in the sandbox: types commands, presses buttons, reads messages; through the page's own API."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

import aiohttp

from sandbox import SandboxServer

Message = dict[str, Any]
WAIT_S = 120
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER, ATTACHMENT = 3, 4, 5, 6, 7, 8, 10, 11


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
        **options: "str | float | bool | Upload | Person | Named",
    ) -> dict[str, Any]:
        """Type a slash command and return what the bot's first answer was. "model retry" is a subcommand."""
        data = await self._typed(command, options)
        return await self._interact(channel, 2, data, unchecked=unchecked)

    async def typed(self, command: str, **options: "str | float | bool | Person") -> dict[str, Any]:
        """What Discord's program would send for a slash command."""
        return await self._typed(command, options)

    async def forges(self, data: dict[str, Any], channel: str = "drawing") -> dict[str, Any]:
        """Send a command that Discord would not have let this person send."""
        return await self._interact(channel, 2, data, unchecked=True)

    async def is_offered(
        self, command: str, option: str, typed: str, channel: str = "drawing"
    ) -> list[dict[str, Any]]:
        """Begin to type an option and return the choices that are offered."""
        data = await self._typed(command, {option: typed})
        options = data["options"][0]["options"] if " " in command else data["options"]
        options[0]["focused"] = True
        return list((await self._interact(channel, 4, data))["choices"])

    async def chooses_from_menu_of(
        self, message: Message, command: str, channel: str = "drawing"
    ) -> dict[str, Any]:
        """Use one of the bot's commands in the menu of a message."""
        known = next(entry for entry in (await self.world())["commands"] if entry["name"] == command)
        data = {"id": known["id"], "name": command, "type": 3, "target_id": message["id"]}
        return await self._interact(channel, 2, data)

    async def press(self, message: Message, label: str) -> dict[str, Any]:
        """Press the button with this label, as `message` showed it; it may be gone by now."""
        buttons = [button for row in message["components"] for button in row["components"]]
        button = next(button for button in buttons if button.get("label") == label)
        return await self._use_component(message, {"component_type": 2, "custom_id": button["custom_id"]})

    async def choose(self, message: Message, custom_id: str, label: str) -> dict[str, Any]:
        """Choose an option of the menu whose custom_id begins so."""
        menus = [menu for row in message["components"] for menu in row["components"]]
        menu = next(menu for menu in menus if menu["custom_id"].startswith(custom_id))
        value = next(option["value"] for option in menu["options"] if label in option["label"])
        data = {"component_type": 3, "custom_id": menu["custom_id"], "values": [value]}
        return await self._use_component(message, data)

    async def forges_choice(self, message: Message, custom_id: str, value: str) -> dict[str, Any]:
        """Choose in a menu what it doesn't offer."""
        data = {"component_type": 3, "custom_id": custom_id, "values": [value]}
        return await self._use_component(message, data)

    async def choose_channel(self, message: Message, custom_id: str, channel: str) -> dict[str, Any]:
        """Choose a channel in a menu of channels."""
        data = {"component_type": 8, "custom_id": custom_id, "values": [await self.channel_id(channel)]}
        return await self._use_component(message, data)

    async def choose_role(self, message: Message, custom_id: str, role_id: str) -> dict[str, Any]:
        """Choose a role in a menu of roles."""
        data = {"component_type": 6, "custom_id": custom_id, "values": [role_id]}
        return await self._use_component(message, data)

    async def submit(self, form: dict[str, Any], channel: str = "drawing", **changed: str) -> dict[str, Any]:
        """Send a form that was opened, its fields as they were but for `changed`."""
        rows = []
        for label in form["components"]:
            field = label["component"]
            custom_id = field["custom_id"]
            sent: dict[str, Any] = {"type": field["type"], "custom_id": custom_id, "id": 1}
            if field["type"] == 3:
                chosen = [option["value"] for option in field["options"] if option.get("default")]
                sent["values"] = [changed.get(custom_id, chosen[0])]
            else:
                sent["value"] = changed.get(custom_id, field.get("value") or "")
            rows.append({"type": 18, "id": 1, "component": sent})
        data = {"custom_id": form["custom_id"], "components": rows}
        return await self._interact(channel, 5, data)

    async def uploads(self, content: bytes, name: str = "picture.png", kind: str = "image/png") -> "Upload":
        """Upload a file, to be the value of an option."""
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name, content_type=kind)
        url = f"{self._base_url}/people/attachments?person={self.id}"
        async with self._session.post(url, data=form) as response:
            return Upload((await response.json())["id"])

    async def _typed(self, command: str, options: "dict[str, Any]") -> dict[str, Any]:
        name, _, subcommand = command.partition(" ")
        known = next(entry for entry in (await self.world())["commands"] if entry["name"] == name)
        typed: list[dict[str, Any]] = [
            {"name": option, "type": _option_type(value), "value": getattr(value, "id", value)}
            for option, value in options.items()
        ]
        if subcommand:
            typed = [{"name": subcommand, "type": 1, "options": typed}]
        return {"id": known["id"], "name": name, "type": 1, "options": typed}

    async def _use_component(self, message: Message, data: dict[str, Any]) -> dict[str, Any]:
        body = {
            "person": self.id,
            "channel_id": message["channel_id"],
            "message_id": message["id"],
            "type": 3,
            "data": data,
        }
        return await self._post("/people/interactions?unchecked=1", body)

    async def _interact(
        self, channel: str, kind: int, data: dict[str, Any], *, unchecked: bool = False
    ) -> dict[str, Any]:
        body = {"person": self.id, "channel_id": await self.channel_id(channel), "type": kind, "data": data}
        return await self._post("/people/interactions" + "?unchecked=1" * unchecked, body)

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
        """Wait until the message that answered a command holds its pictures, and not only a first look at one."""
        message_id = of["message"]["id"]
        return await self.waits_for(
            lambda it: (
                it["id"] == message_id
                and bool(it["attachments"])
                and it["attachments"][0]["filename"] != "preview.webp"
            ),
            channel,
        )

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


@dataclass(frozen=True)
class Upload:
    """A file that was uploaded for an option."""

    id: str


@dataclass(frozen=True)
class Named:
    """A role or a channel, as the value of an option."""

    id: str
    option_type: int

    @classmethod
    def role(cls, server: SandboxServer, name: str) -> "Named":
        """The role with this name."""
        return cls(next(role.id for role in server.world.roles if role.name == name), ROLE)

    @classmethod
    def channel(cls, server: SandboxServer, name: str) -> "Named":
        """The channel with this name."""
        return cls(next(it.id for it in server.world.channels.values() if it.name == name), CHANNEL)


def _option_type(value: object) -> int:
    if isinstance(value, Named):
        return value.option_type
    if isinstance(value, Upload):
        return ATTACHMENT
    if isinstance(value, Person):
        return USER
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    return NUMBER if isinstance(value, float) else STRING
