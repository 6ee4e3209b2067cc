"""What can hinder a person in Discord before a request even reaches the generation service."""

from dataclasses import dataclass

from discord.app_commands import AppCommandError


class CogError(AppCommandError):
    """The root of what commands, their checks and components raise; each carries facts, `refusals.py` has the words.

    What a check raises reaches the one who asked only if discord.py knows its kind.
    """


@dataclass(eq=False)
class MissingPermissions(CogError):
    """The bot lacks `permissions` (discord.py's names) in the channel of the command."""

    permissions: tuple[str, ...]


@dataclass(eq=False)
class LogChannelClosed(CogError):
    """The bot lacks `permissions` (discord.py's names) in the channel that reports shall go to."""

    channel_id: int
    permissions: tuple[str, ...]


@dataclass(eq=False)
class EntryUnusable(CogError):
    """`entry` is no tag or pattern that a list can hold."""

    entry: str


@dataclass(eq=False)
class ListFull(CogError):
    """A server's list of tags has `allowed` entries, the most it may have."""

    allowed: int


class NotAgeRestricted(CogError):
    """What may be shown in age-restricted channels only was asked for in another one."""


class NotChosenServer(CogError):
    """The operator keeps the bot to other servers."""


class NotYours(CogError):
    """Only the asker and moderators may do this to a picture."""


@dataclass(eq=False)
class PresetUnknown(CogError):
    """There is no preset of this name, neither the person's nor the server's."""

    name: str


@dataclass(eq=False)
class WildcardUnreadable(CogError):
    """A list's name or entries can't be kept. Both limits are what may be: entries, and letters of each."""

    entries: int
    letters: int


class ModeratorsOnly(CogError):
    """Only those who manage the server may do this."""


class ServersOnly(CogError):
    """This needs a server, and there is none in direct messages."""


class OperatorsOnly(CogError):
    """The command is for those who run the bot."""


@dataclass(eq=False)
class ReloadRefused(CogError):
    """The settings can't be read again. `reason` is for operators: where the mistake is, and what is allowed."""

    reason: str


class CommandChanged(CogError):
    """A command isn't, or doesn't take, what somebody's Discord takes it for."""


class DatabaseOutOfReach(CogError):
    """What somebody wants needs the database, which is away."""


class NothingThere(CogError):
    """A button or menu was used that stands under no message of ours, or that this version doesn't have."""
