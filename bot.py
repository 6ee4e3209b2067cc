"""The front door: the command line."""

from terminal.hangup import Hangup, hold_hangups_back, let_hangups_through

if __name__ == "__main__":
    # All that follows takes seconds to import, and until then a reload would be the end of the bot.
    hold_hangups_back()

import asyncio
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
import discord

from cogs.error_answers import CONNECTION_ERRORS
from cogs.language import ENGLISH
from cogs.permissions import EXTRAS, named
from cogs.refusals import refusal
from generation.encoding_mode import EncodingMode
from generation.errors import GenerationError, ModelUnavailable
from generation.job_store import ForgetfulStore
from generation.limits import Limits, LimitTable
from generation.model_errors import ModelLoadError
from generation.policy_trial import PolicyTrial
from generation.rating import Rating
from generation.rating_classifier import UnusableClassifier
from generation.tag_dictionary import UnreadableTagList
from generation.tiny_checkpoint import build_tiny_checkpoint, is_built
from generation.wildcards import Wildcards
from logs import set_up_logging
from settings.errors import SettingsError
from settings.reading import SettingsReader
from settings.settings import Settings
from settings.tokens import read_token
from storage.database import DatabaseUnavailable, NewerDatabase
from terminal import policy_file
from terminal.doctor import Health, examine
from terminal.drawing_options import drawing_options, request_of
from terminal.encode import PromptFileError, describe_prompt, read_prompts, write_arrays
from terminal.plan import plan_text
from terminal.questions import Questions, Unfit
from terminal.render import render_to_files
from terminal.running import EXIT_FAILURE, leave_engine_behind, run_until_signalled
from terminal.sandbox_session import PageUnavailable, run_sandbox
from terminal.setup import Given, KnownBot, Setup
from terminal.tag_import import import_tags
from wiring.checkup import examinations, known_bot
from wiring.engine import model_source
from wiring.service import build_service, utc_now
from wiring.serving import serve

EXIT_MISCONFIGURED = 2
OWN_SETTINGS, SHIPPED_SETTINGS = Path("my.toml"), Path("config.toml")
"""What `setup` writes, and what is read where that isn't there."""

FIRST_STEPS = """\
There is no bot token, so I can't log in to Discord. To get one:
  1. Open https://discord.com/developers/applications and press "New Application".
  2. Under "Bot", press "Reset Token" and copy it.
  3. Type it at: python bot.py setup (or start me with it in the environment: DISCORD_TOKEN=... python bot.py)
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
        help="Settings file (my.toml unless given, or config.toml where there is none).",
    )
    return option(command)


def _remember_config(context: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.find_root().obj = value


def settings_reader() -> SettingsReader:
    """What reads the file that the command line names, else the operator's own, else the one that comes with the bot.

    Which of the last two is seen anew at each reading.
    """
    chosen: Path | None = click.get_current_context().find_root().obj
    return SettingsReader(lambda: chosen or (OWN_SETTINGS if OWN_SETTINGS.exists() else SHIPPED_SETTINGS))


def settings_or_exit(reader: SettingsReader | None = None, *, may_be_new: bool = False) -> Settings:
    """Load the settings that the command line names; a mistake in them ends the program.

    A file that is named has to be there, unless it `may_be_new`: a slip in its name mustn't mean defaults.
    """
    chosen: Path | None = click.get_current_context().find_root().obj
    if chosen is not None and not chosen.exists() and not may_be_new:
        leave(f"{chosen}: there is no such settings file", EXIT_MISCONFIGURED)
    try:
        return (reader or settings_reader()).read()
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
    elif context.invoked_subcommand not in {run.name, sandbox.name}:
        let_hangups_through()


@cli.command()
@config_option
def run() -> None:
    """Connect to Discord and draw for its people."""
    hangup = Hangup()
    hangup.take()  # before the settings are read: who changes them afterwards and asks for a reload gets one
    reader = settings_reader()
    settings = settings_or_exit(reader)
    try:
        token = read_token(settings, os.environ)
    except SettingsError as error:
        leave(str(error), EXIT_MISCONFIGURED)
    if token is None:
        leave(FIRST_STEPS, EXIT_MISCONFIGURED)
    secrets = [token.get_secret_value()]
    set_up_logging(settings.logging.level, secrets, as_json=settings.logging.format == "json")
    with ending_in_a_sentence(settings.discord.api_base):
        run_until_signalled(serve(settings, token, reader.read, hangup))


@contextmanager
def ending_in_a_sentence(api_base: str) -> Iterator[None]:
    """End the program with a sentence on what ended the bot, and an exit code that says whether a restart may help."""
    try:
        yield
    except discord.LoginFailure:
        leave(
            "Discord refused the token. Copy the bot's token again (not the client secret).",
            EXIT_MISCONFIGURED,
        )
    except (NewerDatabase, SettingsError) as error:
        leave(str(error), EXIT_MISCONFIGURED)
    except DatabaseUnavailable as error:
        leave(str(error), EXIT_FAILURE)  # it may only be slower to start
    except UnusableClassifier as error:
        leave(f"policy.classifier can't be used: {error.reason}", EXIT_MISCONFIGURED)
    except ModelUnavailable as error:
        reason = error.cause.reason if isinstance(error.cause, ModelLoadError) else repr(error.cause)
        leave(f"The device is gone for this process: {reason}. Start it again: its jobs go on.", EXIT_FAILURE)
    except (discord.DiscordException, *CONNECTION_ERRORS) as error:
        leave(f"Discord can't be reached at {api_base}: {error!r}", EXIT_FAILURE)


@cli.command()
@config_option
@click.option("--port", type=click.IntRange(0, 65_535), help="Port of the page (sandbox.port unless given).")
@click.option(
    "--configured-model", is_flag=True, help="Draw with the model of the settings, not the tiny one."
)
def sandbox(port: int | None, configured_model: bool) -> None:
    """Try the bot without Discord: a chat page on this machine, with the bot in it."""
    hangup = Hangup()
    hangup.take()
    reader = settings_reader()

    def read() -> Settings:
        settings = reader.read()
        return settings if configured_model else with_tiny_model(settings)

    settings = settings_or_exit(reader)
    set_up_logging(settings.logging.level)
    if not configured_model:
        settings = with_tiny_model(settings)
    port = settings.sandbox.port if port is None else port
    try:
        with ending_in_a_sentence("the sandbox"):
            run_until_signalled(run_sandbox(settings, port, partial(serve, hangup=hangup), read))
    except PageUnavailable as error:
        leave(f"The page can't be served on port {port} ({error}). Another one: --port 0", EXIT_FAILURE)


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
    except SettingsError as error:
        leave(str(error), EXIT_MISCONFIGURED)
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
@click.option("--token-file", type=click.Path(path_type=Path), help="A file that holds the bot's token.")
@click.option("--model", help="A name on the hub, a folder in diffusers' layout, or a .safetensors file.")
@click.option("--device", help="auto, cpu, mps, cuda or cuda:<number>; several with commas between.")
@click.option("--ceiling", type=_RATINGS, help="The strongest rating in age-restricted channels.")
@click.option("--servers", help="The only servers to work in, by ids with commas, or everywhere.")
@click.option("--data", help="The folder for pictures and the database.")
@click.option("--replace", is_flag=True, help="Change a settings file that is there already.")
@click.option("--no-questions", is_flag=True, help="Ask nothing: what no option says stays as it is.")
@config_option
def setup(
    token_file: Path | None,
    model: str | None,
    device: str | None,
    ceiling: str | None,
    servers: str | None,
    data: str | None,
    replace: bool,
    no_questions: bool,
) -> None:
    """Ask what a first run needs, try each answer, and write them into a settings file of your own (my.toml)."""
    settings = settings_or_exit(may_be_new=True)
    set_up_logging("ERROR")
    chosen: Path | None = click.get_current_context().find_root().obj
    file = chosen or OWN_SETTINGS
    given = Given(
        token_file=token_file,
        model=model,
        device=device,
        ceiling=ceiling,
        servers=servers,
        data=data,
        replace=replace,
    )
    try:
        first_run = Setup(
            settings, file, Questions(asks=not no_questions), partial(known_bot, settings.discord.api_base)
        )
        bot = first_run.run(given, os.environ)
    except (Unfit, SettingsError) as error:
        leave(str(error), EXIT_MISCONFIGURED)
    except OSError as error:
        leave(f"{error.filename} can't be read or written: {error.strerror}", EXIT_FAILURE)
    _tell_what_is_next(bot, "" if chosen is None else f" --config {shlex.quote(str(chosen))}")


def _tell_what_is_next(bot: KnownBot | None, config: str) -> None:
    if bot is not None:
        extras = "".join(f"\n  {named([name]).strip('*')}: {gain}" for name, gain in EXTRAS.items())
        click.echo(
            f"\nInvite {bot.name} with this link; it asks for what the bot needs and no more:\n  {bot.invite_link}"
            f"\nServers may grant its role more, later:{extras}"
        )
    python = Path(sys.executable)
    shown = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else python
    click.echo(f"\nNext:\n  {shown} bot.py doctor{config}   # is everything there?\n  {shown} bot.py{config}")


@cli.command()
@config_option
def doctor() -> None:
    """Say whether this machine has what the bot needs; exit code 1 where something is broken."""
    settings = settings_or_exit()
    set_up_logging("ERROR")
    raise SystemExit(asyncio.run(_examine(settings)))


async def _examine(settings: Settings) -> int:
    worst = 0
    async for finding in examine(examinations(settings)):
        click.echo(finding)
        worst = max(worst, finding.health is Health.BROKEN)
    return worst


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
