"""Where discord.py looks for Discord."""

import aiohttp
import discord
import yarl

from settings.sections import DiscordSettings


async def point_discord_at(api_base: str) -> None:
    """Let discord.py talk to `api_base`: its two base addresses are all that changes.

    Raises:
        aiohttp.ClientError, TimeoutError: nobody there, or nobody who speaks Discord's API.
    """
    if api_base == DiscordSettings().api_base:
        return
    discord.http.Route.BASE = api_base
    timeout = aiohttp.ClientTimeout(total=10)
    async with (
        aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
        session.get(f"{api_base}/gateway") as response,
    ):
        gateway = await response.json()
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway["url"])
