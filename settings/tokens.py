"""The two secrets of the bot, which stand in the environment or in files of their own, never in the settings."""

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from settings.errors import SettingsError
from settings.settings import Settings

TOKEN_VARIABLE = "DISCORD_TOKEN"  # noqa: S105 - the variable's name, not a token
WATCH_TOKEN_VARIABLE = "WATCH_TOKEN"  # noqa: S105 - as above


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
