"""Where an interaction happened, in the words of the generation service."""

import discord

from generation.place import Place


def role_ids_of(interaction: discord.Interaction) -> tuple[int, ...]:
    """The roles of whoever acts, by their ids; none in direct messages."""
    return tuple(role.id for role in getattr(interaction.user, "roles", ()))


def place_of(interaction: discord.Interaction) -> Place:
    """Read the place from the interaction.

    A thread inherits its parent's age restriction; with the parent unknown it counts as not restricted.
    Direct messages are never age-restricted.
    """
    channel = interaction.channel
    is_nsfw = getattr(channel, "is_nsfw", None)
    return Place(
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        is_age_restricted=bool(interaction.guild_id and is_nsfw and is_nsfw()),
    )
