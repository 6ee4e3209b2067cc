"""`/reload`: operators have the settings read again while the bot runs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.discord_limits import CONTENT_LENGTH
from cogs.language import Language, language_of
from cogs.plain_text import NO_MENTIONS, code_block
from cogs.standing import require_operator

LIST_LENGTH = 700
"""Two lists and the sentences around them fit into a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadReport:
    """What reading the settings again brought: a line for each that holds now, and for each that waits for a start."""

    holds: Sequence[str]
    waits: Sequence[str]
    loads_model: bool


class Reload(commands.Cog):
    """Hidden from members, and open to the application's owners alone."""

    def __init__(self, bot: DrawingBot, reload: Callable[[], Awaitable[ReloadReport]]) -> None:
        self._bot = bot
        self._reload = reload

    @app_commands.command()
    @app_commands.default_permissions(manage_guild=True)
    async def reload(self, interaction: discord.Interaction) -> None:
        """Read my settings again; what waits in line stays there."""
        await require_operator(self._bot, interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        report = await self._reload()
        await interaction.edit_original_response(
            content=_told(language_of(interaction.locale), report), allowed_mentions=NO_MENTIONS
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
    return "\n".join(told)[:CONTENT_LENGTH]


def _listed(lines: Sequence[str]) -> str:
    return code_block("\n".join(lines), LIST_LENGTH)
