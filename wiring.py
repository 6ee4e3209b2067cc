"""The wiring of the rooms, in one place: the Bot class, and what it is made of by the settings."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands
from pydantic import SecretStr
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
from cogs.remix import Remix
from cogs.reports import Reports
from cogs.server_settings import ServerSettings
from cogs.status import Status
from cogs.strays import Strays
from cogs.tags import Surprise, Tags
from generation.engine.engine import Engine, EngineState
from generation.engine.local_engine import LocalEngine
from generation.engine.many_devices import ManyDevices
from generation.engine.ray_engine import RayEngine
from generation.engine_options import EngineOptions
from generation.expansion import Expansion
from generation.gatekeeper import Gatekeeper
from generation.job_store import JobStore
from generation.limits import LimitTable
from generation.lora_catalogue import LoraCatalogue
from generation.model_source import ModelSource
from generation.moderation import Moderation
from generation.output_check import OutputCheck
from generation.past_jobs import PastJobs
from generation.rating_classifier import RatingClassifier
from generation.ray_options import RayOptions
from generation.service import GenerationService, RequestBounds, Terms
from generation.tag_dictionary import TagDictionary, load_dictionary
from generation.tag_search import TagSearch
from generation.wildcards import Wildcards
from reload import LiveParts, Reloader, reloading_on_hangup
from settings import (
    DiscordSettings,
    Settings,
    SettingsError,
    read_watch_token,
)
from storage.audit import AuditLog
from storage.ballots import BallotStore
from storage.battles import BattleStore
from storage.blocks import BlockStore
from storage.contests import ContestStore
from storage.database import Database
from storage.deadlines import DeadlineStore
from storage.entries import EntryStore
from storage.event_posts import EventPosts
from storage.favourites import FavouriteStore
from storage.guessing import GuessingStore
from storage.guilds import GuildStore
from storage.health import StorageHealth
from storage.job_leases import Lease
from storage.job_ledger import JobLedger
from storage.people import PeopleStore
from storage.personal_data import PersonalData
from storage.picture_files import PictureFiles
from storage.presets import PresetStore
from storage.reports import ReportStore
from storage.standings import StandingStore
from storage.tournaments import TournamentStore
from storage.turns import Turns
from storage.upkeep import Upkeep
from terminal.tag_import import IMPORTED_TAGS
from watch.watch import Watch

log = logging.getLogger("anim4gine")

IDENTIFY_PAUSE_S = 5.0
"""Between two shards' IDENTIFYs (events/gateway, "Rate Limiting"; `max_concurrency` may allow large bots more)."""

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
        self.delivery.catch_up()
        await self.add_cogs()
        await self.tree.set_translator(CommandTranslator())
        how = "told to Discord by the process with shard 0"
        if self._has_first_shard:
            was_told = await sync_commands(self.tree, self._commands_told)
            how = "told to Discord" if was_told else "known to Discord"
        log.info("Logged in as %s; %d commands are %s", self.user, len(self.tree.get_commands()), how)
        self.deadline_watch.start()
        self.lease_watch.start()

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
            ModeratorsDesk(parts),
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
            Reload(self, self.reloader.reload),
            Privacy(self, parts),
            Strays(self),
        ):
            await self.add_cog(cog)

    async def close(self) -> None:
        """Keep what waits and runs for the next start, tell the askers, and leave."""
        if not self.is_closed():
            await self.deadline_watch.stop()
            await self.lease_watch.stop()
            await self._turns.stop()
            await self.parts.service.stop()
            await self.delivery.settle(DELIVERY_TIMEOUT_S)
        await super().close()


def build_service(
    settings: Settings,
    store: JobStore,
    clock: Callable[[], datetime],
    *,
    limits: LimitTable | None = None,
    moderation: Moderation | None = None,
    classifier: RatingClassifier | None = None,
) -> GenerationService:
    """Wire the generation service from the settings, with other `limits` where they are given; nothing starts yet."""
    terms = terms_of(settings, classifier, clock, moderation)
    if limits is not None:
        terms = replace(terms, limits=limits)
    return GenerationService(engine=build_engine(settings), terms=terms, store=store, clock=clock)


def terms_of(
    settings: Settings,
    classifier: RatingClassifier | None,
    clock: Callable[[], datetime],
    moderation: Moderation | None,
) -> Terms:
    """Under which terms the settings have requests taken."""
    gatekeeper = Gatekeeper(
        profile=settings.profile,
        clock=clock,
        policy=settings.policy.content_policy,
        expansion=Expansion(Wildcards(settings.paths.wildcards), lora_catalogue(settings)),
        moderation=moderation,
    )
    output_check = None
    if classifier is not None and moderation is not None and moderation.withheld is not None:
        output_check = OutputCheck(classifier, moderation.withheld, gatekeeper.ceiling, clock)
    return Terms(
        profile=settings.profile,
        model_name=settings.model.source,
        precision=engine_options(settings).precision,
        gatekeeper=gatekeeper,
        limits=settings.limits.table,
        bounds=RequestBounds(prompt_tokens=settings.limits.prompt_tokens, steps=settings.limits.steps),
        output_check=output_check,
    )


def build_engine(settings: Settings) -> Engine:
    """Make the engine that the settings ask for; nothing starts yet.

    Raises:
        SettingsError: it is Ray, and Ray isn't installed.
    """
    source, options, encoding = model_source(settings), engine_options(settings), settings.profile.encoding
    if settings.drawing.engine == "ray":
        if find_spec("ray") is None:
            raise SettingsError(
                'drawing.engine = "ray": Ray isn\'t installed; pip install -r requirements-ray.txt brings it'
            )
        return RayEngine(source, options, ray_options(settings), encoding)
    if len(settings.model.devices) > 1:
        return ManyDevices(source, settings.model.devices, options, encoding)
    return LocalEngine(source, options, encoding)


def ray_options(settings: Settings) -> RayOptions:
    """What the settings say about the cluster."""
    return RayOptions(
        address=settings.ray.address,
        application=settings.ray.application,
        min_replicas=settings.ray.min_replicas,
        max_replicas=settings.ray.max_replicas,
        pictures_per_replica=settings.ray.pictures_per_replica,
        gpus_per_replica=settings.ray.gpus_per_replica,
        cpus_per_replica=settings.ray.cpus_per_replica,
        folder=settings.paths.data / "ray",
    )


def engine_options(settings: Settings) -> EngineOptions:
    """What the settings say about drawing."""
    slots = settings.drawing.max_batch_slots
    return EngineOptions(
        max_batch_slots=None if slots == "auto" else slots,
        exact_replay=settings.drawing.exact_replay,
        lora_folder=Path(settings.model.lora_folder) if settings.model.lora_folder else None,
        controlnet=settings.model.controlnet,
        text_length_limit=settings.limits.prompt_tokens,
        preview_interval_s=settings.drawing.preview_interval_s,
        compile=settings.drawing.compile,
        compile_cache=settings.paths.data / "compiled",
        float8=settings.drawing.float8,
    )


def lora_catalogue(settings: Settings) -> LoraCatalogue:
    """The LoRAs that members may ask for."""
    folder = Path(settings.model.lora_folder) if settings.model.lora_folder else None
    return LoraCatalogue(folder, {name: own.entry for name, own in settings.loras.items()})


def model_source(settings: Settings) -> ModelSource:
    """Say which model the settings name, and how it is to be loaded; of several devices, on the first."""
    model = settings.model
    return ModelSource(
        source=model.source,
        revision=model.revision or None,
        device=model.devices[0],
        dtype=model.dtype,
        config=model.config or None,
    )


def utc_now() -> datetime:
    """The clock that everything in the running program reads."""
    return datetime.now(UTC)


async def point_discord_at(api_base: str) -> None:
    """Let discord.py talk to `api_base`: its two base addresses are all that changes.

    Raises:
        aiohttp.ClientError, TimeoutError: nobody there, or nobody who speaks Discord's API.
    """
    if api_base == DiscordSettings().api_base:
        return
    discord.http.Route.BASE = api_base
    timeout = aiohttp.ClientTimeout(total=10)
    async with (
        aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
        session.get(f"{api_base}/gateway") as response,
    ):
        gateway = await response.json()
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway["url"])


def build_bot(
    settings: Settings,
    database: Database,
    files: PictureFiles,
    dictionary: TagDictionary,
    classifier: RatingClassifier | None,
    read_again: Callable[[], Settings],
) -> Anim4gineBot:
    """Wire the Discord client from the settings; nothing starts yet. Takes a second for a large dictionary.

    `read_again` reads the settings anew, for a reload.
    """
    lease = Lease(instance=settings.discord.instance, lasts=timedelta(seconds=settings.database.lease_s))
    ledger = JobLedger(database, files, lease)
    guilds, reports, guessing = GuildStore(database), ReportStore(database), GuessingStore(database)
    blocks = BlockStore(
        database,
        attempts=settings.policy.attempts_before_block,
        block_for=timedelta(days=settings.policy.block_days),
    )
    moderation = Moderation(rule_book=guilds, blocks=blocks, withheld=reports, secrets=guessing)
    service = build_service(settings, ledger, utc_now, moderation=moderation, classifier=classifier)
    parts = Parts(
        service=service,
        guilds=guilds,
        blocks=blocks,
        reports=reports,
        audit=AuditLog(database),
        health=StorageHealth(database, settings.paths.data),
        deadlines=DeadlineStore(database),
        event_posts=EventPosts(database),
        contests=ContestStore(database),
        entries=EntryStore(database),
        ballots=BallotStore(database),
        standings=StandingStore(database),
        guessing=guessing,
        battles=BattleStore(database),
        tournaments=TournamentStore(database),
        past_jobs=PastJobs(ledger),
        personal_data=PersonalData(database, files, utc_now),
        people=PeopleStore(database),
        presets=PresetStore(database),
        favourites=FavouriteStore(database),
        dictionary=dictionary,
        search=TagSearch(dictionary),
        clock=utc_now,
    )
    upkeep = Upkeep(
        database,
        files,
        keep_for=timedelta(days=settings.images.keep_days),
        keep_bytes=int(settings.images.keep_gb * 1e9),
        clock=utc_now,
    )
    live = LiveParts(
        service=service,
        blocks=blocks,
        upkeep=upkeep,
        classifier=classifier,
        terms_of=lambda settings, classifier: terms_of(settings, classifier, utc_now, moderation),
        engine_of=build_engine,
    )
    return Anim4gineBot(
        parts,
        Watch(service, utc_now),
        settings.paths.data / "commands.sha256",
        upkeep,
        Reloader(settings, read_again, live),
        settings.discord,
        Turns(database, "identify", IDENTIFY_PAUSE_S),
    )


async def serve(settings: Settings, token: SecretStr, read_again: Callable[[], Settings]) -> None:
    """Run the bot until it is cancelled; SIGHUP has it reload its settings by `read_again`.

    Raises:
        UnusableClassifier: the output check that the settings ask for can't look at pictures.
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
            stack.enter_context(reloading_on_hangup(bot.reloader.reload))
            await stack.enter_async_context(bot.watch.measuring())
            await stack.enter_async_context(tidied(bot.upkeep))
            if settings.watch.port:
                await stack.enter_async_context(served_watch(bot, settings))
            await bot.start(token.get_secret_value())
    finally:
        await database.stop()


@asynccontextmanager
async def tidied(upkeep: Upkeep) -> AsyncIterator[None]:
    """Have what is old cleared away while the bot runs."""
    task = asyncio.create_task(upkeep.run(), name="upkeep")
    try:
        yield
    finally:
        task.cancel()


@asynccontextmanager
async def served_watch(bot: Anim4gineBot, settings: Settings) -> AsyncIterator[None]:
    """Serve health, metrics and the status page while the bot runs.

    Raises:
        SettingsError: the token's file can't be read, or the port is taken.
    """
    token = read_watch_token(settings, os.environ)
    host, port = settings.watch.host, settings.watch.port
    try:
        async with bot.watch.served(host, port, token, bot.readiness) as server:
            log.info("Health and metrics are at %s", server.base_url)
            yield
    except OSError as error:
        raise SettingsError(f"watch.port = {port}: can't be listened on: {error.strerror}") from None
