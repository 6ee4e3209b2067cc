"""Results as messages of their own, after the deferred message can't be edited any more.

Discord takes about a message a second in a channel, so where many results wait several share a message. Before
it is sent, the ledger knows its nonce: after a crash the same jobs are sent again under the same nonce, and Discord
answers with the message that is already there.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord

from cogs.client import DrawingBot
from cogs.discord_limits import ATTACHMENTS, CONTENT_LENGTH, EMBEDS, EMBEDS_LENGTH, UPLOAD_TOTAL_BYTES
from cogs.job_message import UPLOAD_OVERHEAD_BYTES, JobMessage
from cogs.language import language_of
from cogs.persistence import persistently
from cogs.picture_view import several_view
from generation.job import Job
from generation.service import GenerationService

log = logging.getLogger(__name__)

PAUSE_S = 1.1
"""Between two messages in one channel; 5 in 5 s is what Discord has been seen to take."""


MessageKey = tuple[int, int]
"""A message, by its channel's id and its own."""


class NotOurs(Exception):
    """Another process took the job over, and brings its result."""


@dataclass(frozen=True, slots=True, eq=False)
class _Result:
    """What is to be told of a job, and whom to tell that it was."""

    job: Job
    message: JobMessage
    posted: asyncio.Future[MessageKey | None]


class ResultPosts:
    """Posts results, one line for each channel; belongs to one event loop."""

    def __init__(self, bot: DrawingBot, service: GenerationService) -> None:
        self._bot = bot
        self._service = service
        # A channel has a line while a task works on it.
        self._lines: dict[int, deque[_Result]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def post(self, *results: tuple[Job, JobMessage]) -> list[MessageKey | None]:
        """Send messages to where their jobs were asked for, or else to the askers; returns where they are then.

        Several results are those that an earlier run began to post together: of one channel, under one nonce. A
        result that neither the channel nor its asker takes is left to `/history`.

        Raises:
            discord.HTTPException, CONNECTION_ERRORS: Discord can't be reached, or keeps failing.
            NotOurs: one of them was taken over by another process.
        """
        loop = asyncio.get_running_loop()
        waiting = [_Result(job, message, loop.create_future()) for job, message in results]
        channel_id = waiting[0].job.place.channel_id
        if channel_id in self._lines:
            self._lines[channel_id].extend(waiting)
        else:
            self._lines[channel_id] = deque(waiting)
            task = asyncio.create_task(self._work(channel_id), name="post results")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asyncio.gather(*(result.posted for result in waiting))

    async def _work(self, channel_id: int) -> None:
        while waiting := self._lines[channel_id]:
            group = _next_group(waiting)
            try:
                group = await self._ours(group)
                sent = await self._send(group) if group else []
            except Exception as error:  # told to those who wait for it
                for result in group:
                    if not result.posted.done():
                        result.posted.set_exception(error)
            else:
                for result, key in zip(group, sent, strict=True):
                    if not result.posted.done():
                        result.posted.set_result(key)
            await asyncio.sleep(PAUSE_S)
        del self._lines[channel_id]

    async def _ours(self, group: Sequence[_Result]) -> list[_Result]:
        """Return those that are still to be brought by this process; the line may have been long."""
        held = await self._service.deliveries.hold([result.job for result in group])
        ours = [result for result in group if result.job in held]
        for result in group:
            if result not in ours and not result.posted.done():
                result.posted.set_exception(NotOurs())
        return ours

    async def _send(self, group: Sequence[_Result]) -> list[MessageKey | None]:
        if any(result.job.is_private for result in group):
            return [await self._send_to_asker(result) for result in group]
        first = group[0].job
        nonce = first.post_nonce or first.id
        await self._service.deliveries.will_post([result.job for result in group], nonce)
        channel = self._bot.get_partial_messageable(first.place.channel_id, guild_id=first.place.guild_id)
        try:
            sent = await persistently(lambda: _send(channel, group, nonce), first.id)
        except (discord.Forbidden, discord.NotFound):
            log.warning("The channel is closed to results; trying the askers", extra={"job": first.id})
            return [await self._send_to_asker(result) for result in group]
        return [sent] * len(group)

    async def _send_to_asker(self, result: _Result) -> MessageKey | None:
        job = result.job
        try:
            asker = await persistently(lambda: self._bot.create_dm(discord.Object(job.user_id)), job.id)
            return await persistently(lambda: _send(asker, [result], job.id), job.id)
        except discord.DiscordServerError:
            raise
        except discord.HTTPException as error:
            # Who left every common server, or takes no direct messages, finds the pictures there.
            log.warning(
                "The asker can't be written to (%s); /history has the result", error, extra={"job": job.id}
            )
            return None


def _next_group(waiting: deque[_Result]) -> list[_Result]:
    """Take the next result, and those after it that still fit into its message."""
    group = [waiting.popleft()]
    nonce = group[0].job.post_nonce
    while (
        waiting
        and waiting[0].job.post_nonce == nonce
        and waiting[0].job.is_private == group[0].job.is_private
        and _fits([*group, waiting[0]])
    ):
        group.append(waiting.popleft())
    return group


def _fits(group: Sequence[_Result]) -> bool:
    messages = [result.message for result in group]
    embeds = [message.embed for message in messages if message.embed]
    files = [attachment for message in messages for attachment in message.attachments]
    return (
        len(embeds) <= EMBEDS
        and sum(map(len, embeds)) <= EMBEDS_LENGTH
        and len(files) <= ATTACHMENTS
        and sum(len(file.content) for file in files) <= UPLOAD_TOTAL_BYTES - UPLOAD_OVERHEAD_BYTES
        and len(_content(group)) <= CONTENT_LENGTH
    )


async def _send(target: discord.abc.Messageable, group: Sequence[_Result], nonce: str) -> MessageKey:
    askers = [discord.Object(user_id) for user_id in {result.job.user_id for result in group}]
    options: dict[str, Any] = {} if (view := _view(group)) is None else {"view": view}
    sent = await target.send(
        _content(group),
        embeds=[result.message.embed for result in group if result.message.embed],
        files=[file for result in group for file in result.message.files()],
        nonce=nonce,
        allowed_mentions=discord.AllowedMentions(users=askers, everyone=False, roles=False),
        **options,
    )
    return sent.channel.id, sent.id


def _view(group: Sequence[_Result]) -> discord.ui.View | None:
    """The buttons of the one result, or a menu of the pictures of all."""
    if len(group) == 1:
        return group[0].message.view()
    shown = [result.job for result in group if result.message.attachments]
    return several_view(shown, language_of(shown[0].locale)) if shown else None


def _content(group: Sequence[_Result]) -> str:
    """Mention each asker once, with what has to be said in words."""
    lines = (f"<@{result.job.user_id}> {result.message.content}".rstrip() for result in group)
    return "\n".join(dict.fromkeys(lines))
