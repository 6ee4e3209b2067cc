"""A real discord.py client that is connected to the sandbox over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from sandbox import SandboxServer

WAIT_S = 60
AnyClient = TypeVar("AnyClient", bound=discord.Client)


class Bot(discord.Client):
    """A client with a command tree, which keeps what went wrong in its commands."""

    def __init__(self, **options: Any) -> None:
        intents = options.pop("intents", discord.Intents.default())
        super().__init__(intents=intents, guild_ready_timeout=0.05, **options)
        self.tree = app_commands.CommandTree(self)
        self.errors: list[BaseException] = []
        self.tree.error(self._note)

    async def _note(
        self, _interaction: discord.Interaction[Any], error: app_commands.AppCommandError
    ) -> None:
        self.errors.append(getattr(error, "original", error))

    async def error(self) -> BaseException:
        """Wait for a command's first error."""
        async with asyncio.timeout(WAIT_S):
            while not self.errors:
                await asyncio.sleep(0.01)
        return self.errors[0]

    @property
    def drawing(self) -> discord.TextChannel:
        """The channel #drawing."""
        return self.text_channel("drawing")

    def text_channel(self, name: str) -> discord.TextChannel:
        """The text channel with this name."""
        return next(it for it in self.guilds[0].text_channels if it.name == name)


class Listener(discord.Client):
    """A client that answers nothing, and hands each interaction to the test."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.05)
        self.interactions: asyncio.Queue[discord.Interaction[Any]] = asyncio.Queue()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Note it."""
        await self.interactions.put(interaction)

    async def next_interaction(self) -> discord.Interaction[Any]:
        """The next interaction that comes in."""
        return await asyncio.wait_for(self.interactions.get(), WAIT_S)


def point_at(server: SandboxServer, monkeypatch: Any) -> None:
    """Let discord.py take the sandbox for Discord until the test ends."""
    monkeypatch.setattr(Route, "BASE", server.api_base)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway.url))


@asynccontextmanager
async def online(client: AnyClient) -> AsyncIterator[AnyClient]:
    """Connect `client` and wait until it is ready; at the end, close it."""
    running = asyncio.create_task(client.start("a-token"))
    try:
        ready = asyncio.create_task(_ready(client))
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=WAIT_S)
        assert client.is_ready(), running
        yield client
    finally:
        await client.close()
        await running


async def _ready(client: discord.Client) -> None:
    while not client.is_ready():  # `wait_until_ready` may not be asked before the login
        await asyncio.sleep(0.005)
