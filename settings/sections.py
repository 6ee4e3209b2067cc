"""The settings by their sections: types, defaults and bounds. `config.toml` documents them for operators."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from generation.content_policy import ContentPolicy
from generation.limits import Limits, LimitTable
from generation.listed_tags import ListedTags
from generation.lora_catalogue import LoraEntry
from generation.rating import Rating
from generation.rating_classifier import RatingClassifier
from settings import values


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class DiscordSettings(_Section):
    """`[discord]`: how to reach Discord, and which of the bot's shards are this process's."""

    api_base: Annotated[str, AfterValidator(values.http_url)] = "https://discord.com/api/v10"
    token_file: str = ""
    shard_count: Literal["auto"] | Annotated[int, Field(ge=1, le=100_000)] = "auto"
    shard_ids: Annotated[str, AfterValidator(values.shard_ids)] = ""
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
    device: Annotated[str | tuple[str, ...], AfterValidator(values.devices)] = "auto"
    dtype: Literal["auto", "float16", "bfloat16", "float32"] = "auto"
    config: str = ""
    lora_folder: str = ""
    controlnet: str = ""

    @property
    def lora_path(self) -> Path | None:
        """Where the LoRAs are; None where the operator has none."""
        return Path(self.lora_folder).expanduser() if self.lora_folder else None

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

    address: Annotated[str, AfterValidator(values.ray_address)] = ""
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


_Folder = Annotated[Path, AfterValidator(Path.expanduser)]


class PathSettings(_Section):
    """`[paths]`: where files go, and where the operator's wildcards are."""

    data: _Folder = Path("data")
    wildcards: _Folder = Path("wildcards")


class DatabaseSettings(_Section):
    """`[database]`: where jobs and settings are remembered."""

    url: Annotated[str, AfterValidator(values.database_url)] = ""
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


_Entries = tuple[Annotated[str, AfterValidator(values.listed_entry)], ...]


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
