"""`setup`: asks what a first run needs, sees to each answer at once, and writes the operator's own settings.

Knows nothing of Discord: who the token's bot is comes from outside.
"""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import SecretStr, ValidationError

from generation.model_errors import ModelLoadError
from generation.model_hub import HubUnreachable, require_on_hub
from generation.model_shape import read_model_shape
from generation.model_source import ModelSource
from generation.rating import Rating
from settings.errors import SettingsError
from settings.sections import ModelSettings
from settings.settings import Settings
from settings.tokens import TOKEN_VARIABLE, checked_token, read_token
from terminal.own_settings import Tables, read_tables, with_answers, write
from terminal.plan import conclusion, plan_here
from terminal.questions import Questions, Unfit

TOKEN_FILE = "bot.token"  # noqa: S105 - a file's name, not a token
"""Where a token that was typed goes, beside the settings."""

EVERYWHERE = "everywhere"

WHERE_TOKENS_ARE = """\
The bot's token: open https://discord.com/developers/applications, choose your application or make one
("New Application"), and under "Bot" press "Reset Token" and copy it. It isn't shown here, and goes into a file that
only you can read."""


@dataclass(frozen=True, slots=True)
class KnownBot:
    """Whose a token is, and the address at which it is invited."""

    name: str
    invite_link: str


CheckToken = Callable[[SecretStr], KnownBot]
"""Logs in to Discord. Raises `Unfit` where the token is none, `DiscordSilent` where there is no answer."""


class DiscordSilent(Exception):
    """Discord can't be reached, so nobody knows whose the token is. The message says where, and how that showed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line's options answered beforehand; None has to be asked."""

    token_file: Path | None = None
    model: str | None = None
    device: str | None = None
    ceiling: str | None = None
    servers: str | None = None
    data: str | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class _Token:
    """`typed` has to be written to `file`; else `file` holds it, or, where that is None, the environment does."""

    bot: KnownBot | None
    file: Path | None
    typed: SecretStr | None = None


class Setup:
    """One run. `settings` are those that hold so far; `file` is what gets written, and `settings` may come from it."""

    def __init__(self, settings: Settings, file: Path, questions: Questions, check_token: CheckToken) -> None:
        self._settings = settings
        self._file = file
        self._ask = questions
        self._check_token = check_token

    def run(self, given: Given, environment: Mapping[str, str]) -> KnownBot | None:
        """Ask, check, write; returns the bot, or None where Discord couldn't be asked.

        Raises:
            Unfit: an answer can't be taken and nobody can be asked for another.
            SettingsError: what was settled before can't be read.
            OSError: a file can't be read or written.
            click.Abort: somebody changed their mind; nothing was written.
        """
        before = self._before(given)
        token = self._token(given, environment)
        source = self._model(given)
        device = self._device(given, source)
        ceiling = self._ask.settle(
            "The strongest rating in channels that Discord marks as age-restricted "
            f"({', '.join(rating.value for rating in Rating)})",
            given.ceiling,
            self._settings.policy.age_restricted_ceiling,
            _rating,
        )
        servers = self._ask.settle(
            f"The only servers to work in, by their ids with commas between, or {EVERYWHERE}",
            given.servers,
            ", ".join(map(str, self._settings.discord.servers)) or EVERYWHERE,
            _servers,
        )
        data = self._ask.settle(
            "Folder for pictures and the database", given.data, str(self._settings.paths.data), _data_folder
        )
        answers: Tables = {
            "discord": {"servers": servers} | ({} if token.file is None else {"token_file": str(token.file)}),
            "model": {"source": source, "device": device},
            "policy": {"age_restricted_ceiling": ceiling.value},
            "paths": {"data": data},
        }
        token_file = token.file or self._file.with_name(TOKEN_FILE)
        write(self._file, with_answers(before, answers), token.typed, token_file)
        click.echo(f"\nWritten: {self._file}" + (f" and {token_file}" if token.typed is not None else ""))
        return token.bot

    def _before(self, given: Given) -> Tables:
        if not self._file.exists():
            return {}
        question = (
            f"{self._file} is there already. Change it? What isn't asked about stays, but for its comments"
        )
        if not given.replace and not self._ask.agrees(question, unasked=False):
            raise Unfit(
                f"{self._file} stays as it is. Another one: --config FILE; or let it be changed: --replace"
            )
        return read_tables(self._file)

    def _token(self, given: Given, environment: Mapping[str, str]) -> _Token:
        if given.token_file is not None:
            return self._held_token(given.token_file, {})
        if environment.get(TOKEN_VARIABLE, "").strip():
            click.echo(f"The token is in the environment, as {TOKEN_VARIABLE}.")
            return self._held_token(None, environment)
        file = Path(self._settings.discord.token_file or self._file.with_name(TOKEN_FILE))
        if file.exists() and not self._ask.agrees(
            f"There is a token in {file}. Put a new one in its place?", unasked=False
        ):
            try:
                return self._held_token(file, {})
            except Unfit as refusal:
                if not self._ask.asks:
                    raise
                click.echo(f"  {refusal}")
        if not self._ask.asks:
            raise Unfit(
                f"There is no token: name the file that holds it (--token-file), or set {TOKEN_VARIABLE}."
            )
        click.echo(WHERE_TOKENS_ARE)
        return self._ask.secret("Token", lambda text: self._typed_token(text, file))

    def _typed_token(self, text: str, file: Path) -> _Token:
        try:
            token = checked_token(text, "what you typed")
        except SettingsError as error:
            raise Unfit(f"{error}.") from None
        return _Token(self._bot_of(token), file, token)

    def _held_token(self, file: Path | None, environment: Mapping[str, str]) -> _Token:
        """Try the token that is in a file or in the environment."""
        discord = self._settings.discord.model_copy(update={"token_file": str(file or "")})
        try:
            token = read_token(self._settings.model_copy(update={"discord": discord}), environment)
        except SettingsError as error:
            raise Unfit(str(error)) from None
        if token is None:
            raise AssertionError("the caller named a file, or saw the variable")
        try:
            return _Token(self._bot_of(token), file)
        except Unfit as refusal:
            raise Unfit(f"{file or TOKEN_VARIABLE}: {refusal}") from None

    def _bot_of(self, token: SecretStr) -> KnownBot | None:
        try:
            bot = self._check_token(token)
        except DiscordSilent as silence:
            click.echo(f"  {silence}")
            if self._ask.agrees("Go on with a token that nobody has tried?", unasked=False):
                return None
            raise Unfit("The token must be tried first, and Discord doesn't answer.") from None
        click.echo(f"  It is that of {bot.name}.")
        return bot

    def _model(self, given: Given) -> str:
        def check(answer: str) -> str:
            # Only what is here is worth a pair of eyes: a name on the hub may be asked for tomorrow.
            source = self._source(answer, "cpu")
            try:
                if read_model_shape(source) is not None:
                    click.echo("  It is on this machine, and whole.")
                    return answer
                require_on_hub(source)
            except ModelLoadError as error:
                raise Unfit(f"{answer} can't be used: {error.reason}.") from None
            except HubUnreachable as error:
                click.echo(f"  The hub can't be asked for it now ({error}).")
                if not self._ask.agrees("Go on? The first start has to download it", unasked=True):
                    raise Unfit("Then name a folder or a .safetensors file on this machine.") from None
                return answer
            click.echo("  The hub has it; the first start downloads about 7 GB.")
            return answer

        return self._ask.settle(
            "Model: a name on the hub, a folder, or a .safetensors file",
            given.model,
            self._settings.model.source,
            check,
        )

    def _device(self, given: Given, model: str) -> str | list[str]:
        click.echo(f"  This machine has {', '.join(_devices())}.")

        def check(answer: str) -> str | list[str]:
            names = [name.strip() for name in answer.split(",")]
            try:
                ModelSettings(device=tuple(names))
            except ValidationError:
                raise Unfit("Each must be auto, cpu, mps, cuda or cuda:<number>.") from None
            for name in dict.fromkeys(names):
                self._see_whether_it_fits(model, name)
            return names if len(names) > 1 else names[0]

        return self._ask.settle(
            "Device: auto, or one or several of these by name, with commas between",
            given.device,
            ", ".join(self._settings.model.devices),
            check,
        )

    def _see_whether_it_fits(self, model: str, device: str) -> None:
        try:
            plan, planned = plan_here(self._source(model, device))
        except ModelLoadError as error:
            raise Unfit(f"{device} can't be used: {error.reason}.") from None
        slow = " Without a GPU a picture takes minutes." if planned.device == "cpu" else ""
        click.echo(f"  On {planned.device}: {conclusion(plan)}{slow}")
        is_fit = plan.memory_bytes is None or plan.fits
        if not is_fit and not self._ask.agrees("Use it all the same?", unasked=True):
            raise Unfit("Then name another device, or end this with Ctrl-C and choose a smaller model.")

    def _source(self, model: str, device: str) -> ModelSource:
        settled = self._settings.model
        return ModelSource(
            source=model,
            revision=settled.revision or None,
            device=device,
            dtype=settled.dtype,
            config=settled.config or None,
        )


def _devices() -> list[str]:
    """What torch can draw on here, by the names that settings take."""
    import torch  # noqa: PLC0415 - takes seconds

    gpus = [
        f"cuda:{index} ({torch.cuda.get_device_name(index)})" for index in range(torch.cuda.device_count())
    ]
    return [*gpus, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def _rating(answer: str) -> Rating:
    try:
        return Rating(answer.lower())
    except ValueError:
        raise Unfit(f"It must be one of {', '.join(rating.value for rating in Rating)}.") from None


def _servers(answer: str) -> list[int]:
    if answer.lower() == EVERYWHERE:
        return []
    words = answer.replace(",", " ").split()
    if not words or not all(re.fullmatch(r"\d{17,19}", word) for word in words):
        raise Unfit(
            f"A server's id is a number of 17 to 19 digits. Discord has it in the server's menu, when developer mode "
            f"is on under Settings → Advanced. Or type {EVERYWHERE}."
        )
    return [int(word) for word in words]


def _data_folder(answer: str) -> str:
    """Whether the folder is there or can be made, with a word on its room."""
    folder = Path(answer).expanduser().absolute()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise Unfit(f"{nearest} is a file.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise Unfit(f"{nearest} can't be written to.")
    click.echo(f"  {shutil.disk_usage(nearest).free / 1e9:.1f} GB are free there.")
    return str(folder) if answer.startswith("~") else answer
