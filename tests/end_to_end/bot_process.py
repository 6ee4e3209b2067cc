"""`python bot.py run` as a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import aiohttp

from sandbox import SandboxServer

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 120


class BotProcess:
    """The bot, started against a sandbox with settings in its environment; its log is kept for failures."""

    def __init__(self, server: SandboxServer, folder: Path, environment: Mapping[str, str]) -> None:
        self._server = server
        self._log_path = folder / "bot.log"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANIM4GINE_")},
            "DISCORD_TOKEN": "a-token-for-the-sandbox",
            "ANIM4GINE_DISCORD__API_BASE": server.api_base,
            "ANIM4GINE_PATHS__DATA": str(folder / "data"),
            "ANIM4GINE_LIMITS__REQUESTS_PER_MINUTE": "100",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """What the bot has logged so far."""
        return self._log_path.read_text(encoding="utf-8")

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The running process."""
        assert self._process is not None, "the bot isn't started"
        return self._process

    async def __aenter__(self) -> Self:
        with self._log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "bot.py", "run", "--config", "no-such-file.toml",
                cwd=ROOT, env=self._environment, stdout=log, stderr=log,
            )  # fmt: skip
        async with aiohttp.ClientSession() as session, asyncio.timeout(START_TIMEOUT_S):
            while not await self._is_online(session):
                assert self.process.returncode is None, self.log
                await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(self.process.wait(), 20)

    async def model_is_ready(self) -> None:
        """Wait until the log says that the model is there."""
        async with asyncio.timeout(START_TIMEOUT_S):
            while "is ready on" not in self.log:
                await asyncio.sleep(0.05)

    async def _is_online(self, session: aiohttp.ClientSession) -> bool:
        async with session.get(f"{self._server.base_url}/people/world") as response:
            world = await response.json()
        return bool(world["application"]["online"] and world["commands"])
