"""The bot as a process of its own."""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Self

import aiohttp

from sandbox import SandboxServer

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 20

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.end_to_end.imported_bot"])


class BotProcess:
    """The bot, started against a sandbox with settings in its environment; its log is kept for failures.

    It is forked from a process in which everything is imported already, and from there on does what
    `python bot.py run` does. `tests/test_command_line.py` starts that command itself.
    """

    def __init__(
        self,
        server: SandboxServer,
        folder: Path,
        environment: Mapping[str, str],
        config: Path = Path("config.toml"),
    ) -> None:
        self._server = server
        self._config = config
        self._log_path = folder / "bot.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANIM4GINE_")},
            "DISCORD_TOKEN": "a-token-for-the-sandbox",
            "ANIM4GINE_DISCORD__API_BASE": server.api_base,
            "ANIM4GINE_PATHS__DATA": str(folder / "data"),
            "ANIM4GINE_LIMITS__REQUESTS_PER_MINUTE": "100",
            **environment,
        }
        self._process: ForkServerProcess | None = None

    @property
    def log(self) -> str:
        """What the bot has logged so far."""
        return self._log_path.read_text(encoding="utf-8") if self._log_path.exists() else ""

    @property
    def pid(self) -> int:
        """Number of the running process."""
        assert self._running.pid is not None
        return self._running.pid

    @property
    def returncode(self) -> int | None:
        """How it ended, None while it runs; below zero for the signal that ended it."""
        return self._running.exitcode

    async def __aenter__(self) -> Self:
        # A daemon's end isn't waited for: one that a failed test left behind ends with the tests.
        self._process = _forks.Process(
            target=_run_bot, args=(self._log_path, self._config, self.environment), daemon=True
        )
        # The first start waits for the imports.
        await asyncio.to_thread(self._process.start)
        async with aiohttp.ClientSession() as session, asyncio.timeout(START_TIMEOUT_S):
            while not await self._is_online(session):
                assert self.returncode is None, self.log
                await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.returncode is None:
            await self.end(signal.SIGTERM)

    async def end(self, by: signal.Signals) -> int | None:
        """Send a signal and wait for the process to end; returns how it ended."""
        os.kill(self.pid, by)
        await asyncio.to_thread(self._running.join, STOP_TIMEOUT_S)
        assert self.returncode is not None, f"it still runs {STOP_TIMEOUT_S} s after {by.name}: {self.log}"
        return self.returncode

    async def kill(self) -> None:
        """End it in the middle of whatever it does."""
        await self.end(signal.SIGKILL)

    async def model_is_ready(self) -> None:
        """Wait until the log says that the model is there."""
        async with asyncio.timeout(START_TIMEOUT_S):
            while "is ready on" not in self.log:
                await asyncio.sleep(0.05)

    @property
    def _running(self) -> ForkServerProcess:
        assert self._process is not None, "the bot isn't started"
        return self._process

    async def _is_online(self, session: aiohttp.ClientSession) -> bool:
        async with session.get(f"{self._server.base_url}/people/world") as response:
            world = await response.json()
        return bool(world["application"]["online"] and world["commands"])


def _run_bot(log: Path, config: Path, environment: Mapping[str, str]) -> None:
    """Be `python bot.py run` in this forked process, writing to `log`."""
    from bot import cli  # noqa: PLC0415 - it is imported in the forks, and the tests have no use for it

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(written, sys.stdout.fileno())
    os.dup2(written, sys.stderr.fileno())
    os.close(written)
    cli(["run", "--config", str(config)])
