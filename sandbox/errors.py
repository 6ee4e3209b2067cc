"""Discord's refusals: a status, a code, a message, sometimes the fields that were wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class ApiError(Exception):
    """An answer that says no, in Discord's JSON shape (topics/opcodes-and-status-codes)."""

    status: int
    code: int
    message: str
    errors: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON that goes out."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.errors:
            body["errors"] = self.errors
        return body


def unauthorized() -> ApiError:
    """No or a wrong bot token."""
    return ApiError(401, 0, "401: Unauthorized")


def unknown_channel() -> ApiError:
    """No such channel, or the bot doesn't see it."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_message() -> ApiError:
    """No such message, or it is deleted."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_guild() -> ApiError:
    """No such guild, or the bot isn't in it."""
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    """Nobody of this id is in the guild."""
    return ApiError(404, 10007, "Unknown Member")


def unknown_role() -> ApiError:
    """No such role in the guild."""
    return ApiError(404, 10011, "Unknown Role")


def unknown_scheduled_event() -> ApiError:
    """No such scheduled event in the guild, or it is deleted."""
    return ApiError(404, 10070, "Unknown Guild Scheduled Event")


def unknown_webhook() -> ApiError:
    """No interaction has this token, or it wasn't answered yet."""
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    """The first response came too late, or for an interaction that never was."""
    return ApiError(404, 10062, "Unknown interaction")


def already_acknowledged() -> ApiError:
    """A second first response."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def token_expired() -> ApiError:
    """The interaction's fifteen minutes are over."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def missing_permissions() -> ApiError:
    """The bot lacks a permission here."""
    return ApiError(403, 50013, "Missing Permissions")


def missing_access() -> ApiError:
    """The bot doesn't see this channel."""
    return ApiError(403, 50001, "Missing Access")


def empty_message() -> ApiError:
    """A message with nothing in it."""
    return ApiError(400, 50006, "Cannot send an empty message")


def too_large() -> ApiError:
    """A file, or all together, is over the limit."""
    return ApiError(413, 40005, "Request entity too large")


def invalid_form(path: str, code: str, message: str) -> ApiError:
    """A body whose field at the dotted `path` is wrong; `code` is Discord's, such as BASE_TYPE_BAD_LENGTH."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for key in reversed(path.split(".")):
        errors = {key: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors)


def too_long(path: str, limit: int) -> ApiError:
    """A text, or a list, over its limit."""
    return invalid_form(path, "BASE_TYPE_BAD_LENGTH", f"Must be {limit} or fewer in length.")
