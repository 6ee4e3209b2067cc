"""The front door: the command line, the wiring of the rooms, and the Bot class."""

import asyncio
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import aiohttp
import click
import discord
import yarl
from discord import app_commands
from discord.ext import commands
from pydantic import SecretStr

from cogs.client import DrawingBot
from cogs.compare import Compare
from cogs.delivery import Delivery
from cogs.drawing import Drawing
from cogs.error_answers import CONNECTION_ERRORS, answer_error
from cogs.history import History
from cogs.imagine import Imagine
from cogs.language import ENGLISH, CommandTranslator
from cogs.model import Model
from cogs.moderation import Moderation as ModeratorsDesk
from cogs.parts import Parts
from cogs.personal import Defaults, OwnLists
from cogs.picture_actions import PictureActions
from cogs.pictures import Pictures
from cogs.plain_text import NO_MENTIONS
from cogs.presets import Presets
from cogs.privacy import Privacy
from cogs.refusals import refusal
from cogs.remix import Remix
from cogs.reports import Reports
from cogs.server_settings import ServerSettings
from cogs.strays import Strays
from cogs.tags import Surprise, Tags
from generation.encoding_mode import EncodingMode
from generation.engine.local_engine import LocalEngine
from generation.engine_options import EngineOptions
from generation.errors import GenerationError, ModelUnavailable
from generation.expansion import Expansion
from generation.gatekeeper import Gatekeeper
from generation.job_store import ForgetfulStore, JobStore
from generation.limits import Limits, LimitTable
from generation.lora_catalogue import LoraCatalogue
from generation.model_errors import ModelLoadError
from generation.model_source import ModelSource
from generation.moderation import Moderation
from generation.output_check import OutputCheck
from generation.past_jobs import PastJobs
from generation.policy_trial import PolicyTrial
from generation.rating import Rating
from generation.rating_classifier import RatingClassifier, UnusableClassifier
from generation.service import GenerationService, RequestBounds
from generation.tag_dictionary import TagDictionary, UnreadableTagList, load_dictionary
from generation.tag_search import TagSearch
from generation.tiny_checkpoint import build_tiny_checkpoint, is_built
from generation.wildcards import Wildcards
from logs import set_up_logging
from settings import DiscordSettings, Settings, SettingsError, load_settings, read_token
from storage.audit import AuditLog
from storage.blocks import BlockStore
from storage.database import Database, DatabaseUnavailable
from storage.favourites import FavouriteStore
from storage.guilds import GuildStore
from storage.job_ledger import JobLedger
from storage.people import PeopleStore
from storage.personal_data import PersonalData
from storage.picture_files import PictureFiles
from storage.presets import PresetStore
from storage.reports import ReportStore
from storage.upkeep import Upkeep
from terminal import policy_file
from terminal.drawing_options import drawing_options, request_of
from terminal.encode import PromptFileError, describe_prompt, read_prompts, write_arrays
from terminal.plan import plan_text
from terminal.render import render_to_files
from terminal.running import EXIT_FAILURE, run_until_signalled
from terminal.sandbox_session import run_sandbox
from terminal.tag_import import IMPORTED_TAGS, import_tags

log = logging.getLogger("anim4gine")

EXIT_MISCONFIGURED = 2
DELIVERY_TIMEOUT_S = 5
"""How long a shutdown waits for the last messages to be edited."""

FIRST_STEPS = """\
There is no bot token, so I can't log in to Discord. To get one:
  1. Open https://discord.com/developers/applications and press "New Application".
  2. Under "Bot", press "Reset Token" and copy it.
  3. Start me again with it in the environment: DISCORD_TOKEN=... python bot.py
Or try me without Discord, on this machine alone: make sandbox (or: python bot.py sandbox)"""


class Anim4gineBot(DrawingBot):
    """The Discord client: loads the cogs, syncs the commands, turns errors into sentences."""

    def __init__(self, parts: Parts) -> None:
        # Slash commands and components need no privileged intent, and of the others only this one.
        intents = discord.Intents(guilds=True)
        # Voice is nothing that a drawing bot needs; without this discord.py warns of it at every start.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents,
            allowed_mentions=NO_MENTIONS,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )
        self.parts = parts
        self.delivery = Delivery(self, parts.service, parts.clock)
        self.drawing = Drawing(parts, self.delivery)
        self.picture_actions = PictureActions(parts, self.drawing)
        self.tree.error(answer_error)

    async def setup_hook(self) -> None:
        """Start to load the model, take up what was left, make the commands known; between login and connection."""
        service = self.parts.service
        service.start()
        for job in await service.restore():
            self.delivery.follow(job)
        self.delivery.catch_up()
        await self.add_cogs()
        await self.tree.set_translator(CommandTranslator())
        synced = await self.tree.sync()
        log.info("Logged in as %s; %d commands are in place", self.user, len(synced))

    async def add_cogs(self) -> None:
        """Make all commands; Discord hears of them later."""
        parts, drawing = self.parts, self.drawing
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
            Reports(self, parts),
            Model(self, parts.service),
            Privacy(self, parts),
            Strays(self),
        ):
            await self.add_cog(cog)

    async def close(self) -> None:
        """Keep what waits and runs for the next start, tell the askers, and leave."""
        if not self.is_closed():
            await self.parts.service.stop()
            await self.delivery.settle(DELIVERY_TIMEOUT_S)
        await super().close()


def build_service(
    settings: Settings,
    store: JobStore,
    limits: LimitTable,
    clock: Callable[[], datetime],
    moderation: Moderation | None = None,
    classifier: RatingClassifier | None = None,
) -> GenerationService:
    """Wire the generation service from the settings; nothing starts yet."""
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
    return GenerationService(
        engine=LocalEngine(
            model_source(settings),
            engine_options(settings),
            settings.profile.encoding,
        ),
        profile=settings.profile,
        model_name=settings.model.source,
        gatekeeper=gatekeeper,
        store=store,
        limits=limits,
        bounds=RequestBounds(prompt_tokens=settings.limits.prompt_tokens, steps=settings.limits.steps),
        clock=clock,
        output_check=output_check,
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
    """Say which model the settings name, and how it is to be loaded."""
    model = settings.model
    return ModelSource(
        source=model.source,
        revision=model.revision or None,
        device=model.device,
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
) -> Anim4gineBot:
    """Wire the Discord client from the settings; nothing starts yet. Takes a second for a large dictionary."""
    ledger = JobLedger(database, files)
    guilds, reports = GuildStore(database), ReportStore(database)
    blocks = BlockStore(
        database,
        attempts=settings.policy.attempts_before_block,
        block_for=timedelta(days=settings.policy.block_days),
    )
    moderation = Moderation(rule_book=guilds, blocks=blocks, withheld=reports)
    parts = Parts(
        service=build_service(settings, ledger, settings.limits.table, utc_now, moderation, classifier),
        guilds=guilds,
        blocks=blocks,
        reports=reports,
        audit=AuditLog(database),
        past_jobs=PastJobs(ledger),
        personal_data=PersonalData(database, files, utc_now),
        people=PeopleStore(database),
        presets=PresetStore(database),
        favourites=FavouriteStore(database),
        dictionary=dictionary,
        search=TagSearch(dictionary),
        loras=lora_catalogue(settings),
        wildcards=Wildcards(settings.paths.wildcards),
        clock=utc_now,
    )
    return Anim4gineBot(parts)


async def serve(settings: Settings, token: SecretStr) -> None:
    """Run the bot until it is cancelled.

    Raises:
        UnusableClassifier: the output check that the settings ask for can't look at pictures.
    """
    await point_discord_at(settings.discord.api_base)
    classifier = settings.policy.rating_classifier
    if classifier is not None:
        await asyncio.to_thread(classifier.load)
    database = Database(settings.database_url)
    await database.start()
    files = PictureFiles(settings.paths.data / "images")
    upkeep = Upkeep(
        database,
        files,
        keep_for=timedelta(days=settings.images.keep_days),
        keep_bytes=int(settings.images.keep_gb * 1e9),
        clock=utc_now,
    )
    upkeep_task = asyncio.create_task(upkeep.run(), name="upkeep")
    try:
        dictionary = load_dictionary(settings.paths.data / IMPORTED_TAGS)
        async with build_bot(settings, database, files, dictionary, classifier) as bot:
            await bot.start(token.get_secret_value())
    finally:
        upkeep_task.cancel()
        await database.stop()


def leave(sentence: str, exit_code: int) -> NoReturn:
    """End the program with one sentence on standard error."""
    click.echo(sentence, err=True)
    raise SystemExit(exit_code)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config`; it may stand before or after the subcommand."""
    option = click.option(
        "--config",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=_remember_config,
        help="Settings file (config.toml unless given).",
    )
    return option(command)


def _remember_config(context: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.find_root().obj = value


def settings_or_exit() -> Settings:
    """Load the settings that the command line names; a mistake in them ends the program."""
    file = click.get_current_context().find_root().obj or Path("config.toml")
    try:
        return load_settings(file)
    except SettingsError as error:
        leave(str(error), EXIT_MISCONFIGURED)


@click.group(invoke_without_command=True)
@config_option
@click.pass_context
def cli(context: click.Context) -> None:
    """Anim4gine Bot: anime communities draw with Animagine XL 4.0, on your own GPU.

    Without a command it connects to Discord, as `run` does.
    """
    if context.invoked_subcommand is None:
        context.invoke(run)


@cli.command()
@config_option
def run() -> None:
    """Connect to Discord and draw for its people."""
    settings = settings_or_exit()
    try:
        token = read_token(settings, os.environ)
    except SettingsError as error:
        leave(str(error), EXIT_MISCONFIGURED)
    if token is None:
        leave(FIRST_STEPS, EXIT_MISCONFIGURED)
    set_up_logging(settings.logging.level, [token.get_secret_value()])
    try:
        run_until_signalled(serve(settings, token))
    except discord.LoginFailure:
        leave(
            "Discord refused the token. Copy the bot's token again (not the client secret).",
            EXIT_MISCONFIGURED,
        )
    except DatabaseUnavailable as error:
        leave(str(error), EXIT_MISCONFIGURED)
    except UnusableClassifier as error:
        leave(f"policy.classifier can't be used: {error.reason}", EXIT_MISCONFIGURED)
    except (discord.DiscordException, *CONNECTION_ERRORS) as error:
        leave(f"Discord can't be reached at {settings.discord.api_base}: {error!r}", EXIT_FAILURE)


@cli.command()
@config_option
@click.option("--port", type=click.IntRange(0, 65_535), help="Port of the page (sandbox.port unless given).")
@click.option(
    "--configured-model", is_flag=True, help="Draw with the model of the settings, not the tiny one."
)
def sandbox(port: int | None, configured_model: bool) -> None:
    """Try the bot without Discord: a chat page on this machine, with the bot in it."""
    settings = settings_or_exit()
    set_up_logging(settings.logging.level)
    if not configured_model:
        settings = with_tiny_model(settings)
    port = settings.sandbox.port if port is None else port
    try:
        run_until_signalled(run_sandbox(settings, port, serve))
    except DatabaseUnavailable as error:
        leave(str(error), EXIT_MISCONFIGURED)
    except UnusableClassifier as error:
        leave(f"policy.classifier can't be used: {error.reason}", EXIT_MISCONFIGURED)
    except OSError as error:
        leave(
            f"The page can't be served on port {port} ({error.strerror}). Another one: --port 0", EXIT_FAILURE
        )


@cli.command()
@click.argument("tags", required=False)
@drawing_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="picture.png",
    show_default=True,
    help="The file to write; several pictures are numbered.",
)
@click.option("--tiny", is_flag=True, help="Use the tiny practice model: random weights, no download.")
@click.option(
    "--plan", is_flag=True, help="Show how the model fits into the device's memory, and draw nothing."
)
@config_option
def render(tags: str | None, output: Path, tiny: bool, plan: bool, **options: Any) -> None:
    """Draw TAGS to a file, with the service that draws on Discord."""
    settings = settings_or_exit()
    set_up_logging("WARNING" if settings.logging.level == "INFO" else settings.logging.level)
    if tiny:
        settings = with_tiny_model(settings)
    if plan:
        show_plan(settings)
        return
    if tags is None:
        raise click.UsageError("Missing argument 'TAGS'.")
    try:
        request = request_of(tags, **options)
        # Nobody else draws here, and whoever does waits for it: nothing to remember, nothing to limit.
        no_limits = LimitTable(everybody=Limits())
        service = build_service(settings, ForgetfulStore(), no_limits, utc_now)
        run_until_signalled(render_to_files(service, request, output))
    except ModelUnavailable as error:
        reason = error.cause.reason if isinstance(error.cause, ModelLoadError) else repr(error.cause)
        hint = "" if tiny else "\nTo try without it: add --tiny"
        leave(f"The model {settings.model.source} can't be loaded: {reason}{hint}", EXIT_FAILURE)
    except GenerationError as error:
        leave(refusal(ENGLISH, error), EXIT_FAILURE)
    except OSError as error:
        leave(f"{error.filename or output} can't be read or written: {error.strerror}", EXIT_FAILURE)


@cli.group()
def tags() -> None:
    """The tags that are offered while people type."""


@tags.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@config_option
def import_command(file: Path) -> None:
    """Take in FILE, a list of Danbooru's tags with the columns name, category, count, aliases."""
    settings = settings_or_exit()
    try:
        found = import_tags(file, settings.paths.data)
    except UnreadableTagList as error:
        leave(f"{file} can't be used: {error.reason}", EXIT_MISCONFIGURED)
    except OSError as error:
        leave(f"{error.filename or file} can't be read or written: {error.strerror}", EXIT_MISCONFIGURED)
    lines = "1 line" if found.skipped == 1 else f"{found.skipped} lines"
    click.echo(f"{found.tags} tags and {found.aliases} aliases are in; {lines} could not be read.")
    click.echo("The bot offers them from its next start on.")


_RATINGS = click.Choice([rating.value for rating in Rating])


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--ceiling", type=_RATINGS, required=True, help="The strongest rating that is allowed.")
@click.option(
    "--rating", type=_RATINGS, default=Rating.SAFE.value, show_default=True, help="What is asked for."
)
@config_option
def policy(file: Path, ceiling: str, rating: str) -> None:
    """Say what the content policy makes of the prompts in FILE, one a line; a JSON object for each."""
    settings = settings_or_exit()
    trial = PolicyTrial(settings.policy.content_policy, Wildcards(settings.paths.wildcards))
    try:
        prompts = policy_file.read_prompts(file)
    except OSError as error:
        leave(f"{file} can't be read: {error.strerror}", EXIT_MISCONFIGURED)
    except UnicodeDecodeError:
        leave(f"{file} can't be read: it is no UTF-8 text", EXIT_MISCONFIGURED)
    for line in policy_file.judged_lines(trial, prompts, Rating(ceiling), Rating(rating)):
        click.echo(line)


@cli.command()
@click.argument("prompt", required=False)
@click.option("--negative", default="", help="The negative prompt.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in EncodingMode]),
    help="How to lay out the tokens (the model profile's own unless given; both with --npz).",
)
@click.option("--clip-skip", type=click.IntRange(0, 2), default=0, help="Leave out as many more layers.")
@click.option(
    "--prompts",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A JSON list of {name, prompt, negative}, for --npz.",
)
@click.option(
    "--npz",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the arrays <mode>/<name>/{pe,ne,pp,np} of --prompts there.",
)
@click.option("--tiny", is_flag=True, help="Use the tiny practice model: random weights, no download.")
@config_option
def encode(
    prompt: str | None,
    negative: str,
    mode: str | None,
    clip_skip: int,
    prompts: Path | None,
    npz: Path | None,
    tiny: bool,
) -> None:
    """Show how PROMPT reaches the model: its weights, tokens and chunks, exactly as written."""
    if (prompts is None) != (npz is None):
        raise click.UsageError("--prompts and --npz go together.")
    if (prompt is None) == (prompts is None):
        raise click.UsageError("Either PROMPT or --prompts is needed.")
    settings = settings_or_exit()
    set_up_logging("WARNING" if settings.logging.level == "INFO" else settings.logging.level)
    if tiny:
        settings = with_tiny_model(settings)
    try:
        if prompts is not None and npz is not None:
            modes = list(EncodingMode) if mode is None else [EncodingMode(mode)]
            write_arrays(model_source(settings), read_prompts(prompts), modes, npz)
            click.echo(npz)
        elif prompt is not None:
            chosen = settings.profile.encoding if mode is None else EncodingMode(mode)
            click.echo(describe_prompt(model_source(settings), prompt, negative, chosen, clip_skip))
    except PromptFileError as error:
        leave(str(error), EXIT_FAILURE)
    except ModelLoadError as error:
        leave(f"The model {settings.model.source} can't be loaded: {error.reason}", EXIT_FAILURE)
    except OSError as error:
        leave(f"{npz} can't be written: {error.strerror}", EXIT_FAILURE)


def show_plan(settings: Settings) -> None:
    """Print how the model of the settings fits into the device's memory."""
    try:
        click.echo(plan_text(model_source(settings)))
    except ModelLoadError as error:
        leave(f"The model {settings.model.source} can't be loaded: {error.reason}", EXIT_FAILURE)


def with_tiny_model(settings: Settings) -> Settings:
    """Return the settings with the practice model in place of the configured one; builds it if it isn't there."""
    folder = settings.paths.data / "tiny-sdxl"
    if not is_built(folder):
        click.echo("Building the practice model (once) ...", err=True)
        build_tiny_checkpoint(folder)
    tiny = settings.model.model_copy(update={"source": str(folder)})
    return settings.model_copy(update={"model": tiny})


if __name__ == "__main__":
    cli()
