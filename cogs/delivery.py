"""Delivery: a job's progress and its result brought to where it was asked for, once; also after a restart.

The deferred message is edited while its token lives; later, or if it is gone, the result comes as a message of its
own (`result_posts.py`). What neither works for is tried again from time to time. Results never go as public
follow-ups: Discord takes only 30 a minute of those in a channel.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import discord

from cogs import sentences
from cogs.client import DrawingBot
from cogs.deferred_message import DeferredMessage, is_beyond_edits
from cogs.desk import Desk
from cogs.discord_limits import FILE_BYTES, PROGRESS_EDIT_INTERVAL_S, PROGRESS_EDITS_PER_S
from cogs.error_answers import CONNECTION_ERRORS
from cogs.job_message import JobMessage, progress_message, result_message
from cogs.language import Language, language_of
from cogs.persistence import persistently
from cogs.place import place_now
from cogs.result_posts import MessageKey, NotOurs, ResultPosts
from generation.errors import GenerationError, PictureHidden
from generation.job import Ending, Failed, Finished, HandedOver, Job, Queued, Suspended, Update
from generation.service import GenerationService

log = logging.getLogger(__name__)

PROGRESS_GRACE_S = 1.0
"""How long a result waits for a progress edit in flight, whose late arrival would overwrite it."""

LATE_DELIVERIES_AT_ONCE = 8
"""How many results left behind are brought at the same time; each holds its pictures in memory."""

CATCH_UP_INTERVAL_S = 120.0
"""How often what could not be brought is tried again: after an outage of Discord's, or at the next start."""

_FILE_TOO_LARGE = 40005  # Request entity too large


class Delivery:
    """Follows jobs, one task each; belongs to one event loop."""

    def __init__(
        self, bot: DrawingBot, service: GenerationService, clock: Callable[[], datetime], desk: Desk
    ) -> None:
        self._bot = bot
        self._service = service
        self.clock = clock
        self._desk = desk
        self._posts = ResultPosts(bot, service)
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()
        self._catching_up: asyncio.Task[None] | None = None
        self._more_was_left = asyncio.Event()
        self.on_delivered: Callable[[Job, float], None] = lambda _job, _lag_s: None
        """Called with the seconds from a job's end to its result in a message."""

    def follow(self, job: Job) -> None:
        """Show the updates of `job` where it was asked for, until it is over; returns at once."""
        self._start(self._follow(job), [job])

    def catch_up(self) -> None:
        """Bring what was drawn and not brought, now and from time to time; returns at once."""
        self._catching_up = asyncio.create_task(self._keep_catching_up(), name="deliver what was left")

    def look_again(self) -> None:
        """Bring at once what another process drew and has not brought; returns at once."""
        self._more_was_left.set()

    async def settle(self, timeout_s: float) -> None:
        """Wait for the deliveries under way; what isn't through by then is left for the next start."""
        if self._catching_up is not None:
            self._catching_up.cancel()
        if not self._tasks:
            return
        _, pending = await asyncio.wait(self._tasks, timeout=timeout_s)
        for task in pending:
            log.warning("%s is left for the next start", task.get_name())
            task.cancel()

    async def _keep_catching_up(self) -> None:
        while True:
            try:
                await self._bring_undelivered()
            except Exception:  # the border of this task: nobody awaits it
                log.exception("What was left could not be looked through")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._more_was_left.wait(), CATCH_UP_INTERVAL_S)
            self._more_was_left.clear()

    async def _bring_undelivered(self) -> None:
        places = asyncio.Semaphore(LATE_DELIVERIES_AT_ONCE)
        # What is in hand now may be delivered by the time that the ledger's answer is looked at.
        async for jobs in self._service.deliveries.undelivered(besides=frozenset(self._in_hand)):
            await places.acquire()
            task = self._start(self._bring_late(jobs), jobs)
            task.add_done_callback(lambda _: places.release())

    async def _bring_late(self, jobs: Sequence[Job]) -> None:
        """Bring results that were left: those of one nonce were begun to be posted in one message."""
        if len(jobs) == 1:
            await self._follow(jobs[0])
            return
        with _logging_failures(jobs[0]):
            results = [
                (job, await result_message(job, await self._allowed(job, job.latest), _file_limit(job)))
                for job in jobs
            ]
            for job, message in zip(jobs, await self._posts.post(*results), strict=True):
                await self._service.deliveries.delivered(job, message)

    def _start(self, work: Coroutine[Any, Any, None], jobs: Sequence[Job]) -> asyncio.Task[None]:
        ids = {job.id for job in jobs}
        task = asyncio.create_task(work, name=f"deliver {jobs[0].id}")
        self._tasks.add(task)
        self._in_hand |= ids
        task.add_done_callback(lambda _: self._in_hand.difference_update(ids))
        task.add_done_callback(self._tasks.discard)
        return task

    async def _follow(self, job: Job) -> None:
        message = DeferredMessage(self._bot, job.reply, self.clock)
        with _logging_failures(job):
            over = asyncio.create_task(job.ending())
            progress = asyncio.create_task(self._show_progress(job, message, over))
            ending, ended_at = await over, self.clock()
            # A progress edit that arrived after the result would overwrite it, so one in flight gets a moment.
            await asyncio.wait({progress}, timeout=PROGRESS_GRACE_S)
            progress.cancel()
            if isinstance(ending, Suspended):
                await _tell_of_restart(message, language_of(job.locale))
                return
            if isinstance(ending, HandedOver) or not await self._service.deliveries.hold([job]):
                return
            for bring in self._bot.bearers:
                if await bring(job, ending):
                    return
            await self._service.deliveries.delivered(job, await self._deliver(job, ending, message))
            self.on_delivered(job, (self.clock() - ended_at).total_seconds())

    async def _deliver(self, job: Job, ending: Ending, message: DeferredMessage) -> MessageKey | None:
        """Bring a result; returns the message that shows it now."""
        allowed = await self._allowed(job, ending)
        result = await result_message(job, allowed, _file_limit(job))
        if message.is_editable:
            try:
                await persistently(lambda: message.edit(result), job.id)
            except discord.HTTPException as error:
                if error.code == _FILE_TOO_LARGE or error.status == 413:
                    # Discord's stated limit has been too high before; its refusal is the truth.
                    largest = max(len(attachment.content) for attachment in result.attachments)
                    result = await result_message(job, allowed, largest - 1)
                    await persistently(lambda: message.edit(result), job.id)
                elif not is_beyond_edits(error):
                    raise
            else:
                return None if job.reply is None else (job.place.channel_id, job.reply.message_id)
        (shown,) = await self._posts.post((job, result))
        return shown

    async def _allowed(self, job: Job, ending: Update) -> Update:
        """`ending`, or why it can't be shown any more: much may have changed while it was drawn."""
        if isinstance(ending, Finished):
            try:
                await self._service.gatekeeper.check_delivery(job, await place_now(self._bot, job.place))
            except PictureHidden as error:
                await self._desk.tell_of_withheld(job)
                return Failed(error)
            except GenerationError as error:
                return Failed(error)
        return ending

    async def _show_progress(self, job: Job, message: DeferredMessage, over: asyncio.Task[Ending]) -> None:
        """Edit the message for the newest update, then pause; what is overtaken meanwhile is never shown."""
        async for update in job.updates():
            if isinstance(update, Ending) or not message.is_editable:
                return
            if not self._service.surely_holds_jobs:
                # The message may show what another process has brought.
                await asyncio.wait({over}, timeout=PROGRESS_EDIT_INTERVAL_S)
                continue
            is_late = isinstance(update, Queued) and (update.estimated_wait_s or 0) > message.editable_s
            try:
                await message.edit(progress_message(job, update, comes_as_new_message=is_late))
            except discord.HTTPException as error:
                if is_beyond_edits(error):
                    return
                log.info("A progress edit failed: %s", error, extra={"job": job.id})
            except CONNECTION_ERRORS as error:
                log.info("A progress edit failed: %r", error, extra={"job": job.id})
            # With many jobs each is told more seldom, so that all together stay within what we allow ourselves.
            pause_s = max(PROGRESS_EDIT_INTERVAL_S, len(self._tasks) / PROGRESS_EDITS_PER_S)
            await asyncio.wait({over}, timeout=pause_s)


@contextmanager
def _logging_failures(job: Job) -> Iterator[None]:
    """The border of a delivery's task, which nobody awaits. What fails here is tried again later."""
    try:
        yield
    except NotOurs:
        log.info("The result is another process's to bring", extra={"job": job.id})
    except (discord.HTTPException, *CONNECTION_ERRORS) as error:
        log.warning(
            "The result could not be delivered, and is tried again later: %r", error, extra={"job": job.id}
        )
    except Exception:
        log.exception("The result could not be delivered", extra={"job": job.id})


async def _tell_of_restart(message: DeferredMessage, say: Language) -> None:
    if message.is_editable:
        try:
            await message.edit(JobMessage(content=sentences.suspended(say)))
        except (discord.HTTPException, *CONNECTION_ERRORS) as error:
            log.info("A waiting message could not be told of the restart: %r", error)


def _file_limit(job: Job) -> int:
    """The largest file that Discord told it takes there."""
    return job.reply.file_limit_bytes if job.reply else FILE_BYTES
