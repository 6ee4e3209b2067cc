"""`/doctor`: whether everything is there that the bot needs here, each with what to do where it isn't."""

import asyncio
import logging
import platform
from collections.abc import Awaitable, Callable
from enum import Enum

import discord
from discord import app_commands
from discord.ext import commands
from sqlalchemy.exc import SQLAlchemyError

from cogs.client import DrawingBot
from cogs.command_sync import names_of
from cogs.error_answers import CONNECTION_ERRORS
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.permissions import missing_permissions, missing_to_report, named
from cogs.place import place_of
from cogs.plain_text import NO_MENTIONS
from cogs.standing import require_moderator
from generation.engine.engine import EngineState
from generation.version import VERSION

log = logging.getLogger(__name__)

LOW_DISK_BYTES = 2 * 10**9
"""Some thousand pictures; with less, somebody should look."""

SLOW_DATABASE_S = 0.5
"""A request waits for a few answers of the database before it is acknowledged, and Discord gives it three seconds."""


class Health(Enum):
    """How something is. The value stands before it."""

    OK = "✅"
    LOOK = "⚠️"
    BROKEN = "❌"


Finding = tuple[Health, str]


class Doctor(commands.Cog):
    """For moderators, and for those who run the bot."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    @app_commands.command()
    @app_commands.default_permissions(manage_messages=True)
    async def doctor(self, interaction: discord.Interaction) -> None:
        """See whether I have all that I need, here and at home."""
        if not await self._bot.is_owner(interaction.user):
            require_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        say = language_of(interaction.locale)
        examinations: tuple[Callable[[discord.Interaction, Language], Awaitable[Finding]], ...] = (
            self._permissions,
            self._log_channel,
            self._ceiling,
            self._commands,
            self._model,
            self._database,
            self._disk,
            self._queue,
            self._version,
        )
        findings = await asyncio.gather(*(examine(interaction, say) for examine in examinations))
        await interaction.edit_original_response(
            content="\n".join(f"{health.value} {sentence}" for health, sentence in findings),
            allowed_mentions=NO_MENTIONS,
        )

    async def _permissions(self, interaction: discord.Interaction, say: Language) -> Finding:
        if missing := missing_permissions(interaction):
            return Health.BROKEN, say(
                "Permissions: here I lack {names}. Grant it to my role under Edit Channel → Permissions.",
                names=named(missing),
            )
        return Health.OK, say("Permissions: I have what I need in this channel.")

    async def _log_channel(self, interaction: discord.Interaction, say: Language) -> Finding:
        if interaction.guild_id is None or interaction.guild is None:
            return Health.OK, say("Reports: there are none in direct messages.")
        settled = await self._parts.guilds.settings(interaction.guild_id)
        if settled.log_channel_id is None:
            return Health.LOOK, say("Reports: they go nowhere. `/settings` names a channel for them.")
        channel = interaction.guild.get_channel(settled.log_channel_id)
        told = f"<#{settled.log_channel_id}>"
        if channel is None:
            return Health.BROKEN, say(
                "Reports: {channel} is gone, or I can't see it. `/settings` names another.", channel=told
            )
        if missing := missing_to_report(channel):
            return Health.BROKEN, say(
                "Reports: in {channel} I lack {names}.", channel=told, names=named(missing)
            )
        return Health.OK, say("Reports: they go to {channel}.", channel=told)

    async def _ceiling(self, interaction: discord.Interaction, say: Language) -> Finding:
        gatekeeper, place = self._parts.service.gatekeeper, place_of(interaction)
        ceiling = await gatekeeper.ceiling(place)
        return Health.OK, say(
            "Ratings: up to `{ceiling}` here; moderators may settle up to `{highest}`.",
            ceiling=ceiling.value,
            highest=gatekeeper.highest_ceiling(place).value,
        )

    async def _commands(self, interaction: discord.Interaction, say: Language) -> Finding:
        try:
            known = await self._bot.tree.fetch_commands()
        except (discord.HTTPException, *CONNECTION_ERRORS) as error:
            log.warning("Discord can't be asked for the commands: %r", error)
            return Health.LOOK, say("Commands: Discord doesn't tell which it knows.")
        ours = names_of(self._bot.tree)
        if ours != {(command.name, command.type) for command in known}:
            return Health.BROKEN, say(
                "Commands: Discord knows others than I have. A restart brings them in step."
            )
        return Health.OK, say("Commands: Discord knows all {count}.", count=len(ours))

    async def _model(self, interaction: discord.Interaction, say: Language) -> Finding:
        service = self._parts.service
        match service.engine_state:
            case EngineState.LOADING:
                return Health.LOOK, say("Model: it is being loaded.")
            case EngineState.READY:
                able = [device.name for device in service.devices if device.state is EngineState.READY]
                health = Health.OK if len(able) == len(service.devices) else Health.LOOK
                return health, say(
                    "Model: {model}, on {device}.",
                    model=service.profile.title,
                    device=", ".join(f"`{name}`" for name in able),
                )
            case EngineState.FAILED:
                return Health.BROKEN, say(
                    "Model: it failed to load. The log has the cause; `/model retry` tries again."
                )

    async def _database(self, interaction: discord.Interaction, say: Language) -> Finding:
        try:
            health = await self._parts.health.database()
        except (SQLAlchemyError, OSError):
            log.exception("The database doesn't answer")
            return Health.BROKEN, say("Database: it doesn't answer. The log has the cause.")
        told = say(
            "Database: {kind} answers in {milliseconds} ms, its tables are {revision}.",
            kind=health.kind,
            milliseconds=f"{health.answer_s * 1000:.0f}",
            revision=health.revision,
        )
        return (Health.LOOK if health.answer_s > SLOW_DATABASE_S else Health.OK), told

    async def _disk(self, interaction: discord.Interaction, say: Language) -> Finding:
        try:
            health = await self._parts.health.disk()
        except OSError:
            log.exception("The disk of the pictures can't be looked at")
            return Health.BROKEN, say("Disk: the folder of the pictures can't be looked at.")
        free = f"{health.free_bytes / 1e9:.1f} GB"
        if health.free_bytes < LOW_DISK_BYTES:
            return Health.LOOK, say("Disk: only {free} free; pictures need room.", free=free)
        return Health.OK, say("Disk: {free} free.", free=free)

    async def _queue(self, interaction: discord.Interaction, say: Language) -> Finding:
        return Health.OK, say(
            "Queue: {running} being drawn, {waiting} waiting.",
            running=self._parts.service.running_count,
            waiting=self._parts.service.waiting_count,
        )

    async def _version(self, interaction: discord.Interaction, say: Language) -> Finding:
        return Health.OK, say(
            "Version: Anim4gine Bot {version}, discord.py {library}, Python {python}.",
            version=VERSION,
            library=discord.__version__,
            python=platform.python_version(),
        )
