"""Where an interaction happened, in the words of the generation service."""

from dataclasses import replace

import discord

from generation.place import Place


def role_ids_of(interaction: discord.Interaction) -> tuple[int, ...]:
    """The roles of whoever acts, by their ids; none in direct messages."""
    return tuple(role.id for role in getattr(interaction.user, "roles", ()))


def place_of(interaction: discord.Interaction) -> Place:
    """Read the place from the interaction.

    A thread inherits its parent's age restriction; with the parent unknown it counts as not restricted.
    Direct messages are never age-restricted, nor are servers that only the person has brought the bot to.
    """
    channel = interaction.channel
    guild_id = interaction.guild_id if interaction.is_guild_integration() else None
    return Place(
        guild_id=guild_id,
        channel_id=interaction.channel_id or 0,
        is_age_restricted=guild_id is not None and is_age_restricted(channel),
        parent_id=getattr(channel, "parent_id", None),
    )


async def place_now(client: discord.Client, place: Place) -> Place:
    """Return `place` with the age restriction that its channel has now.

    Raises:
        discord.HTTPException, CONNECTION_ERRORS: Discord can't be asked.
    """
    if not place.is_age_restricted:
        return place  # it could only allow more by now
    channel: object = client.get_channel(place.channel_id)
    if channel is None:
        try:
            channel = await client.fetch_channel(place.channel_id)
            if isinstance(channel, discord.Thread) and channel.parent is None:
                # Of a server that another process serves, nothing is known beforehand.
                channel = await client.fetch_channel(channel.parent_id)
        except (discord.Forbidden, discord.NotFound):
            channel = None
    return replace(place, is_age_restricted=is_age_restricted(channel))


def is_age_restricted(channel: object) -> bool:
    """Whether Discord marks a channel, or a thread's channel, as age-restricted."""
    is_nsfw = getattr(channel, "is_nsfw", None)
    return bool(is_nsfw and is_nsfw())
