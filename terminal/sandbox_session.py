"""`sandbox`: the stand-in for Discord and the bot in it, started and stopped together."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from sandbox import SandboxServer
from sandbox.resident import draw_first_picture
from settings.settings import Settings
from terminal.tag_import import IMPORTED_TAGS

SANDBOX_TOKEN = SecretStr("sandbox")

LEDGER = "jobs.db"


class PageUnavailable(Exception):
    """The chat page can't be served. The message says why, such as a port that is taken."""


async def run_sandbox(
    settings: Settings,
    port: int,
    serve: Callable[[Settings, SecretStr, Callable[[], Settings]], Coroutine[Any, Any, None]],
    read_again: Callable[[], Settings],
) -> None:
    """Serve the chat page on `port` (0 picks a free one) with the bot connected, until cancelled.

    A resident of the sandbox draws one picture, so that the page is never empty. `read_again` reads the settings anew.

    Raises:
        PageUnavailable: the port is taken.
        Exception: whatever ends the bot ends the sandbox too.
    """
    server = SandboxServer(port=port)
    try:
        await server.start()
    except OSError as error:
        raise PageUnavailable(error.strerror) from error
    try:
        click.echo(f"The page:           {server.base_url}/")
        here = settings.discord.model_copy(update={"api_base": server.api_base})
        folder = settings.paths.data / "sandbox"
        await asyncio.to_thread(_prepare, folder, settings.paths.data / IMPORTED_TAGS)
        # Everything in a folder of its own: a bot may use the other, and its pictures are kept by its own ledger.
        paths = settings.paths.model_copy(update={"data": folder})
        database = settings.database.model_copy(update={"url": f"sqlite+aiosqlite:///{folder / LEDGER}"})

        def in_sandbox(settings: Settings) -> Settings:
            return settings.model_copy(update={"discord": here, "database": database, "paths": paths})

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_draw_first_picture(server.base_url, folder / "first-picture.png"))
            tasks.create_task(serve(in_sandbox(settings), SANDBOX_TOKEN, lambda: in_sandbox(read_again())))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    finally:
        await server.stop()


def _prepare(folder: Path, imported_tags: Path) -> None:
    """Make the sandbox's own folder, with the tags that were imported for the bot.

    The world of a sandbox ends with it, so what an earlier one left in its ledger and drew has nowhere to go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "images", ignore_errors=True)
    own_tags = folder / IMPORTED_TAGS
    own_tags.unlink(missing_ok=True)
    if imported_tags.exists():
        shutil.copy(imported_tags, own_tags)


async def _draw_first_picture(base_url: str, path: Path) -> None:
    await asyncio.to_thread(path.write_bytes, await draw_first_picture(base_url))
    click.echo(f"The first picture:  {path}")
