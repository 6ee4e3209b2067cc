"""The forms that values of settings have to have. Each raises a ValueError that says what is allowed."""

import re
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from generation.listed_tags import WORDS_MAX, ListedTags, UnreadableEntry


def http_url(value: str) -> str:
    """Return an address of the web without a slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address that starts with http:// or https://")
    return value.rstrip("/")


def device(value: str) -> str:
    """Return torch's name of a device."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value):
        raise ValueError("must be auto, cpu, mps, cuda or cuda:<number>")
    return value


def devices(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Return the names of one device or several."""
    for name in (value,) if isinstance(value, str) else value:
        device(name)
    if not value:
        raise ValueError("must name at least one device")
    return value


def ray_address(value: str) -> str:
    """Return the address of a Ray cluster; empty for one that the bot starts itself."""
    if not re.fullmatch(r"|auto|[^\s:/]+:\d+", value):
        raise ValueError('must be "", "auto" or the head\'s <host>:<port>')
    return value


def shard_ids(value: str) -> str:
    """Return a shard's number or a range of them; empty for all."""
    if not re.fullmatch(r"([0-9]{1,6}(-[0-9]{1,6})?)?", value):
        raise ValueError("must be a shard's number, or a range such as 0-3")
    return value


def database_url(value: str) -> str:
    """Return SQLAlchemy's address of a database; empty for a file beside the pictures."""
    if value and not re.match(r"(sqlite\+aiosqlite|postgresql\+asyncpg)://", value):
        raise ValueError("must start with sqlite+aiosqlite:// or postgresql+asyncpg://")
    try:
        make_url(value or "sqlite+aiosqlite://")
    except (ArgumentError, ValueError):
        raise ValueError("must be an address of a database, its special characters written as %..") from None
    return value


def listed_entry(text: str) -> str:
    """Return a tag or pattern of the operator's own lists."""
    try:
        ListedTags([text])
    except UnreadableEntry:
        raise ValueError(f"no tag or pattern of up to {WORDS_MAX} words: {text!r}") from None
    return text
