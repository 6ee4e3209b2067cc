"""How a mistake in the settings is told: in one line, with nothing in it that may be secret."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from generation.model_profile import ModelProfile
from settings.sections import LoraSettings
from settings.settings import ENV_PREFIX, Settings
from settings.tokens import TOKEN_VARIABLE

SHOWN_LENGTH = 200
"""As much of a wrong value is repeated: enough to find it."""


def in_one_line(error: ValidationError, file: Path) -> str:
    """Tell the first mistake: where it stands, its value, what is allowed there."""
    problem = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    where = place_of(key, file)
    value = "" if _may_be_secret(problem["loc"]) else f" = {shown(problem['input'])}"
    if problem["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{where}{value}: no such setting; {_known_keys(problem['loc'])}"
    if problem["type"] == "missing":
        return f"{where}: is missing"
    allowed = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    if problem["type"] in ("model_type", "dict_type", "dataclass_type"):
        allowed = "must be a table"
    return f"{where}{value}: {in_a_line(allowed)}"


def _may_be_secret(location: tuple[int | str, ...]) -> bool:
    """Whether somebody may have put a token or password there, by its name or by its section."""
    named = re.search("token|secret|password|key", ".".join(map(str, location)), re.IGNORECASE)
    return named is not None or location[0] not in Settings.model_fields.keys() - {"discord", "database"}


def place_of(key: str, file: Path) -> str:
    """Name the place a value came from: an environment variable if it is set, else the file."""
    variable = ENV_PREFIX + key.upper().replace(".", "__")
    key = in_a_line(key)
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


def shown(value: object) -> str:
    """Show a value in a line, without the password that an address may hold."""
    if isinstance(value, Mapping):
        return "a table"
    return in_a_line(re.sub("://.*@", "://***@", repr(value)))


def in_a_line(text: str) -> str:
    """Return a text's beginning, with nothing in it that ends a line or steers a terminal."""
    short = text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in short)
