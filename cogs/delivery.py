"""Delivery: a job's progress and its result brought to where it was asked for, once.

The deferred message is edited while its token lives; later, or if it is gone, the result comes as a channel
message that mentions the asker. Results never go as public follow-ups: Discord takes only 30 a minute of
those in a channel.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

import discord

from cogs import sentences
from cogs.deferred_message import DeferredMessage, is_beyond_edits
from cogs.discord_limits import PROGRESS_EDIT_INTERVAL_S
from cogs.error_answers import CONNECTION_ERRORS
from cogs.job_message import JobMessage, finished_message, progress_message
from generation.image_encoding import UploadTooLarge
from generation.job import Cancelled, Ending, Failed, Finished, Job

log = logging.getLogger(__name__)

RETRY_AFTER_S = (0.5, 1, 2, 4, 8, 15, 30, 60, 60, 60)
"""Pauses between attempts to post a result: together about four minutes of an unreachable Discord."""

PROGRESS_GRACE_S = 1.0
"""How long a result waits for a progress edit in flight, whose late arrival would overwrite it."""

_FILE_TOO_LARGE = 40005  # Request entity too large


class Delivery:
    """Follows jobs on behalf of interactions, one task each; belongs to one event loop."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, job: Job, interaction: discord.Interaction) -> None:
        """Show `job`'s updates in the deferred message of `interaction` until it is over; returns at once."""
        message = DeferredMessage(interaction, self._clock)
        task = asyncio.create_task(self._follow(job, interaction, message), name=f"deliver {job.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self, timeout_s: float) -> None:
        """Wait for the deliveries under way; what isn't through by then is given up and logged."""
        if not self._tasks:
            return
        _, pending = await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in pending:
            log.error("%s was given up at shutdown", task.get_name())
            task.cancel()

    async def _follow(self, job: Job, interaction: discord.Interaction, message: DeferredMessage) -> None:
        try:
            over = asyncio.create_task(job.ending())
            progress = asyncio.create_task(_show_progress(job, message, over))
            ending = await over
            # A progress edit that arrived after the result would overwrite it, so one in flight gets a moment.
            await asyncio.wait({progress}, timeout=PROGRESS_GRACE_S)
            progress.cancel()
            await self._deliver(job, ending, interaction, message)
        except Exception:  # the border of this task: nobody awaits it
            log.exception("The result could not be delivered", extra={"job": job.id})

    async def _deliver(
        self, job: Job, ending: Ending, interaction: discord.Interaction, message: DeferredMessage
    ) -> None:
        result = await _result_message(job, ending, message.file_limit_bytes)
        if message.is_editable:
            try:
                await _persistently(lambda: message.edit(result), job)
            except discord.HTTPException as error:
                if error.code == _FILE_TOO_LARGE or error.status == 413:
                    # Discord's stated limit has been too high before; its refusal is the truth.
                    largest = max(len(attachment.content) for attachment in result.attachments)
                    result = await _result_message(job, ending, largest - 1)
                    await _persistently(lambda: message.edit(result), job)
                elif not is_beyond_edits(error):
                    raise
            else:
                return
        await self._post(job, result, interaction)

    async def _post(self, job: Job, result: JobMessage, interaction: discord.Interaction) -> None:
        """Send the result as a message of its own, to the channel or else to the asker directly.

        The job's id as nonce keeps a repeated send from posting twice.
        """
        asker = discord.AllowedMentions(users=[interaction.user], everyone=False, roles=False)
        content = f"{interaction.user.mention} {result.content}".rstrip()

        async def send(target: discord.abc.Messageable) -> None:
            await target.send(
                content,
                embeds=[result.embed] if result.embed else [],
                files=result.files(),
                nonce=job.id,
                allowed_mentions=asker,
            )

        channel = interaction.channel
        if isinstance(channel, discord.abc.Messageable):
            try:
                await _persistently(lambda: send(channel), job)
            except (discord.Forbidden, discord.NotFound):
                log.warning("The channel is closed to the result; trying the asker", extra={"job": job.id})
            else:
                return
        await _persistently(lambda: send(interaction.user), job)


async def _show_progress(job: Job, message: DeferredMessage, over: asyncio.Task[Ending]) -> None:
    """Edit the message for the newest update, then pause; what is overtaken meanwhile is never shown."""
    async for update in job.updates():
        if isinstance(update, Ending) or not message.is_editable:
            return
        try:
            await message.edit(progress_message(job, update))
        except discord.HTTPException as error:
            if is_beyond_edits(error):
                return
            log.info("A progress edit failed: %s", error, extra={"job": job.id})
        except CONNECTION_ERRORS as error:
            log.info("A progress edit failed: %r", error, extra={"job": job.id})
        await asyncio.wait({over}, timeout=PROGRESS_EDIT_INTERVAL_S)


async def _result_message(job: Job, ending: Ending, file_limit_bytes: int) -> JobMessage:
    match ending:
        case Finished():
            try:
                return await finished_message(job, ending, file_limit_bytes)
            except UploadTooLarge as error:
                return JobMessage(content=sentences.refusal(error))
        case Failed(error):
            return JobMessage(content=sentences.refusal(error))
        case Cancelled():
            return JobMessage(content=sentences.cancelled())


async def _persistently(send: Callable[[], Awaitable[None]], job: Job) -> None:
    """Run `send`, and again after broken connections and Discord's own failures.

    Raises:
        discord.HTTPException: Discord refused, or kept failing; CONNECTION_ERRORS: it stayed out of reach.
    """
    for pause_s in RETRY_AFTER_S:
        try:
            return await send()
        except (discord.DiscordServerError, *CONNECTION_ERRORS) as error:
            log.warning(
                "Discord didn't take a result (%r); again in %g s", error, pause_s, extra={"job": job.id}
            )
        except discord.HTTPException as error:
            if error.status != 429:
                raise
            log.warning("Rate-limited on a result; again in %g s", pause_s, extra={"job": job.id})
        await asyncio.sleep(pause_s)
    return await send()
