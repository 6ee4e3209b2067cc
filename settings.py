"""Every setting of the bot: its type, default and bounds, and how a mistake in one is told in a line.

`config.toml` documents them for operators. Only `bot.py` reads settings; the rooms get plain values.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import pydantic_settings
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from generation.content_policy import ContentPolicy
from generation.limits import Limits, LimitTable
from generation.listed_tags import WORDS_MAX, ListedTags, UnreadableEntry
from generation.lora_catalogue import LoraEntry
from generation.model_profile import BUILT_IN_PROFILES, ModelProfile
from generation.rating import Rating
from generation.rating_classifier import RatingClassifier

ENV_PREFIX = "ANIM4GINE_"
TOKEN_VARIABLE = "DISCORD_TOKEN"  # noqa: S105 - the variable's name, not a token
WATCH_TOKEN_VARIABLE = "WATCH_TOKEN"  # noqa: S105 - as above

SHOWN_LENGTH = 200
"""As much of a wrong value is repeated: enough to find it."""


class SettingsError(Exception):
    """A setting is wrong. The message is one line: where, which key, which value, what is allowed."""


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address that starts with http:// or https://")
    return value.rstrip("/")


def _device(value: str) -> str:
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value):
        raise ValueError("must be auto, cpu, mps, cuda or cuda:<number>")
    return value


def _devices(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    for name in (value,) if isinstance(value, str) else value:
        _device(name)
    if not value:
        raise ValueError("must name at least one device")
    return value


def _ray_address(value: str) -> str:
    if not re.fullmatch(r"|auto|[^\s:/]+:\d+", value):
        raise ValueError('must be "", "auto" or the head\'s <host>:<port>')
    return value


def _shard_ids(value: str) -> str:
    if not re.fullmatch(r"([0-9]{1,6}(-[0-9]{1,6})?)?", value):
        raise ValueError("must be a shard's number, or a range such as 0-3")
    return value


def _database_url(value: str) -> str:
    if value and not re.match(r"(sqlite\+aiosqlite|postgresql\+asyncpg)://", value):
        raise ValueError("must start with sqlite+aiosqlite:// or postgresql+asyncpg://")
    try:
        make_url(value or "sqlite+aiosqlite://")
    except (ArgumentError, ValueError):
        raise ValueError("must be an address of a database, its special characters written as %..") from None
    return value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class DiscordSettings(_Section):
    """`[discord]`: how to reach Discord, and which of the bot's shards are this process's."""

    api_base: Annotated[str, AfterValidator(_http_url)] = "https://discord.com/api/v10"
    token_file: str = ""
    shard_count: Literal["auto"] | Annotated[int, Field(ge=1, le=100_000)] = "auto"
    shard_ids: Annotated[str, AfterValidator(_shard_ids)] = ""
    servers: tuple[Annotated[int, Field(ge=1, lt=2**63)], ...] = ()

    @model_validator(mode="after")
    def _shards_exist(self) -> Self:
        if not self.shard_ids:
            return self
        if self.shard_count == "auto":
            raise ValueError("shard_ids needs a number as shard_count, the same in all processes")
        if not self.shards or self.shards[-1] >= self.shard_count:
            raise ValueError(
                f"shard_ids must be one or a range of 0-{self.shard_count - 1}, such as 0-{self.shard_count - 1}"
            )
        return self

    @property
    def shards(self) -> range | None:
        """The shards of this process; None for all."""
        if not self.shard_ids:
            return None
        first, _, last = self.shard_ids.partition("-")
        return range(int(first), int(last or first) + 1)

    @property
    def is_one_of_several(self) -> bool:
        """Whether other processes have other shards."""
        return self.shards is not None and len(self.shards) != self.shard_count

    @property
    def instance(self) -> str:
        """What this process is called among those of the bot, the same after a restart."""
        return f"shards {self.shard_ids}" if self.is_one_of_several else "all"


class ModelSettings(_Section):
    """`[model]`: what draws, and on what."""

    source: Annotated[str, Field(min_length=1)] = "cagliostrolab/animagine-xl-4.0"
    revision: str = ""
    profile: str = "animagine-xl-4.0"
    device: Annotated[str | tuple[str, ...], AfterValidator(_devices)] = "auto"
    dtype: Literal["auto", "float16", "bfloat16", "float32"] = "auto"
    config: str = ""
    lora_folder: str = ""
    controlnet: str = ""

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that `device` names, one or several."""
        return (self.device,) if isinstance(self.device, str) else self.device


class DrawingSettings(_Section):
    """`[drawing]`: where the engine is, and how it uses its devices."""

    engine: Literal["local", "ray"] = "local"
    max_batch_slots: Literal["auto"] | Annotated[int, Field(ge=1, le=64)] = "auto"
    exact_replay: bool = False
    preview_interval_s: Annotated[float, Field(ge=0, le=60)] = 4.0
    compile: bool = False
    float8: bool = False

    @model_validator(mode="after")
    def _repeats_or_compiles(self) -> Self:
        if self.exact_replay and self.compile:
            raise ValueError("exact_replay and compile can't both be on: compiled steps round otherwise")
        return self


class RaySettings(_Section):
    """`[ray]`: how an engine on Ray is spread out."""

    address: Annotated[str, AfterValidator(_ray_address)] = ""
    application: Annotated[str, Field(pattern=r"^[\w-]{1,60}$")] = "anim4gine"
    min_replicas: Annotated[int, Field(ge=1, le=1_000)] = 1
    max_replicas: Annotated[int, Field(ge=1, le=1_000)] = 1
    pictures_per_replica: Annotated[float, Field(gt=0, le=64)] = 0.75
    gpus_per_replica: Annotated[float, Field(ge=0, le=1)] = 1.0
    cpus_per_replica: Annotated[float, Field(ge=0, le=64)] = 1.0

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.min_replicas > self.max_replicas:
            raise ValueError("min_replicas can't be more than max_replicas")
        return self


class LoraSettings(_Section):
    """`[loras.<file name>]`: what the operator says of one of the LoRAs in `model.lora_folder`."""

    title: Annotated[str, Field(max_length=80)] = ""
    triggers: str = ""
    weight: Annotated[float, Field(ge=-2, le=2)] = 1.0
    rating: Literal["safe", "sensitive", "nsfw", "explicit"] = "safe"

    @property
    def entry(self) -> LoraEntry:
        """The same in the generation's words."""
        triggers = tuple(tag.strip() for tag in self.triggers.split(",") if tag.strip())
        return LoraEntry(title=self.title, triggers=triggers, weight=self.weight, rating=Rating(self.rating))


class PathSettings(_Section):
    """`[paths]`: where files go, and where the operator's wildcards are."""

    data: Path = Path("data")
    wildcards: Path = Path("wildcards")


class DatabaseSettings(_Section):
    """`[database]`: where jobs and settings are remembered."""

    url: Annotated[str, AfterValidator(_database_url)] = ""
    lease_s: Annotated[float, Field(ge=1, le=3_600)] = 60.0


_Limit = Annotated[int, Field(ge=1, le=1_000_000)]
_DailyLimit = Annotated[int, Field(ge=0, le=100_000_000)]


class OwnLimitSettings(_Section):
    """`[limits.roles.<id>]` and `[limits.servers.<id>]`: what a role or server has of its own."""

    requests_per_minute: _Limit | None = None
    waiting_per_person: _Limit | None = None
    images_per_day: _DailyLimit | None = None
    server_images_per_day: _DailyLimit | None = None
    server_waiting: _DailyLimit | None = None
    weight: Annotated[float, Field(gt=0, le=100)] | None = None

    @property
    def limits(self) -> Limits:
        """The same in the service's words."""
        return Limits(
            requests_per_minute=self.requests_per_minute,
            waiting_per_person=self.waiting_per_person,
            images_per_day=self.images_per_day or None,
            guild_images_per_day=self.server_images_per_day or None,
            guild_waiting=self.server_waiting or None,
            weight=self.weight,
        )


class LimitSettings(_Section):
    """`[limits]`: how much people may ask for. 0 images a day, or 0 waiting in a server, is no limit."""

    requests_per_minute: _Limit = 6
    waiting_per_person: _Limit = 3
    images_per_day: _DailyLimit = 0
    server_images_per_day: _DailyLimit = 0
    server_waiting: _DailyLimit = 0
    queue_length: _Limit = 500
    prompt_tokens: Annotated[int, Field(ge=75, le=1_500)] = 225
    steps: Annotated[int, Field(ge=1, le=100)] = 50
    roles: dict[int, OwnLimitSettings] = {}
    servers: dict[int, OwnLimitSettings] = {}

    @property
    def table(self) -> LimitTable:
        """The same in the service's words."""
        return LimitTable(
            everybody=Limits(
                requests_per_minute=self.requests_per_minute,
                waiting_per_person=self.waiting_per_person,
                images_per_day=self.images_per_day or None,
                guild_images_per_day=self.server_images_per_day or None,
                guild_waiting=self.server_waiting or None,
                queue_length=self.queue_length,
                weight=1.0,
            ),
            by_guild={guild_id: own.limits for guild_id, own in self.servers.items()},
            by_role={role_id: own.limits for role_id, own in self.roles.items()},
        )


class ImageSettings(_Section):
    """`[images]`: how long finished pictures are kept."""

    keep_days: Annotated[int, Field(ge=1, le=36_500)] = 30
    keep_gb: Annotated[float, Field(gt=0, le=1_000_000)] = 20.0


def _entry(text: str) -> str:
    try:
        ListedTags([text])
    except UnreadableEntry:
        raise ValueError(f"no tag or pattern of up to {WORDS_MAX} words: {text!r}") from None
    return text


_Entries = tuple[Annotated[str, AfterValidator(_entry)], ...]


class PolicySettings(_Section):
    """`[policy]`: what may be drawn at most by kind of place, tags of the operator's own, and what follows attempts."""

    everyday_ceiling: Literal["safe", "sensitive"] = "sensitive"
    age_restricted_ceiling: Literal["safe", "sensitive", "nsfw", "explicit"] = "safe"
    direct_ceiling: Literal["safe", "sensitive"] = "safe"
    blocked: _Entries = ()
    allowed: _Entries = ()
    attempts_before_block: Annotated[int, Field(ge=1, le=100)] = 3
    block_days: Annotated[float, Field(gt=0, le=3_650)] = 7.0
    classifier: str = ""
    classifier_ratings: dict[str, Literal["safe", "sensitive", "nsfw", "explicit"]] = {}

    @property
    def content_policy(self) -> ContentPolicy:
        """The same in the service's words."""
        return ContentPolicy(
            everyday_ceiling=Rating(self.everyday_ceiling),
            age_restricted_ceiling=Rating(self.age_restricted_ceiling),
            direct_ceiling=Rating(self.direct_ceiling),
            blocked=ListedTags(self.blocked),
            allowed=ListedTags(self.allowed),
        )

    @property
    def rating_classifier(self) -> RatingClassifier | None:
        """What looks at finished pictures, not loaded yet; None where nothing does."""
        if not self.classifier:
            return None
        ratings = {label: Rating(rating) for label, rating in self.classifier_ratings.items()}
        return RatingClassifier(Path(self.classifier).expanduser(), ratings)


class LoggingSettings(_Section):
    """`[logging]`: what the log tells, and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["text", "json"] = "text"


class WatchSettings(_Section):
    """`[watch]`: the operators' own web server. Port 0 is none."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    token_file: str = ""


class SandboxSettings(_Section):
    """`[sandbox]`: the stand-in for Discord on this machine."""

    port: Annotated[int, Field(ge=0, le=65_535)] = 8484


class Settings(BaseSettings):
    """All settings. The environment outranks the file, the file outranks the defaults."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    discord: DiscordSettings = DiscordSettings()
    model: ModelSettings = ModelSettings()
    drawing: DrawingSettings = DrawingSettings()
    ray: RaySettings = RaySettings()
    paths: PathSettings = PathSettings()
    database: DatabaseSettings = DatabaseSettings()
    limits: LimitSettings = LimitSettings()
    images: ImageSettings = ImageSettings()
    policy: PolicySettings = PolicySettings()
    logging: LoggingSettings = LoggingSettings()
    watch: WatchSettings = WatchSettings()
    sandbox: SandboxSettings = SandboxSettings()
    loras: dict[str, LoraSettings] = {}
    profiles: dict[str, ModelProfile] = {}

    @property
    def database_url(self) -> str:
        """Where jobs are remembered: `database.url`, or a file beside the pictures."""
        return self.database.url or f"sqlite+aiosqlite:///{self.paths.data / 'anim4gine.db'}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the file says arrives as constructor arguments; the environment goes before it."""
        return env_settings, init_settings

    @property
    def profile(self) -> ModelProfile:
        """The model profile that `model.profile` names."""
        return {**BUILT_IN_PROFILES, **self.profiles}[self.model.profile]


def load_settings(file: Path) -> Settings:
    """Read settings from `file` (a missing one means defaults) and the environment.

    Raises:
        SettingsError: one line on the first mistake found.
    """
    content = _read_toml(file)
    _refuse_unknown_variables()
    try:
        settings = Settings(**content)
    except ValidationError as error:
        raise SettingsError(_one_line(error, file)) from None
    except pydantic_settings.SettingsError as error:
        reason = _in_a_line(str(error))
        raise SettingsError(f"environment: {reason}; lists and tables are written as JSON there") from None
    if settings.drawing.engine == "ray" and len(settings.model.devices) > 1:
        where = _where("model.device", file)
        raise SettingsError(f'{where}: must be one device with drawing.engine = "ray"; each replica has one')
    known_profiles = sorted({*BUILT_IN_PROFILES, *settings.profiles})
    if settings.model.profile not in known_profiles:
        where = _where("model.profile", file)
        known = _in_a_line(", ".join(known_profiles))
        raise SettingsError(f"{where} = {_shown(settings.model.profile)}: must be one of {known}")
    if settings.discord.is_one_of_several and settings.database_url.startswith("sqlite"):
        where = _where("discord.shard_ids", file)
        raise SettingsError(
            f"{where} = {_shown(settings.discord.shard_ids)}: several processes need a PostgreSQL in common, as "
            "database.url; with SQLite leave shard_ids empty, and one process serves all shards"
        )
    return settings


def read_token(settings: Settings, environment: Mapping[str, str]) -> SecretStr | None:
    """Find the bot's token: the environment variable `DISCORD_TOKEN`, else the file that a setting names.

    Raises:
        SettingsError: the file can't be read or is empty, or what is there is no token.
    """
    if token := environment.get(TOKEN_VARIABLE, "").strip():
        return checked_token(token, f"environment variable {TOKEN_VARIABLE}")
    secret = _secret_in("discord.token_file", settings.discord.token_file)
    return secret and checked_token(secret.get_secret_value(), settings.discord.token_file)


def checked_token(text: str, where: str) -> SecretStr:
    """Take a text for the bot's token if it could be one: it is sent in a header, which takes no line breaks.

    Raises:
        SettingsError: it has spaces, line breaks or other letters than a token's.
    """
    if re.search(r"[^\x21-\x7e]", text):
        raise SettingsError(
            f"{where}: a token has no spaces, line breaks or letters with marks; copy it again"
        )
    return SecretStr(text)


def read_watch_token(settings: Settings, environment: Mapping[str, str]) -> SecretStr | None:
    """Find the status page's token: the environment variable `WATCH_TOKEN`, else the file that a setting names.

    Raises:
        SettingsError: the file can't be read or is empty.
    """
    if token := environment.get(WATCH_TOKEN_VARIABLE, "").strip():
        return SecretStr(token)
    return _secret_in("watch.token_file", settings.watch.token_file)


def _secret_in(setting: str, file: str) -> SecretStr | None:
    """Read the secret in the file that `setting` names; None where it names none."""
    if not file:
        return None
    path = Path(file).expanduser()
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise SettingsError(f"{setting} = {str(path)!r}: can't be read: {reason}") from None
    if not secret:
        raise SettingsError(f"{setting} = {str(path)!r}: the file is empty")
    return SecretStr(secret)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {_in_a_line(str(error))}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not a UTF-8 text file") from None
    except (RecursionError, ValueError):
        # What the parser itself doesn't turn into its own error: numbers of thousands of digits, thousands of brackets.
        raise SettingsError(f"{file}: not valid TOML: a value is too long or nested too deep") from None
    except OSError as error:
        raise SettingsError(f"{file}: can't be read: {error.strerror}") from None


def _refuse_unknown_variables() -> None:
    """pydantic-settings overlooks variables of unknown sections; a typing error deserves a word."""
    for variable in os.environ:
        section, _, key = variable.upper().removeprefix(ENV_PREFIX).partition("__")
        if not variable.upper().startswith(ENV_PREFIX):
            continue
        if section.lower() not in Settings.model_fields or not key:
            allowed = ", ".join(Settings.model_fields)
            raise SettingsError(
                f"environment variable {variable}: no such setting; the form is "
                f"{ENV_PREFIX}<SECTION>__<KEY>, the sections are {allowed}"
            )


def _one_line(error: ValidationError, file: Path) -> str:
    problem = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    where = _where(key, file)
    value = "" if _may_be_secret(problem["loc"]) else f" = {_shown(problem['input'])}"
    if problem["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{where}{value}: no such setting; {_known_keys(problem['loc'])}"
    if problem["type"] == "missing":
        return f"{where}: is missing"
    allowed = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if problem["type"] in ("model_type", "dict_type", "dataclass_type"):
        allowed = "must be a table"
    return f"{where}{value}: {_in_a_line(allowed)}"


def _may_be_secret(location: tuple[int | str, ...]) -> bool:
    """Whether somebody may have put a token or password there, by its name or by its section."""
    named = re.search("token|secret|password|key", ".".join(map(str, location)), re.IGNORECASE)
    return named is not None or location[0] not in Settings.model_fields.keys() - {"discord", "database"}


def _where(key: str, file: Path) -> str:
    """Name the place a value came from: an environment variable if it is set, else the file."""
    variable = ENV_PREFIX + key.upper().replace(".", "__")
    key = _in_a_line(key)
    for name in os.environ:
        if name.upper() == variable:
            return f"environment variable {name} ({key})"
    return f"{file}: {key}"


def _known_keys(location: tuple[int | str, ...]) -> str:
    """Say what could have been meant."""
    if "token" in str(location[-1]).lower():
        return (
            f"a token belongs in the environment variable {TOKEN_VARIABLE} or in the file discord.token_file"
        )
    section = Settings.model_fields.get(str(location[0]))
    if len(location) == 1 or section is None:
        return f"the sections are {', '.join(Settings.model_fields)}"
    if isinstance(section.annotation, type) and issubclass(section.annotation, BaseModel):
        return f"[{location[0]}] knows {', '.join(section.annotation.model_fields)}"
    if location[0] == "loras":
        return f"a LoRA knows {', '.join(LoraSettings.model_fields)}"
    return f"a profile knows {', '.join(ModelProfile.__dataclass_fields__)}"


def _shown(value: object) -> str:
    """Show a value in a line, without the password that an address may hold."""
    if isinstance(value, Mapping):
        return "a table"
    return _in_a_line(re.sub("://.*@", "://***@", repr(value)))


def _in_a_line(text: str) -> str:
    """Return a text's beginning, with nothing in it that ends a line or steers a terminal."""
    short = text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in short)
