"""The front door: the command line."""

import asyncio
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
import discord

from cogs.command_sync import names_of
from cogs.discord_checkup import DiscordFacts, ask_discord, seconds_ahead
from cogs.error_answers import CONNECTION_ERRORS
from cogs.language import ENGLISH
from cogs.refusals import refusal
from generation.encoding_mode import EncodingMode
from generation.errors import GenerationError, ModelUnavailable
from generation.job_store import ForgetfulStore
from generation.limits import Limits, LimitTable
from generation.model_errors import ModelLoadError
from generation.policy_trial import PolicyTrial
from generation.rating import Rating
from generation.rating_classifier import UnusableClassifier
from generation.tag_dictionary import UnreadableTagList, load_dictionary
from generation.tiny_checkpoint import build_tiny_checkpoint, is_built
from generation.wildcards import Wildcards
from logs import set_up_logging
from settings import (
    Settings,
    SettingsError,
    load_settings,
    read_token,
)
from storage.database import Database, DatabaseUnavailable
from storage.picture_files import PictureFiles
from terminal import doctor as examination
from terminal import policy_file
from terminal.doctor import Finding, Health
from terminal.drawing_options import drawing_options, request_of
from terminal.encode import PromptFileError, describe_prompt, read_prompts, write_arrays
from terminal.plan import plan_text
from terminal.render import render_to_files
from terminal.running import EXIT_FAILURE, leave_engine_behind, run_until_signalled
from terminal.sandbox_session import run_sandbox
from terminal.tag_import import import_tags
from wiring import build_bot, build_service, model_source, point_discord_at, serve, utc_now

EXIT_MISCONFIGURED = 2
CLOCK_TOLERANCE_S = 5
"""Discord tells whole seconds, and an interaction's fifteen minutes are counted by our clock."""

FIRST_STEPS = """\
There is no bot token, so I can't log in to Discord. To get one:
  1. Open https://discord.com/developers/applications and press "New Application".
  2. Under "Bot", press "Reset Token" and copy it.
  3. Start me again with it in the environment: DISCORD_TOKEN=... python bot.py
Or try me without Discord, on this machine alone: make sandbox (or: python bot.py sandbox)"""


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
    try:
        return load_settings(settings_file())
    except SettingsError as error:
        leave(str(error), EXIT_MISCONFIGURED)


def settings_file() -> Path:
    """The settings file that the command line names."""
    file: Path | None = click.get_current_context().find_root().obj
    return file or Path("config.toml")


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
    secrets = [token.get_secret_value()]
    set_up_logging(settings.logging.level, secrets, as_json=settings.logging.format == "json")
    try:
        run_until_signalled(serve(settings, token, partial(load_settings, settings_file())))
    except discord.LoginFailure:
        leave(
            "Discord refused the token. Copy the bot's token again (not the client secret).",
            EXIT_MISCONFIGURED,
        )
    except (DatabaseUnavailable, SettingsError) as error:
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
    file = settings_file()

    def read() -> Settings:
        settings = load_settings(file)
        return settings if configured_model else with_tiny_model(settings)

    settings = settings_or_exit()
    set_up_logging(settings.logging.level)
    if not configured_model:
        settings = with_tiny_model(settings)
    port = settings.sandbox.port if port is None else port
    try:
        run_until_signalled(run_sandbox(settings, port, serve, read))
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
        service = build_service(settings, ForgetfulStore(), utc_now, limits=no_limits)
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


@cli.command()
@config_option
def doctor() -> None:
    """Say whether this machine has what the bot needs; exit code 1 where something is broken."""
    settings = settings_or_exit()
    set_up_logging("ERROR")
    raise SystemExit(asyncio.run(_examine(settings)))


async def _examine(settings: Settings) -> int:
    source = model_source(settings)
    worst = 0
    async for finding in examination.examine(
        examination.python,
        examination.torch_for(source),
        examination.model(source),
        examination.database(settings.database_url),
        examination.disk(settings.paths.data),
        partial(_examine_discord, settings),
    ):
        click.echo(finding)
        worst = max(worst, finding.health is Health.BROKEN)
    return worst


async def _examine_discord(settings: Settings) -> list[Finding]:
    """Whether the token is good, the clock right, and the commands those that Discord knows."""
    try:
        token = read_token(settings, os.environ)
    except SettingsError as error:
        return [Finding(Health.BROKEN, "token", str(error))]
    if token is None:
        return [Finding(Health.BROKEN, "token", "there is none: set DISCORD_TOKEN, or discord.token_file")]
    try:
        await point_discord_at(settings.discord.api_base)
        ahead_s = await seconds_ahead(settings.discord.api_base, time.time())
        facts = await ask_discord(token)
    except discord.LoginFailure:
        return [
            Finding(
                Health.BROKEN, "token", "Discord refuses it: copy the bot's token (no client secret) again"
            )
        ]
    except (discord.DiscordException, *CONNECTION_ERRORS) as error:
        told = f"{settings.discord.api_base} can't be reached: {error!r}"
        return [Finding(Health.BROKEN, "Discord", told)]
    return [
        Finding(Health.OK, "token", f"it is that of {facts.name} ({facts.application_id})"),
        Finding(Health.OK, "intents", "no privileged one is needed"),
        _clock_finding(ahead_s),
        await _commands_finding(settings, facts),
    ]


def _clock_finding(ahead_s: float | None) -> Finding:
    if ahead_s is None:
        return Finding(Health.LOOK, "clock", "Discord doesn't tell the time, so yours can't be compared")
    if abs(ahead_s) > CLOCK_TOLERANCE_S:
        told = (
            f"it is {abs(ahead_s):.0f} s {'ahead' if ahead_s > 0 else 'behind'}: turn on time synchronisation"
        )
        return Finding(Health.BROKEN, "clock", told)
    return Finding(Health.OK, "clock", "it agrees with Discord's")


async def _commands_finding(settings: Settings, facts: DiscordFacts) -> Finding:
    database = Database("sqlite+aiosqlite://")
    files = PictureFiles(settings.paths.data)
    bot = build_bot(settings, database, files, load_dictionary(), None, lambda: settings)
    await bot.add_cogs()
    ours = {name for name, _ in names_of(bot.tree)}
    if ours == facts.commands:
        return Finding(Health.OK, "commands", f"Discord knows all {len(ours)}")
    return Finding(Health.LOOK, "commands", "Discord knows others; the next start brings them in step")


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
    try:
        cli()
    except SystemExit as leaving:
        # The model begins to load before the database and Discord are asked, and they may refuse.
        leave_engine_behind(leaving.code if isinstance(leaving.code, int) else EXIT_FAILURE)
        raise
