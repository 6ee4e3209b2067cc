"""The real bot in its own process, connected to the sandbox over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.browser_page import running_browser
from tests.end_to_end.person import Person


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    """A sandbox on a free port."""
    sandbox = SandboxServer(port=0)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def bot(server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """The bot with the tiny checkpoint, online in the sandbox, its commands in place."""
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_POLICY__AGE_RESTRICTED_CEILING": "sensitive",
    }
    async with BotProcess(server, tmp_path, settings) as process:
        yield process


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
    """The moderator, who owns the server and the bot."""
    async with Person.called("Mika", server) as person:
        yield person


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A Chromium of its own."""
    async with running_browser() as chromium:
        yield chromium
