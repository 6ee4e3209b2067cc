"""What the bot needs in a channel, checked before the GPU runs rather than after."""

from collections.abc import Sequence

import discord

from cogs.errors import MissingPermissions

_TO_SHOW_PICTURES = ("view_channel", "attach_files", "embed_links")
_TO_REPORT = ("view_channel", "send_messages", "embed_links")
TO_HOLD_CONTESTS = (*_TO_SHOW_PICTURES, "send_messages", "send_messages_in_threads", "read_message_history")
"""What a contest needs where its card and its entries are shown, by discord.py's names."""
TO_OPEN_THREADS = "create_public_threads"
"""What it needs besides, where its thread has to be opened."""

NEEDED = discord.Permissions(**dict.fromkeys((*TO_HOLD_CONTESTS, TO_OPEN_THREADS), True))
"""What the bot is invited with: enough for every command."""

EXTRAS = {
    "create_events": "contests stand among the server's own events",
    "manage_roles": "a contest's winner gets a role",
}
"""What servers may grant besides, by discord.py's names, and what they get for it."""


def require_permissions(interaction: discord.Interaction) -> None:
    """Check the permissions that Discord states in the interaction; no cache or request is needed.

    Sending messages is among them because a picture that took longer than the interaction's 15 minutes comes
    as a message of its own.

    Raises:
        MissingPermissions: names what lacks.
    """
    if missing := missing_permissions(interaction):
        raise MissingPermissions(missing)


def missing_permissions(interaction: discord.Interaction) -> tuple[str, ...]:
    """Which of those the bot lacks, by discord.py's names."""
    needed = (*_TO_SHOW_PICTURES, _to_write(interaction))
    return tuple(name for name in needed if not getattr(interaction.app_permissions, name))


def may_write(interaction: discord.Interaction) -> bool:
    """Whether the bot may post a message of its own where the interaction happened."""
    granted = interaction.app_permissions
    return granted.view_channel and getattr(granted, _to_write(interaction))


def named(permissions: Sequence[str]) -> str:
    """Permissions by the names that Discord's own program has for them, as near as discord.py's come."""
    return ", ".join(f"**{name.replace('_', ' ').title()}**" for name in permissions)


def missing_to_report(channel: discord.abc.GuildChannel) -> tuple[str, ...]:
    """What the bot lacks to tell moderators of a report in `channel`."""
    granted = channel.permissions_for(channel.guild.me)
    return tuple(name for name in _TO_REPORT if not getattr(granted, name))


def _to_write(interaction: discord.Interaction) -> str:
    return "send_messages_in_threads" if isinstance(interaction.channel, discord.Thread) else "send_messages"
