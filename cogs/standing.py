"""Who may do what by their standing in the server, asked when it is done: a hidden command isn't a locked one."""

import discord

from cogs.client import DrawingBot
from cogs.errors import ModeratorsOnly, OperatorsOnly, ServersOnly


def require_manager(interaction: discord.Interaction) -> int:
    """Return the server's id, for somebody who may manage it.

    Raises:
        ServersOnly: it is no server that has the bot.
        ModeratorsOnly: they may not.
    """
    return _require(interaction, may=interaction.permissions.manage_guild)


def require_moderator(interaction: discord.Interaction) -> int:
    """Return the server's id, for somebody who may remove others' messages.

    Raises:
        ServersOnly: it is no server that has the bot.
        ModeratorsOnly: they may not.
    """
    return _require(interaction, may=interaction.permissions.manage_messages)


async def require_operator(bot: DrawingBot, interaction: discord.Interaction) -> None:
    """Let only the application's owners pass: who manages a server need not run the bot.

    Raises:
        OperatorsOnly: it is somebody else.
    """
    if not await bot.is_owner(interaction.user):
        raise OperatorsOnly


def is_moderator(interaction: discord.Interaction) -> bool:
    """Whether they may remove others' messages; for completion, which has no words for a refusal."""
    try:
        require_moderator(interaction)
    except (ServersOnly, ModeratorsOnly):
        return False
    return True


def _require(interaction: discord.Interaction, *, may: bool) -> int:
    if interaction.guild_id is None or not interaction.is_guild_integration():
        raise ServersOnly
    if not may:
        raise ModeratorsOnly
    return interaction.guild_id
