"""`/reload`: operators have the settings read again while the bot runs."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import discord
from discord import app_commands
from discord.ext import commands
from sqlalchemy.exc import SQLAlchemyError

from cogs.client import DrawingBot
from cogs.discord_limits import CONTENT_LENGTH
from cogs.language import Language, language_of
from cogs.plain_text import NO_MENTIONS, code_block
from cogs.standing import require_operator

log = logging.getLogger(__name__)

LIST_LENGTH = 700
"""Two lists and the sentences around them fit into a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadReport:
    """What reading the settings again brought: a line for each that holds now, and for each that waits for a start."""

    holds: Sequence[str]
    waits: Sequence[str]
    loads_model: bool


class Reload(commands.Cog):
    """Hidden from members, and open to the application's owners alone.

    `ask_others` has the bot's other processes do the same soon, and raises SQLAlchemyError or OSError where the
    database is away; None where there are no others.
    """

    def __init__(
        self,
        bot: DrawingBot,
        reload: Callable[[], Awaitable[ReloadReport]],
        ask_others: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self._bot = bot
        self._reload = reload
        self._ask_others = ask_others

    @app_commands.command()
    @app_commands.default_permissions(manage_guild=True)
    async def reload(self, interaction: discord.Interaction) -> None:
        """Read my settings again; what waits in line stays there."""
        await require_operator(self._bot, interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        report = await self._reload()
        say = language_of(interaction.locale)
        told = _told(say, report)
        if self._ask_others is not None:
            told = f"{told}\n{await _of_others(say, self._ask_others)}"
        await interaction.edit_original_response(content=told[:CONTENT_LENGTH], allowed_mentions=NO_MENTIONS)


async def _of_others(say: Language, ask_others: Callable[[], Awaitable[None]]) -> str:
    try:
        await ask_others()
    except (SQLAlchemyError, OSError):
        log.warning("The other processes could not be asked to reload", exc_info=True)
        return say(
            "This was one of my processes. The others couldn't be asked, because the database doesn't answer; please "
            "reload once more."
        )
    return say(
        "This was one of my processes. The others read their own settings within some seconds, and their logs say "
        "what came of it."
    )


def _told(say: Language, report: ReloadReport) -> str:
    if not report.holds and not report.waits:
        return say("I've read my settings again: nothing has changed.")
    told = []
    if report.holds:
        told += [say("I've read my settings again. These hold now:"), _listed(report.holds)]
    if report.loads_model:
        told.append(say("For this I'm loading the model anew; what waits in line stays there."))
    if report.waits:
        told += [say("These wait for my next start:"), _listed(report.waits)]
    return "\n".join(told)


def _listed(lines: Sequence[str]) -> str:
    return code_block("\n".join(lines), LIST_LENGTH)
