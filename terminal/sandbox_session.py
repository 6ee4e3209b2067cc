"""`sandbox`: the stand-in for Discord and the bot in it, started and stopped together."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import click
from pydantic import SecretStr

from sandbox import SandboxServer
from sandbox.resident import draw_first_picture
from settings.settings import Settings

SANDBOX_TOKEN = SecretStr("sandbox")


async def run_sandbox(
    settings: Settings,
    port: int,
    serve: Callable[[Settings, SecretStr, Callable[[], Settings]], Coroutine[Any, Any, None]],
    read_again: Callable[[], Settings],
) -> None:
    """Serve the chat page on `port` (0 picks a free one) with the bot connected, until cancelled.

    A resident of the sandbox draws one picture, so that the page is never empty. `read_again` reads the settings anew.

    Raises:
        OSError: the port is taken.
    """
    server = SandboxServer(port=port)
    await server.start()
    try:
        click.echo(f"The page:           {server.base_url}/")
        here = settings.discord.model_copy(update={"api_base": server.api_base})
        # The world of a sandbox ends with it, so what an earlier one left in the ledger has nowhere to go.
        ledger = settings.paths.data / "sandbox" / "jobs.db"
        for file in (ledger, ledger.with_name("jobs.db-wal"), ledger.with_name("jobs.db-shm")):
            file.unlink(missing_ok=True)
        database = settings.database.model_copy(update={"url": f"sqlite+aiosqlite:///{ledger}"})

        def in_sandbox(settings: Settings) -> Settings:
            return settings.model_copy(update={"discord": here, "database": database})

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_draw_first_picture(settings, server.base_url))
            tasks.create_task(serve(in_sandbox(settings), SANDBOX_TOKEN, lambda: in_sandbox(read_again())))
    finally:
        await server.stop()


async def _draw_first_picture(settings: Settings, base_url: str) -> None:
    picture = await draw_first_picture(base_url)
    path = settings.paths.data / "sandbox" / "first-picture.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    click.echo(f"The first picture:  {path}")
