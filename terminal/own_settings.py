"""The operator's own settings file: only what differs from the defaults, and the token in a file beside it.

What is written is there whole or not at all. `config.toml` stays as it is: it documents the defaults.
"""

import os
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import SecretStr

from settings.reading import load_settings
from settings.settings import Settings

HEADING = """\
# Your own settings, written by `python bot.py setup`. What isn't here has the default that config.toml documents.
# Change them here or by another `setup`; a reload takes on most of them, the bot's next start all.

"""

TOKEN_MODE, NEW_SETTINGS_MODE = 0o600, 0o644
"""Who may read: the owner alone; everybody, as the service's own user may be another one."""

Tables = dict[str, dict[str, Any]]
"""Settings as TOML has them: by section, then by key."""


def read_tables(file: Path) -> Tables:
    """What the operator has settled so far; nothing where there is no file.

    Raises:
        OSError: it can't be read.
        tomllib.TOMLDecodeError, UnicodeDecodeError: it is no TOML.
    """
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def with_answers(tables: Mapping[str, Mapping[str, Any]], answers: Tables) -> Tables:
    """Put answers into what was settled before. One that is the default goes, so that later defaults count."""
    # Not `Settings()`, which would take what the environment says for the defaults.
    defaults = Settings.model_construct().model_dump(mode="json")
    merged = {section: dict(keys) for section, keys in tables.items()}
    for section, keys in answers.items():
        kept = {**merged.get(section, {}), **keys}
        merged[section] = {
            key: value for key, value in kept.items() if key not in keys or value != defaults[section][key]
        }
    return {section: keys for section, keys in merged.items() if keys}


def write(file: Path, tables: Tables, token: SecretStr | None, token_file: Path) -> None:
    """Write the settings, and the token if there is one, which this user alone may read.

    Raises:
        OSError: a file can't be written.
        SettingsError: what would be written isn't allowed.
    """
    mode = file.stat().st_mode & 0o777 if file.exists() else NEW_SETTINGS_MODE
    with ExitStack() as stack:
        settings_draft = _draft(stack, file, HEADING + tomli_w.dumps(tables), mode)
        load_settings(settings_draft)
        if token is not None:
            # First, so that the settings never name a file that isn't there.
            _draft(stack, token_file, f"{token.get_secret_value()}\n", TOKEN_MODE).replace(token_file)
        settings_draft.replace(file)


def _draft(stack: ExitStack, file: Path, text: str, mode: int) -> Path:
    """Write a file beside `file`, which goes when the stack closes unless it was moved into place."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    draft = Path(name)
    stack.callback(draft.unlink, missing_ok=True)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        draft.chmod(mode)
        _give_to_owner_of(file, draft)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return draft


def _give_to_owner_of(file: Path, draft: Path) -> None:
    """Let a file that is replaced keep its owner: root may run `setup`, and another user the bot. Windows has none."""
    if not file.exists() or sys.platform == "win32":
        return
    owned = file.stat()
    if (owned.st_uid, owned.st_gid) != (draft.stat().st_uid, draft.stat().st_gid):
        os.chown(draft, owned.st_uid, owned.st_gid)
