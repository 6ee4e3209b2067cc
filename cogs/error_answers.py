"""The one place where an exception in a command or component becomes a sentence for the person."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord
from discord import app_commands

from cogs.errors import (
    CogError,
    CommandChanged,
    DatabaseOutOfReach,
    ModeratorsOnly,
    NotYours,
    OperatorsOnly,
)
from cogs.language import language_of
from cogs.plain_text import NO_MENTIONS
from cogs.refusals import apology, refusal
from generation.errors import GenerationError, NotTheAsker
from storage.database import DatabaseAway

log = logging.getLogger(__name__)

CONNECTION_ERRORS = (aiohttp.ClientError, TimeoutError, OSError)
"""Broken connections to Discord; discord.py passes them on and they are no `discord.HTTPException`."""

_NOT_THEIRS = (ModeratorsOnly, OperatorsOnly, NotYours, NotTheAsker)
"""Refusals that an operator may want to know of, because Discord shows such commands and buttons to few."""

ALREADY_ANSWERED = 40060
"""Discord's code for an interaction that has been acknowledged, be it by an attempt of ours that seemed to fail."""


async def answer_error(interaction: discord.Interaction, error: Exception) -> None:
    """Tell the asker alone what went wrong; what isn't their doing is logged with the interaction's id."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original if isinstance(error.original, Exception) else error
    say = language_of(interaction.locale)
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        log.warning("A command is out of step with Discord: %s", error)
        error = CommandChanged()
    if isinstance(error, DatabaseAway):
        log.warning("Interaction %d has to do without the database: %s", interaction.id, error)
        error = DatabaseOutOfReach()
    if isinstance(error, _NOT_THEIRS):
        log.info(
            "Interaction %d by %d is refused: %s", interaction.id, interaction.user.id, type(error).__name__
        )
    if isinstance(error, GenerationError | CogError):
        sentence = refusal(say, error)
    else:
        log.error("Interaction %d failed", interaction.id, exc_info=error)
        sentence = apology(say, str(interaction.id))
    try:
        await answer_privately(interaction, sentence)
    except (discord.HTTPException, *CONNECTION_ERRORS):
        log.warning("Interaction %d could not be told of its error", interaction.id, exc_info=True)


async def answer_privately(interaction: discord.Interaction, sentence: str) -> None:
    """Show `sentence` to the asker alone, whether or not the interaction was deferred for all to see.

    A deferred message can't become private, and the first follow-up would take its place; so it goes first.
    """
    if not interaction.response.is_done():
        try:
            await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                raise
            if not (await interaction.original_response()).flags.loading:
                return  # the sentence is there: only the answer of our first attempt was lost
            await interaction.delete_original_response()
        else:
            return
    elif interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        await interaction.delete_original_response()
    await interaction.followup.send(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)


@asynccontextmanager
async def answering_errors(interaction: discord.Interaction) -> AsyncIterator[None]:
    """Answer what the block raises; for components, which the command tree's error handler doesn't see."""
    try:
        yield
    except Exception as error:  # the border to discord.py, where everything is answered and logged
        await answer_error(interaction, error)
