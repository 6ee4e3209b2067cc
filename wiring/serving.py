"""The running bot: database, web server, upkeep and signals around the Discord client."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from generation.service import GenerationService
from generation.tag_dictionary import load_dictionary
from settings.errors import SettingsError
from settings.settings import Settings
from settings.tokens import read_watch_token
from storage.database import Database
from storage.picture_files import PictureFiles
from storage.upkeep import Upkeep
from terminal.hangup import Hangup
from terminal.tag_import import IMPORTED_TAGS
from wiring.assembly import build_bot
from wiring.client import Anim4gineBot
from wiring.discord_address import point_discord_at
from wiring.reload import reloading_on_hangup

log = logging.getLogger("anim4gine")


async def serve(
    settings: Settings, token: SecretStr, read_again: Callable[[], Settings], hangup: Hangup
) -> None:
    """Run the bot until it is cancelled; `hangup` has it reload its settings by `read_again`.

    Raises:
        UnusableClassifier: the output check that the settings ask for can't look at pictures.
        ModelUnavailable: the device is gone for this process; jobs go on when it is started again.
    """
    await point_discord_at(settings.discord.api_base)
    classifier = settings.policy.rating_classifier
    if classifier is not None:
        await asyncio.to_thread(classifier.load)
    database = Database(settings.database_url)
    files = PictureFiles(settings.paths.data / "images")
    dictionary = load_dictionary(settings.paths.data / IMPORTED_TAGS)
    bot = build_bot(settings, database, files, dictionary, classifier, read_again)
    try:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(bot)
            # The model takes the longest of all, so it begins while the database and Discord are waited for.
            bot.parts.service.start()
            await database.start()
            stack.enter_context(reloading_on_hangup(hangup, bot.reloader.reload))
            await stack.enter_async_context(bot.watch.measuring())
            await stack.enter_async_context(tidied(bot.upkeep))
            if settings.watch.port:
                await stack.enter_async_context(served_watch(bot, settings))
            await until_device_is_gone(bot.start(token.get_secret_value()), bot.parts.service)
    finally:
        await database.stop()


async def until_device_is_gone(running: Coroutine[Any, Any, None], service: GenerationService) -> None:
    """Let the client run, unless the device is gone for this process meanwhile.

    Raises:
        ModelUnavailable: it is gone; the client was cancelled.
    """
    client = asyncio.create_task(running, name="client")
    gone = asyncio.create_task(service.until_device_is_gone(), name="watch the device")
    try:
        await asyncio.wait({client, gone}, return_when=asyncio.FIRST_COMPLETED)
        if client.done():
            await client
            return
    finally:
        for task in (client, gone):
            task.cancel()
        await asyncio.gather(client, gone, return_exceptions=True)
    failure = gone.result()
    log.error("The bot ends, since only a new process can draw again; its jobs go on then: %s", failure.cause)
    raise failure


@asynccontextmanager
async def tidied(upkeep: Upkeep) -> AsyncIterator[None]:
    """Have what is old cleared away while the bot runs."""
    task = asyncio.create_task(upkeep.run(), name="upkeep")
    try:
        yield
    finally:
        task.cancel()
        # Else it would be called off once more, with its connection half closed, and that may hang for ever.
        await asyncio.wait({task})


@asynccontextmanager
async def served_watch(bot: Anim4gineBot, settings: Settings) -> AsyncIterator[None]:
    """Serve health, metrics and the status page while the bot runs.

    Raises:
        SettingsError: the token's file can't be read, or the port is taken.
    """
    token = read_watch_token(settings, os.environ)
    host, port = settings.watch.host, settings.watch.port
    async with AsyncExitStack() as stack:
        # Around the start alone: a connection to Discord that breaks while the bot runs is an OSError too.
        try:
            server = await stack.enter_async_context(bot.watch.served(host, port, token, bot.readiness))
        except OSError as error:
            raise SettingsError(f"watch.port = {port}: can't be listened on: {error.strerror}") from None
        log.info("Health and metrics are at %s", server.base_url)
        yield
