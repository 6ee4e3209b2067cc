"""All settings as one value. Only the front door and the wiring read them; the rooms get plain values."""

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from generation.model_profile import BUILT_IN_PROFILES, ModelProfile
from settings.sections import (
    DatabaseSettings,
    DiscordSettings,
    DrawingSettings,
    ImageSettings,
    LimitSettings,
    LoggingSettings,
    LoraSettings,
    ModelSettings,
    PathSettings,
    PolicySettings,
    RaySettings,
    SandboxSettings,
    WatchSettings,
)

ENV_PREFIX = "ANIM4GINE_"


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
