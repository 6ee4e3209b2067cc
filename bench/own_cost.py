"""What the bot itself costs: from Enter to the posted picture less the engine's time, and the event loop's lag.

    python -m bench.own_cost

The sandbox runs in a process of its own; the bot, with the practice model, runs here, so that its loop can be
watched while the engine works. One request at a time.
"""

import asyncio
import logging
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import click
from pydantic import SecretStr

from bench.machine import describe_machine
from bench.table import p95, verdict
from settings.sections import DiscordSettings, LimitSettings, ModelSettings, PathSettings
from settings.settings import Settings
from terminal.hangup import Hangup
from wiring.serving import serve

MOST_COST_MS, MOST_LAG_MS = 150.0, 50.0
PROBE_S = 0.005


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--requests", default=20, show_default=True)
@click.option("--steps", default=25, show_default=True)
@click.option("--checkpoint", type=click.Path(path_type=Path), required=True, help="A diffusers folder.")
def main(requests: int, steps: int, checkpoint: Path) -> None:
    """Measure and print."""
    click.echo(describe_machine("cpu"))
    with TemporaryDirectory() as folder:
        asyncio.run(measure(requests, steps, checkpoint, Path(folder)))


async def measure(requests: int, steps: int, checkpoint: Path, folder: Path) -> None:
    """Send the requests one after another, and print what they cost."""
    port = free_port()
    drawing = DrawingTimes()
    logging.getLogger("generation.service").addHandler(drawing)
    logging.getLogger("generation.service").setLevel(logging.INFO)
    base_url = f"http://127.0.0.1:{port}"
    settings = Settings(
        discord=DiscordSettings(api_base=f"{base_url}/api/v10"),
        model=ModelSettings(source=str(checkpoint), device="cpu"),
        limits=LimitSettings(requests_per_minute=1000),
        paths=PathSettings(data=folder),
    )
    async with running_sandbox(port) as session:
        bot = asyncio.create_task(
            serve(settings, SecretStr("a-token-for-the-sandbox"), lambda: settings, Hangup())
        )
        try:
            person = await Person.of(session)
            await person.draws(steps)  # nobody's first picture is timed: the model loads meanwhile
            drawing.seconds.clear()
            lags: list[float] = []
            lag = asyncio.create_task(measure_lag(lags))
            whole = [await person.draws(steps) for _ in range(requests)]
            lag.cancel()
        finally:
            bot.cancel()
            await asyncio.wait({bot})
    costs = tuple(1000 * (one - drawn) for one, drawn in zip(whole, drawing.seconds, strict=True))
    worst = 1000 * max(lags)
    click.echo(f"Enter to picture: {median(whole):.2f} s, of these drawing {median(drawing.seconds):.2f} s")
    click.echo(
        f"own cost: p50 {median(costs):.0f} ms, p95 {p95(costs):.0f} ms {verdict(p95(costs) < MOST_COST_MS)}"
    )
    click.echo(
        f"event loop's lag: p50 {1000 * median(lags):.1f} ms, worst {worst:.0f} ms {verdict(worst < MOST_LAG_MS)}"
    )


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def running_sandbox(port: int) -> AsyncIterator[aiohttp.ClientSession]:
    """A sandbox in a process of its own; yields a session with its page."""
    sandbox = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", str(port), stdout=asyncio.subprocess.PIPE
    )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            await _until_served(session)
            yield session
    finally:
        sandbox.terminate()
        await sandbox.wait()


class DrawingTimes(logging.Handler):
    """Collects from the log how long each job was drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take the drawing time of an ended job."""
        if (seconds := getattr(record, "drawing_s", None)) is not None:
            self.seconds.append(seconds)


class Person:
    """Types `/imagine` in the sandbox and sees, as the page does, when the picture stands in the channel."""

    def __init__(
        self, session: aiohttp.ClientSession, world: dict[str, Any], command: dict[str, Any]
    ) -> None:
        self._session = session
        self._command = command
        self._id = world["me"]["id"]
        self._channel_id = world["channels"][0]["id"]

    @classmethod
    async def of(cls, session: aiohttp.ClientSession) -> "Person":
        """Wait until the bot's commands are there, and be the first person."""
        while True:
            async with session.get("/people/world") as response:
                world = await response.json()
            for command in world["commands"]:
                if command["name"] == "imagine":
                    return cls(session, world, command)
            await asyncio.sleep(0.1)

    async def draws(self, steps: int) -> float:
        """Ask for a picture and return the seconds until it is seen."""
        options = [
            {"name": "tags", "type": 3, "value": "1girl"},
            {"name": "steps", "type": 4, "value": steps},
        ]
        data = {"id": self._command["id"], "name": "imagine", "type": 1, "options": options}
        body = {"person": self._id, "channel_id": self._channel_id, "type": 2, "data": data}
        async with self._session.ws_connect("/people/socket", params={"person": self._id}) as page:
            begin = time.perf_counter()
            async with self._session.post("/people/interactions", json=body) as response:
                message_id = (await response.json())["message"]["id"]
            async for frame in page:
                told = frame.json()["data"]
                if isinstance(told, dict) and told.get("id") == message_id and _has_picture(told):
                    return time.perf_counter() - begin
        raise ConnectionError("the sandbox closed the page's connection")


def _has_picture(message: dict[str, Any]) -> bool:
    return any(attachment["filename"].endswith(".png") for attachment in message["attachments"])


async def _until_served(session: aiohttp.ClientSession) -> None:
    while True:
        try:
            async with session.get("/people/world"):
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)


async def measure_lag(lags_s: list[float]) -> None:
    """Note for ever how much later than it should this task is woken."""
    while True:
        due = time.perf_counter() + PROBE_S
        await asyncio.sleep(PROBE_S)
        lags_s.append(time.perf_counter() - due)


if __name__ == "__main__":
    main()
