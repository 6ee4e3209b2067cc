"""What Discord says of the bot's token, before anybody connects: for `python bot.py doctor` and `setup`."""

from collections.abc import Collection
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import aiohttp
import discord
from discord import app_commands
from pydantic import SecretStr

from cogs.permissions import NEEDED

TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class DiscordFacts:
    """The bot that a token is of. `commands` are those that Discord knows, by name; it isn't in `absent_from`."""

    application_id: int
    name: str
    commands: frozenset[str]
    absent_from: tuple[int, ...] = ()


async def ask_discord(token: SecretStr, servers: Collection[int] = ()) -> DiscordFacts:
    """Log in without connecting, and ask; also in which of `servers` the bot isn't.

    Raises:
        discord.LoginFailure: the token is none of a bot's.
        discord.HTTPException, CONNECTION_ERRORS: Discord doesn't answer.
    """
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.login(token.get_secret_value())
        commands = await app_commands.CommandTree(client).fetch_commands()
        application_id, user = client.application_id, client.user
        if application_id is None or user is None:
            raise AssertionError("whoever has logged in has an application and a user")
        absent_from = tuple([server_id for server_id in servers if not await _is_in(client, server_id)])
        names = frozenset(command.name for command in commands)
        return DiscordFacts(application_id, user.name, names, absent_from)


async def _is_in(client: discord.Client, server_id: int) -> bool:
    try:
        await client.fetch_guild(server_id, with_counts=False)
    except (discord.NotFound, discord.Forbidden):
        return False
    return True


def invite_link(application_id: int) -> str:
    """The address at which somebody who manages a server brings the bot there, with all that it needs."""
    return discord.utils.oauth_url(
        application_id, permissions=NEEDED, scopes=("bot", "applications.commands")
    )


async def seconds_ahead(api_base: str, now: float) -> float | None:
    """How far this machine's clock, `now` in seconds since 1970, is ahead of Discord's; None where it doesn't tell.

    Raises:
        CONNECTION_ERRORS: Discord doesn't answer.
    """
    async with (
        aiohttp.ClientSession(timeout=TIMEOUT) as session,
        session.get(f"{api_base}/gateway") as response,
    ):
        date = response.headers.get("Date")
    return None if date is None else now - parsedate_to_datetime(date).timestamp()
