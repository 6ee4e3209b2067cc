"""What can hinder a person in Discord before a request even reaches the generation service."""

from dataclasses import dataclass


class CogError(Exception):
    """The root of what commands and components raise; each carries facts, `refusals.py` has the words."""


@dataclass(eq=False)
class MissingPermissions(CogError):
    """The bot lacks `permissions` (discord.py's names) in the channel of the command."""

    permissions: tuple[str, ...]


class OperatorsOnly(CogError):
    """The command is for those who run the bot."""
