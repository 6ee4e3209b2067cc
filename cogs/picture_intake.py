"""Taking in the files that people give. All of it is untrusted: where it lies, how large it is, and what is in it."""

import asyncio
from urllib.parse import urlsplit

import aiohttp
import discord

from cogs.error_answers import CONNECTION_ERRORS
from generation.errors import PictureProblem, UnreadablePicture

FILE_BYTES_MAX = 25 * 2**20
"""More than any picture that is worth drawing over."""

DISCORDS_HOSTS = {"cdn.discordapp.com", "media.discordapp.net"}
"""Where Discord keeps attachments ("Uploading Files", reference); nothing else is ever fetched."""

FETCH_TIMEOUT_S = 30.0


async def fetch(attachment: discord.Attachment) -> bytes:
    """Return an attachment's file.

    Raises:
        UnreadablePicture: it doesn't lie with Discord, is too large, says itself that it is no image, or can't be had.
    """
    if attachment.size > FILE_BYTES_MAX:
        raise UnreadablePicture(PictureProblem.TOO_MANY_BYTES)
    kind = attachment.content_type or "image/"
    if not kind.startswith("image/") or not _is_discords(attachment.url):
        raise UnreadablePicture(PictureProblem.NOT_AN_IMAGE)
    try:
        async with asyncio.timeout(FETCH_TIMEOUT_S):
            content = await attachment.read()
    except (discord.HTTPException, aiohttp.ClientError, *CONNECTION_ERRORS) as error:
        raise UnreadablePicture(PictureProblem.UNREACHABLE) from error
    if len(content) > FILE_BYTES_MAX:
        raise UnreadablePicture(PictureProblem.TOO_MANY_BYTES)
    return content


def first_picture(message: discord.Message) -> discord.Attachment:
    """Return the first image among a message's files.

    Raises:
        UnreadablePicture: there is none.
    """
    for attachment in message.attachments:
        if (attachment.content_type or "").startswith("image/"):
            return attachment
    raise UnreadablePicture(PictureProblem.NONE_GIVEN)


def _is_discords(url: str) -> bool:
    """Whether a file lies with Discord: on its own hosts, or where the bot speaks to in Discord's stead."""
    parts, api = urlsplit(url), urlsplit(discord.http.Route.BASE)
    if parts.scheme == "https" and parts.netloc in DISCORDS_HOSTS:
        return True
    return api.hostname != "discord.com" and (parts.scheme, parts.netloc) == (api.scheme, api.netloc)
