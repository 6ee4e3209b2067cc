"""Keeping to the servers that the operator has chosen: elsewhere nothing is done, and whoever asks is told so."""

import asyncio
import logging
from collections.abc import Collection
from typing import Any

import discord

from cogs.error_answers import CONNECTION_ERRORS, answer_error
from cogs.errors import NotChosenServer

log = logging.getLogger(__name__)

_EVENT = "INTERACTION_CREATE"


def keep_to_servers(connection: Any, servers: Collection[int]) -> None:
    """Let `connection`, discord.py's state of a client, pass on interactions from these servers alone.

    Commands, completion, buttons and forms come that way, so that none has to ask by itself. Direct messages, and
    places where people brought the bot for themselves, aren't among the servers.
    """
    parse = connection.parsers[_EVENT]
    answering: set[asyncio.Task[None]] = set()

    def parse_if_chosen(event: Any) -> None:
        if event.get("guild_id") in names:
            parse(event)
            return
        task = asyncio.create_task(_refuse(discord.Interaction(data=event, state=connection)))
        answering.add(task)
        task.add_done_callback(answering.discard)

    names = {str(server_id) for server_id in servers}
    connection.parsers[_EVENT] = parse_if_chosen


async def _refuse(interaction: discord.Interaction[Any]) -> None:
    if interaction.type is not discord.InteractionType.autocomplete:
        await answer_error(interaction, NotChosenServer())
        return
    try:
        await interaction.response.autocomplete([])
    except (discord.HTTPException, *CONNECTION_ERRORS) as error:
        log.warning("Completion elsewhere could not be answered: %r", error)
