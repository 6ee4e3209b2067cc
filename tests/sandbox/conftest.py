"""A sandbox on a free port, people in it, and a real discord.py client connected to it."""

from collections.abc import AsyncIterator

import pytest

from sandbox import Limits, SandboxServer
from tests.sandbox.client import Bot, Listener, online, point_at
from tests.sandbox.doors import Person, Rest


@pytest.fixture
def limits() -> Limits:
    """Discord's numbers; a test file overrides this to make time pass faster."""
    return Limits()


@pytest.fixture
async def server(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SandboxServer]:
    """A sandbox that discord.py takes for Discord."""
    sandbox = SandboxServer(port=0, limits=limits)
    await sandbox.start()
    point_at(sandbox, monkeypatch)
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def bot(server: SandboxServer) -> AsyncIterator[Bot]:
    """A bot without commands; a test adds its own and syncs them."""
    async with online(Bot()) as client:
        yield client


@pytest.fixture
async def listener(server: SandboxServer, rest: Rest) -> AsyncIterator[Listener]:
    """A bot with the command /draw, which leaves it to the test to answer."""
    command = {"name": "draw", "type": 1, "description": "Draw"}
    path = f"/applications/{server.world.application_id}/commands"
    assert (await rest.ask("PUT", path, [command])).status == 200
    async with online(Listener()) as client:
        yield client


@pytest.fixture
async def rest(server: SandboxServer) -> AsyncIterator[Rest]:
    """The API by plain HTTP."""
    async with Rest.at(server) as door:
        yield door


@pytest.fixture
async def aoi(server: SandboxServer) -> AsyncIterator[Person]:
    """A member."""
    async with Person.called("Aoi", server) as person:
        yield person


@pytest.fixture
async def ren(server: SandboxServer) -> AsyncIterator[Person]:
    """Another member."""
    async with Person.called("Ren", server) as person:
        yield person


@pytest.fixture
async def mika(server: SandboxServer) -> AsyncIterator[Person]:
    """The moderator."""
    async with Person.called("Mika", server) as person:
        yield person
