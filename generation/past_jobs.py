"""Jobs as the ledger remembers them: to be gone on with, to be brought late, to be looked at again."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from generation.errors import EngineFailure, JobUnknown, PicturesGone
from generation.image import Image
from generation.job import Cancelled, Ending, Failed, Finished, Job
from generation.job_record import JobRecord, UnreadableRecord, failure_from_json
from generation.job_store import JobStore, ReplyAddress, StoredJob
from generation.place import Place
from generation.request import GenerationRequest

log = logging.getLogger(__name__)

_UNREADABLE = "?"
"""Stands for what was asked for, which nobody is shown."""


class PastJobs:
    """What people have drawn, out of the ledger."""

    def __init__(self, store: JobStore) -> None:
        self._store = store

    async def count(self, user_id: int) -> int:
        """How many finished jobs of a person are remembered."""
        return await self._store.count_finished(user_id)

    async def of_person(self, user_id: int, number: int) -> Job:
        """Return a person's finished job of this number, the oldest being 1, with its pictures if they are there.

        Raises:
            JobUnknown: there is none, or it was written by a version that this one doesn't understand.
        """
        stored = await self._store.finished(user_id, number)
        if stored is None:
            raise JobUnknown
        return _understood(
            stored, await self._store.sources(stored.id), await self._store.pictures(stored.id)
        )

    async def find(self, job_id: str, user_id: int, *, with_pictures: bool = True) -> Job:
        """Return a job that is over, for somebody, with its pictures if they are asked for and still there.

        Raises:
            JobUnknown: there is none, it was erased, is not over yet, is somebody else's private one, or was written by
                a version that this one doesn't understand.
        """
        stored = await self._store.find(job_id)
        if stored is None or stored.erased_at is not None or stored.state in ("queued", "running"):
            raise JobUnknown
        sources = await self._store.sources(job_id)
        job = _understood(stored, sources, await self._store.pictures(job_id) if with_pictures else ())
        if job.is_private and job.user_id != user_id:
            raise JobUnknown
        return job

    async def message_of(self, job_id: str) -> tuple[int, int] | None:
        """Where a job's result was brought: channel and message, by their ids."""
        stored = await self._store.find(job_id)
        if stored is None or stored.result_channel_id is None or stored.result_message_id is None:
            return None
        return stored.result_channel_id, stored.result_message_id


def _understood(stored: StoredJob, sources: Sequence[bytes], pictures: Sequence[bytes]) -> Job:
    try:
        return ended_job(stored, sources, pictures)
    except UnreadableRecord as error:
        log.warning("A stored job can't be read: %s", error, extra={"job": stored.id})
        raise JobUnknown from error


def remembered_job(stored: StoredJob, sources: Sequence[bytes]) -> Job:
    """Make the job that the ledger remembers, waiting; `sources` are the files that it starts from.

    Raises:
        UnreadableRecord: it was written by a version that this one doesn't understand.
    """
    record = JobRecord.from_json(stored.record, sources)
    pictures = record.pictures or tuple(
        replace(record.request, seed=image.seed, count=1) for image in record.images
    )
    return Job(
        id=stored.id,
        request=record.request,
        user_id=stored.user_id,
        place=record.place,
        images=record.images,
        pictures=pictures,
        hints=record.hints,
        locale=record.locale,
        accepted_at=stored.accepted_at,
        weight=stored.weight,
        reply=_reply(stored, is_private=record.is_private),
        post_nonce=stored.post_nonce,
        occasion=stored.occasion,
        is_hidden=stored.hidden_at is not None,
    )


def unreadable_job(stored: StoredJob) -> Job:
    """Make what can be told of a job that is over and whose record isn't understood: that it came to nothing."""
    is_private = stored.record.get("is_private") is not False
    job = Job(
        id=stored.id,
        request=GenerationRequest(tags=_UNREADABLE),
        user_id=stored.user_id,
        place=Place(guild_id=stored.guild_id, channel_id=stored.channel_id),
        images=(),
        pictures=(),
        hints=(),
        accepted_at=stored.accepted_at,
        reply=_reply(stored, is_private=is_private),
        post_nonce=stored.post_nonce,
        occasion=stored.occasion,
    )
    is_told = stored.state == "failed"
    failure = failure_from_json(stored.id, stored.failure) if is_told else EngineFailure(stored.id)
    job.publish(Cancelled() if stored.state == "cancelled" else Failed(failure))
    return job


def ended_job(stored: StoredJob, sources: Sequence[bytes], pictures: Sequence[bytes]) -> Job:
    """Make the job that the ledger remembers, at its end.

    Raises:
        UnreadableRecord: as for `remembered_job`.
    """
    job = remembered_job(stored, sources)
    job.publish(_ending(job, stored, pictures))
    return job


def _reply(stored: StoredJob, *, is_private: bool) -> ReplyAddress | None:
    if stored.message_id is None or stored.token_ends_at is None:
        return None
    return ReplyAddress(
        token=stored.interaction_token,
        token_ends_at=stored.token_ends_at,
        message_id=stored.message_id,
        file_limit_bytes=stored.file_limit_bytes or 0,
        is_private=is_private,
    )


def _ending(job: Job, stored: StoredJob, pictures: Sequence[bytes]) -> Ending:
    match stored.state:
        case "cancelled":
            return Cancelled()
        case "finished" if len(pictures) == len(job.images):
            images = tuple(
                Image(parameters, png) for parameters, png in zip(job.images, pictures, strict=True)
            )
            return Finished(images, stored.drawing_s or 0.0)
        case "finished":
            return Failed(PicturesGone())
        case _:
            return Failed(failure_from_json(job.id, stored.failure))
