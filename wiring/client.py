"""The Discord client: which cogs it has, and what it does between login and leaving."""

import logging
from pathlib import Path
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from sqlalchemy.exc import SQLAlchemyError

from cogs.about import About
from cogs.client import DrawingBot
from cogs.command_sync import sync_commands
from cogs.compare import Compare
from cogs.delivery import Delivery
from cogs.desk import Desk
from cogs.doctor import Doctor
from cogs.drawing import Drawing
from cogs.error_answers import answer_error
from cogs.events.battles import Battles
from cogs.events.contest_desk import ContestDesk
from cogs.events.contest_host import ContestHost
from cogs.events.contest_moderation import ContestModeration
from cogs.events.contests import Contests
from cogs.events.deadline_watch import DeadlineWatch
from cogs.events.desks import EventDesks
from cogs.events.guessing import Guessing
from cogs.events.guessing_stages import GuessingStages
from cogs.events.leaderboard import Leaderboards, Seasons
from cogs.events.referee import Referee
from cogs.events.tournaments import Tournaments
from cogs.events.voting_booth import VotingBooth
from cogs.history import History
from cogs.imagine import Imagine
from cogs.language import CommandTranslator
from cogs.lease_watch import LeaseWatch
from cogs.model import Model
from cogs.moderation import Moderation as ModeratorsDesk
from cogs.parts import Parts
from cogs.personal import Defaults, OwnLists
from cogs.picture_actions import PictureActions
from cogs.pictures import Pictures
from cogs.plain_text import NO_MENTIONS
from cogs.policy import Policy
from cogs.presets import Presets
from cogs.privacy import Privacy
from cogs.reload import Reload
from cogs.reload_watch import ReloadWatch
from cogs.remix import Remix
from cogs.reports import Reports
from cogs.server_settings import ServerSettings
from cogs.status import Status
from cogs.strays import Strays
from cogs.tags import Surprise, Tags
from generation.engine.engine import EngineState
from settings.sections import DiscordSettings
from storage.reloads import Reloads
from storage.turns import Turns
from storage.upkeep import Upkeep
from watch.watch import Watch
from wiring.reload import Reloader

log = logging.getLogger("anim4gine")

DELIVERY_TIMEOUT_S = 5
"""How long a shutdown waits for the last messages to be edited."""


class Anim4gineBot(DrawingBot):
    """The Discord client: loads the cogs, syncs the commands, turns errors into sentences."""

    def __init__(
        self,
        parts: Parts,
        watch: Watch,
        commands_told: Path,
        upkeep: Upkeep,
        reloader: Reloader,
        reloads: Reloads,
        settings: DiscordSettings,
        turns: Turns,
    ) -> None:
        # Slash commands and components need no privileged intent, and of the others only this one.
        intents = discord.Intents(guilds=True)
        # Voice is nothing that a drawing bot needs; without this discord.py warns of it at every start.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents,
            servers=settings.servers,
            allowed_mentions=NO_MENTIONS,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            http_trace=watch.rest_trace.config(),
            shard_count=None if settings.shard_count == "auto" else settings.shard_count,
            shard_ids=None if settings.shards is None else list(settings.shards),
        )
        self._is_one_of_several = settings.is_one_of_several
        self._has_first_shard = settings.shards is None or 0 in settings.shards
        self._turns = turns
        self.parts = parts
        self.watch = watch
        self.upkeep = upkeep
        self.reloader = reloader
        self.reload_watch = ReloadWatch(reloads, reloader.reload)
        self._commands_told = commands_told
        self.desk = Desk(self, parts)
        self.delivery = Delivery(self, parts.service, parts.clock, self.desk)
        self.drawing = Drawing(parts, self.delivery)
        self.event_desks = EventDesks()
        self.contest_desk = ContestDesk(parts, self.drawing, self.event_desks)
        self.contest_host = ContestHost(self, parts)
        self.voting_booth = VotingBooth(parts, self.contest_host.pictures)
        self.picture_actions = PictureActions(parts, self.drawing, self.event_desks)
        self.deadline_handlers = {}
        self.enter_handlers = []
        # Known before what was left is brought: else a restart would tell a game's tags.
        guessing_stages = GuessingStages(self, parts)
        self.bearers = (guessing_stages.bring,)
        self.deadline_handlers.update(guessing_stages.handlers)
        self.deadline_watch = DeadlineWatch(parts.deadlines, self.deadline_handlers, parts.clock)
        self.lease_watch = LeaseWatch(parts.service, self.delivery, parts.service.lease.total_seconds())
        self.delivery.on_delivered = watch.metrics.delivered
        self.tree.error(answer_error)

    async def setup_hook(self) -> None:
        """Take up what was left, make the commands known; between login and connection."""
        service = self.parts.service
        for job in await service.restore():
            self.delivery.follow(job)
        # Before Discord is asked for anything, which may take longer than a lease lasts.
        self.lease_watch.start()
        self.delivery.catch_up()
        await self.add_cogs()
        await self.tree.set_translator(CommandTranslator())
        how = "told to Discord by the process with shard 0"
        if self._has_first_shard:
            was_told = await sync_commands(self.tree, self._commands_told)
            how = "told to Discord" if was_told else "known to Discord"
        log.info("Logged in as %s; %d commands are %s", self.user, len(self.tree.get_commands()), how)
        self.deadline_watch.start()
        if self._is_one_of_several:
            self.reload_watch.start()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Keep to one IDENTIFY in five seconds, as Discord asks of all processes together."""
        if self._is_one_of_several:
            try:
                await self._turns.take()
            except (SQLAlchemyError, OSError):
                log.warning("The database gives out no turns; this shard takes one", exc_info=True)
            else:
                return
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Note when it came, to know how long its first answer takes."""
        self.watch.rest_trace.arrived(interaction.id)

    async def readiness(self) -> dict[str, bool]:
        """What has to be there for people to get pictures, and whether it is."""
        try:
            await self.parts.health.database()
        except (SQLAlchemyError, OSError):
            has_database = False
        else:
            has_database = True
        return {
            "discord": self.is_ready() and not self.is_closed(),
            "database": has_database,
            "model": self.parts.service.engine_state is EngineState.READY,
        }

    async def add_cogs(self) -> None:
        """Make all commands; Discord hears of them later."""
        parts, drawing = self.parts, self.drawing
        self.battles = Battles(self, parts)
        self.tournaments = Tournaments(self, parts)
        self.guessing = Guessing(self, parts)
        for cog in (
            Pictures(self),
            Imagine(parts, drawing),
            Remix(self, parts, drawing),
            Compare(parts, drawing),
            Surprise(parts, drawing),
            Tags(self, parts),
            Presets(parts, drawing),
            Defaults(parts),
            OwnLists(parts),
            History(self, parts),
            ServerSettings(self, parts),
            ModeratorsDesk(self, parts),
            Policy(parts),
            Reports(self, parts, self.desk),
            About(parts.service),
            Doctor(self, parts),
            Contests(self, parts),
            ContestModeration(self, parts),
            self.battles,
            self.tournaments,
            Referee(self, parts),
            self.guessing,
            Leaderboards(self, parts),
            Seasons(parts),
            Status(parts, self.watch.history),
            Model(self, parts.service),
            Reload(
                self, self.reloader.reload, self.reload_watch.ask_others if self._is_one_of_several else None
            ),
            Privacy(self, parts),
            Strays(self),
        ):
            await self.add_cog(cog)

    async def close(self) -> None:
        """Keep what waits and runs for the next start, tell the askers, and leave."""
        if not self.is_closed():
            await self.deadline_watch.stop()
            await self.lease_watch.stop()
            await self.reload_watch.stop()
            await self._turns.stop()
            await self.parts.service.stop()
            await self.delivery.settle(DELIVERY_TIMEOUT_S)
        await super().close()
