"""What the bot needs in a channel, checked before the GPU runs rather than after."""

import discord

from cogs.errors import MissingPermissions

_TO_SHOW_PICTURES = ("view_channel", "attach_files", "embed_links")


def require_permissions(interaction: discord.Interaction) -> None:
    """Check the permissions that Discord states in the interaction; no cache or request is needed.

    Sending messages is among them because a picture that took longer than the interaction's 15 minutes comes
    as a message of its own.

    Raises:
        MissingPermissions: names what lacks.
    """
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed = (*_TO_SHOW_PICTURES, "send_messages_in_threads" if in_thread else "send_messages")
    granted = interaction.app_permissions
    if missing := tuple(name for name in needed if not getattr(granted, name)):
        raise MissingPermissions(missing)
