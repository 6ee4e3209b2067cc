"""Reads the settings from the operator's file and the environment."""

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic_settings
from pydantic import ValidationError

from generation.engine_options import FLOAT8_DTYPE
from generation.model_profile import BUILT_IN_PROFILES
from settings.errors import SettingsError
from settings.mistakes import in_a_line, in_one_line, place_of, shown
from settings.settings import ENV_PREFIX, Settings


class SettingsReader:
    """Reads the settings, and reads them again, from the file that `choose` names at that moment.

    A file that was there has to stay: a name mistyped in an editor mustn't undo every setting of a running bot.
    """

    def __init__(self, choose: Callable[[], Path]) -> None:
        self._choose = choose
        self._former: Path | None = None

    def read(self) -> Settings:
        """Read them, of any thread; blocks on the disk.

        Raises:
            SettingsError: one line on the first mistake found, or on the file that is gone.
        """
        file = self._choose()
        if self._former is not None and self._former != file and not self._former.exists():
            raise _gone(self._former)
        settings = load_settings(file, was_there=self._former == file)
        self._former = file if file.exists() else None
        return settings


def load_settings(file: Path, *, was_there: bool = False) -> Settings:
    """Read settings from `file` and the environment. A missing file means defaults, unless it `was_there`.

    Raises:
        SettingsError: one line on the first mistake found.
    """
    content = _read_toml(file, was_there=was_there)
    _refuse_unknown_variables()
    try:
        settings = Settings(**content)
    except ValidationError as error:
        raise SettingsError(in_one_line(error, file)) from None
    except pydantic_settings.SettingsError as error:
        reason = in_a_line(str(error))
        raise SettingsError(f"environment: {reason}; lists and tables are written as JSON there") from None
    _refuse_contradictions(settings, file)
    return settings


def _gone(file: Path) -> SettingsError:
    return SettingsError(
        f"{file}: it was there and isn't any more, and without it every setting would be its default"
    )


def _read_toml(file: Path, *, was_there: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if was_there:
            raise _gone(file) from None
        return {}
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {in_a_line(str(error))}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not a UTF-8 text file") from None
    except (RecursionError, ValueError):
        # What the parser itself doesn't turn into its own error: numbers of thousands of digits, thousands of brackets.
        raise SettingsError(f"{file}: not valid TOML: a value is too long or nested too deep") from None
    except OSError as error:
        raise SettingsError(f"{file}: can't be read: {error.strerror}") from None


def _refuse_contradictions(settings: Settings, file: Path) -> None:
    """Refuse what is right by itself, and wrong beside another setting."""
    if settings.drawing.engine == "ray" and len(settings.model.devices) > 1:
        where = place_of("model.device", file)
        raise SettingsError(f'{where}: must be one device with drawing.engine = "ray"; each replica has one')
    if settings.drawing.float8 and settings.model.dtype not in {"auto", FLOAT8_DTYPE}:
        where = place_of("model.dtype", file)
        raise SettingsError(
            f"{where} = {shown(settings.model.dtype)}: must be auto or {FLOAT8_DTYPE} with drawing.float8 = true"
        )
    known_profiles = sorted({*BUILT_IN_PROFILES, *settings.profiles})
    if settings.model.profile not in known_profiles:
        where = place_of("model.profile", file)
        known = in_a_line(", ".join(known_profiles))
        raise SettingsError(f"{where} = {shown(settings.model.profile)}: must be one of {known}")
    if settings.discord.is_one_of_several and settings.database_url.startswith("sqlite"):
        where = place_of("discord.shard_ids", file)
        raise SettingsError(
            f"{where} = {shown(settings.discord.shard_ids)}: several processes need a PostgreSQL in common, as "
            "database.url; with SQLite leave shard_ids empty, and one process serves all shards"
        )


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
