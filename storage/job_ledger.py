"""The job ledger: every job from its acceptance to its delivery, and the limits that are counted from it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.job_leases import Lease
from storage.picture_files import PictureFiles
from storage.tables import ImageRow, JobRow, SourceRow

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
COUNTED = (*UNFINISHED, JobState.FINISHED)
"""States that count against the daily quotas: who got nothing has used nothing."""


class Quota(StrEnum):
    """What is limited, by the names that `Quotas` has for them."""

    REQUESTS_PER_MINUTE = "requests_per_minute"
    WAITING_PER_PERSON = "waiting_per_person"
    IMAGES_PER_DAY = "images_per_day"
    GUILD_IMAGES_PER_DAY = "guild_images_per_day"
    GUILD_WAITING = "guild_waiting"
    QUEUE_LENGTH = "queue_length"
    IMAGES_FOR_EVENT = "images_for_event"


class NewJob(Protocol):
    """A job as it is accepted; its parts are the columns of `JobRow`."""

    @property
    def id(self) -> str: ...  # noqa: D102 - its class tells
    @property
    def user_id(self) -> int: ...  # noqa: D102 - its class tells
    @property
    def guild_id(self) -> int | None: ...  # noqa: D102 - its class tells
    @property
    def channel_id(self) -> int: ...  # noqa: D102 - its class tells
    @property
    def accepted_at(self) -> datetime: ...  # noqa: D102 - its class tells
    @property
    def image_count(self) -> int: ...  # noqa: D102 - its class tells
    @property
    def cost(self) -> float: ...  # noqa: D102 - its class tells
    @property
    def weight(self) -> float: ...  # noqa: D102 - its class tells
    @property
    def record(self) -> Mapping[str, Any]: ...  # noqa: D102 - its class tells
    @property
    def interaction_token(self) -> str | None: ...  # noqa: D102 - its class tells
    @property
    def token_ends_at(self) -> datetime | None: ...  # noqa: D102 - its class tells
    @property
    def message_id(self) -> int | None: ...  # noqa: D102 - its class tells
    @property
    def file_limit_bytes(self) -> int | None: ...  # noqa: D102 - its class tells
    @property
    def occasion(self) -> str | None: ...  # noqa: D102 - its class tells


_NEW_COLUMNS = (
    "id", "user_id", "guild_id", "channel_id", "accepted_at", "image_count", "cost", "weight", "record",
    "interaction_token", "token_ends_at", "message_id", "file_limit_bytes", "occasion",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuotaReached:
    """Why a job was not accepted: which quota, how much it allows, and when a place frees, where that is known."""

    quota: Quota
    allowed: int
    frees_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldJob:
    """A job whose lease was renewed: whether it has ended, and whether somebody asked to call it off."""

    is_over: bool
    is_called_off: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJob:
    """A row of `jobs`; see there."""

    id: str
    user_id: int
    guild_id: int | None
    channel_id: int
    state: str
    accepted_at: datetime
    ended_at: datetime | None
    delivered_at: datetime | None
    image_count: int
    cost: float
    weight: float
    drawing_s: float | None
    record: Mapping[str, Any]
    failure: Mapping[str, Any] | None
    interaction_token: str | None = field(repr=False)
    token_ends_at: datetime | None
    message_id: int | None
    file_limit_bytes: int | None
    post_nonce: str | None
    result_channel_id: int | None
    result_message_id: int | None
    erased_at: datetime | None
    hidden_at: datetime | None
    occasion: str | None
    owner: str | None
    leased_until: datetime | None
    cancel_asked_at: datetime | None
    interruptions: int


class JobLedger:
    """Queries over `jobs` and `images`. Every method is a transaction of its own, committed when it returns.

    Jobs are held by one process at a time, this one in the name of `lease`. What is written of a job's course is
    written only while it is held, so that a process that was away for too long can't undo what another has done since.
    """

    def __init__(self, database: Database, files: PictureFiles, lease: Lease | None = None) -> None:
        self._database = database
        self._files = files
        self._lease = lease or Lease()
        # Two updates of several rows of ours could each wait for a row that the other has.
        self._of_several = asyncio.Lock()

    @property
    def lease(self) -> timedelta:
        """How long a job is held by a process that renews nothing."""
        return self._lease.lasts

    async def accept(
        self, job: NewJob, quotas: Mapping[str, int], sources: Sequence[bytes] = ()
    ) -> QuotaReached | None:
        """Store `job` as queued, unless one of `quotas` has no place for it; counted exactly, whoever else asks.

        Quotas go by the values of `Quota`; those that aren't named don't limit. `sources` are the files of
        pictures that the job starts from.

        Raises:
            OSError: the disk is full, or can't be written.
        """
        # Of a job that is refused they are cleaned away like all others, by age.
        hashes = [await asyncio.to_thread(self._files.write, source) for source in sources]
        keys = [f"person {job.user_id}", "queue"]
        if job.guild_id is not None:
            keys.append(f"guild {job.guild_id}")
        async with self._database.locked(*keys) as connection:
            for quota, allowed in quotas.items():
                reached = await _reached(connection, job, Quota(quota), allowed)
                if reached is not None:
                    return reached
            values = {name: getattr(job, name) for name in _NEW_COLUMNS}
            held = {"owner": self._lease.owner, "leased_until": job.accepted_at + self._lease.lasts}
            await connection.execute(insert(JobRow).values(**values, **held, state=JobState.QUEUED))
            if hashes:
                rows = [
                    {"job_id": job.id, "number": number, "file_hash": file_hash}
                    for number, file_hash in enumerate(hashes)
                ]
                await connection.execute(insert(SourceRow), rows)
        return None

    async def take_over(
        self, now: datetime, *, with_earlier_runs: bool, with_unfinished: bool = True
    ) -> list[StoredJob]:
        """Take the jobs whose askers still wait and that no living process holds, in the order of their acceptance.

        With those of earlier runs of this process, whether their leases have ended or not. What was being drawn waits
        again, interrupted once more.
        """
        async with self._database.writing() as connection:
            free = self._lease.free(now, with_earlier_runs=with_earlier_runs)
            if not with_unfinished:
                free = free.where(JobRow.state.not_in(UNFINISHED))
            ids = list((await connection.execute(free)).scalars())
            if not ids:
                return []
            was_running = JobRow.state == JobState.RUNNING
            interrupted = {
                "state": case((was_running, JobState.QUEUED), else_=JobRow.state),
                "interruptions": JobRow.interruptions + case((was_running, 1), else_=0),
            }
            taking = self._lease.taking(ids, now).values(interrupted).returning(*JobRow.__table__.c)
            taken = [StoredJob(**row) for row in (await connection.execute(taking)).mappings()]
        return sorted(taken, key=lambda job: (job.accepted_at, job.id))

    async def renew(self, now: datetime) -> dict[str, HeldJob]:
        """Hold on to all jobs that are still held; returns them by their ids."""
        async with self._of_several, self._database.writing() as connection:
            renewing = self._lease.renewing(now).returning(JobRow.id, JobRow.state, JobRow.cancel_asked_at)
            return {
                row.id: HeldJob(
                    is_over=row.state not in UNFINISHED, is_called_off=row.cancel_asked_at is not None
                )
                for row in await connection.execute(renewing)
            }

    async def hold(self, job_ids: Sequence[str], now: datetime) -> set[str]:
        """Hold on to these jobs; returns those that are held: nobody else takes them while their lease lasts."""
        async with self._of_several, self._database.writing() as connection:
            renewing = self._lease.renewing(now, job_ids).returning(JobRow.id)
            return set((await connection.execute(renewing)).scalars())

    async def take(self, job_id: str, now: datetime) -> bool:
        """Hold this job, also one that was told once; False where another process holds it."""
        async with self._database.writing() as connection:
            return (await connection.execute(self._lease.taking_if_free(job_id, now))).rowcount > 0

    async def let_go(self, job_id: str) -> None:
        """Hold this job no longer; whoever looks next may take it."""
        async with self._database.writing() as connection:
            await connection.execute(self._lease.letting_go(job_id))

    async def ask_to_cancel(self, user_id: int, at: datetime, job_id: str | None = None) -> int:
        """Ask whoever holds them to call off a person's jobs, or only one; returns how many are not over yet."""
        which = [JobRow.user_id == user_id, JobRow.state.in_(UNFINISHED)]
        if job_id is not None:
            which.append(JobRow.id == job_id)
        async with self._of_several, self._database.writing() as connection:
            asked = await connection.execute(update(JobRow).where(*which).values(cancel_asked_at=at))
            return asked.rowcount

    async def mark_running(self, job_id: str) -> bool:
        """The engine has it; False where it isn't held any more."""
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state == JobState.QUEUED, self._lease.is_held)
                .values(state=JobState.RUNNING)
            )
            return changed.rowcount > 0 or await self._holds(connection, job_id)

    async def put_back(self, job_ids: Sequence[str]) -> None:
        """Their drawing was interrupted on purpose: they wait again, as if it had not begun."""
        async with self._of_several, self._database.writing() as connection:
            await connection.execute(
                update(JobRow)
                .where(JobRow.id.in_(job_ids), JobRow.state == JobState.RUNNING, self._lease.is_held)
                .values(state=JobState.QUEUED)
            )

    async def mark_finished(
        self, job_id: str, pictures: Sequence[bytes], ended_at: datetime, drawing_s: float
    ) -> bool:
        """Keep its PNG files; it has ended. False where it isn't held any more.

        Raises:
            OSError: the disk is full, or can't be written.
        """
        hashes = [await asyncio.to_thread(self._files.write, picture) for picture in pictures]
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state.in_(UNFINISHED), self._lease.is_held)
                .values(state=JobState.FINISHED, ended_at=ended_at, drawing_s=drawing_s)
            )
            if not changed.rowcount:
                return await self._holds(connection, job_id)
            rows = [
                {
                    "job_id": job_id,
                    "number": number,
                    "file_hash": file_hash,
                    "size_bytes": len(picture),
                    "created_at": ended_at,
                }
                for number, (file_hash, picture) in enumerate(zip(hashes, pictures, strict=True))
            ]
            await connection.execute(insert(ImageRow), rows)
            return True

    async def pictures(self, job_id: str) -> list[bytes]:
        """Return the PNG files of a finished job, in their order; none where they were cleaned away."""
        return await self._read(
            select(ImageRow.file_hash).where(ImageRow.job_id == job_id).order_by(ImageRow.number)
        )

    async def sources(self, job_id: str) -> list[bytes]:
        """Return the files that a job starts from, in their order; none where they were cleaned away."""
        return await self._read(
            select(SourceRow.file_hash).where(SourceRow.job_id == job_id).order_by(SourceRow.number)
        )

    async def _read(self, query: Select[Any]) -> list[bytes]:
        async with self._database.reading() as connection:
            hashes = list((await connection.execute(query)).scalars())
        try:
            return [await asyncio.to_thread(self._files.read, file_hash) for file_hash in hashes]
        except FileNotFoundError:
            return []

    async def mark_failed(self, job_id: str, failure: Mapping[str, Any], ended_at: datetime) -> bool:
        """It ended without pictures; `failure` tells its asker why. False where it isn't held any more."""
        return await self._end(job_id, JobState.FAILED, ended_at, failure=dict(failure))

    async def mark_cancelled(self, job_id: str, ended_at: datetime) -> bool:
        """Its asker called it off. False where it isn't held any more."""
        return await self._end(job_id, JobState.CANCELLED, ended_at)

    async def mark_delivered(
        self, job_id: str, delivered_at: datetime, message: tuple[int, int] | None = None
    ) -> None:
        """Its asker has been told how it ended, by the message of this channel and id; its token is of no use any more.

        A job that goes on is left as it is: nobody would draw or tell it any more, and it would count for ever.
        """
        async with self._database.writing() as connection:
            await connection.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state.not_in(UNFINISHED))
                .values(
                    delivered_at=delivered_at,
                    interaction_token=None,
                    result_channel_id=message[0] if message else None,
                    result_message_id=message[1] if message else None,
                )
            )

    async def will_post(self, job_ids: Sequence[str], nonce: str) -> None:
        """Remember which message is about to tell of these jobs, so that a repeated post is the same one."""
        async with self._of_several, self._database.writing() as connection:
            await connection.execute(
                update(JobRow).where(JobRow.id.in_(job_ids), self._lease.is_held).values(post_nonce=nonce)
            )

    async def unfinished(self, user_id: int | None = None) -> list[StoredJob]:
        """Return the jobs that wait or run, whoever holds them, in the order of their acceptance; a person's or all."""
        which = [] if user_id is None else [JobRow.user_id == user_id]
        return await self._jobs(
            select(JobRow.__table__)
            .where(JobRow.state.in_(UNFINISHED), *which)
            .order_by(JobRow.accepted_at, JobRow.id)
        )

    async def undelivered(self) -> list[StoredJob]:
        """Return the held jobs that are over, whose asker has not been told; those of one nonce side by side."""
        return await self._jobs(
            select(JobRow.__table__)
            .where(JobRow.state.not_in(UNFINISHED), JobRow.delivered_at.is_(None), self._lease.is_held)
            .order_by(JobRow.post_nonce, JobRow.ended_at, JobRow.id)
        )

    async def count_finished(self, user_id: int) -> int:
        """How many finished jobs of a person are remembered."""
        async with self._database.reading() as connection:
            return await _count(connection, *_finished_of(user_id))

    async def finished(self, user_id: int, number: int) -> StoredJob | None:
        """Return a person's finished job of this number, the oldest being 1."""
        jobs = select(JobRow.__table__).where(*_finished_of(user_id))
        found = await self._jobs(jobs.order_by(JobRow.accepted_at, JobRow.id).offset(number - 1).limit(1))
        return found[0] if found else None

    async def find(self, job_id: str) -> StoredJob | None:
        """Return a job by its id."""
        found = await self._jobs(select(JobRow.__table__).where(JobRow.id == job_id))
        return found[0] if found else None

    async def _jobs(self, query: Select[Any]) -> list[StoredJob]:
        async with self._database.reading() as connection:
            return [StoredJob(**row) for row in (await connection.execute(query)).mappings()]

    async def _end(self, job_id: str, state: JobState, ended_at: datetime, **values: object) -> bool:
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state.in_(UNFINISHED), self._lease.is_held)
                .values(state=state, ended_at=ended_at, **values)
            )
            return changed.rowcount > 0 or await self._holds(connection, job_id)

    async def _holds(self, connection: AsyncConnection, job_id: str) -> bool:
        """Whether a job that wasn't changed is held all the same: it was changed before, and the answer got lost."""
        held = select(JobRow.id).where(JobRow.id == job_id, self._lease.is_held)
        return (await connection.execute(held)).scalar_one_or_none() is not None


async def _reached(
    connection: AsyncConnection, job: NewJob, quota: Quota, allowed: int
) -> QuotaReached | None:
    """Count one quota; None while it has a place for `job`."""
    own, guilds = JobRow.user_id == job.user_id, JobRow.guild_id == job.guild_id
    match quota:
        case Quota.REQUESTS_PER_MINUTE:
            frees_at = await _minute_frees_at(connection, job, allowed)
            return None if frees_at is None else QuotaReached(quota, allowed, frees_at)
        case Quota.WAITING_PER_PERSON:
            is_full = await _count(connection, own, JobRow.state.in_(UNFINISHED)) >= allowed
        case Quota.GUILD_WAITING:
            is_full = await _count(connection, guilds, JobRow.state.in_(UNFINISHED)) >= allowed
        case Quota.QUEUE_LENGTH:
            is_full = await _count(connection, JobRow.state == JobState.QUEUED) >= allowed
        case Quota.IMAGES_FOR_EVENT:
            for_it = select(func.coalesce(func.sum(JobRow.image_count), 0)).where(
                own, JobRow.occasion == job.occasion, JobRow.state.in_(COUNTED)
            )
            is_full = (await connection.execute(for_it)).scalar_one() + job.image_count > allowed
        case Quota.IMAGES_PER_DAY | Quota.GUILD_IMAGES_PER_DAY:
            whose = own if quota is Quota.IMAGES_PER_DAY else guilds
            is_full, frees_at = await _day_frees_at(connection, job, allowed, whose)
            return QuotaReached(quota, allowed, frees_at) if is_full else None
    return QuotaReached(quota, allowed, None) if is_full else None


def _finished_of(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return JobRow.user_id == user_id, JobRow.state == JobState.FINISHED, JobRow.erased_at.is_(None)


async def _count(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> int:
    return (
        await connection.execute(select(func.count()).select_from(JobRow).where(*conditions))
    ).scalar_one()


async def _minute_frees_at(connection: AsyncConnection, job: NewJob, allowed: int) -> datetime | None:
    """When the last minute has room again; None when it has."""
    recent = (
        select(JobRow.accepted_at)
        .where(
            JobRow.user_id == job.user_id,
            JobRow.state != JobState.FAILED,
            JobRow.accepted_at > job.accepted_at - MINUTE,
        )
        .order_by(JobRow.accepted_at.desc())
        .offset(allowed - 1)
        .limit(1)
    )
    oldest = (await connection.execute(recent)).scalar_one_or_none()
    return None if oldest is None else oldest + MINUTE


async def _day_frees_at(
    connection: AsyncConnection, job: NewJob, allowed: int, whose: ColumnElement[bool]
) -> tuple[bool, datetime | None]:
    """Whether the last 24 hours have no room for the job's images, and when they will (never for a job too large)."""
    counted = (
        select(JobRow.accepted_at, JobRow.image_count)
        .where(whose, JobRow.state.in_(COUNTED), JobRow.accepted_at > job.accepted_at - DAY)
        .order_by(JobRow.accepted_at)
    )
    rows = list(await connection.execute(counted))
    too_many = sum(row.image_count for row in rows) + job.image_count - allowed
    if too_many <= 0:
        return False, None
    for row in rows:
        too_many -= row.image_count
        if too_many <= 0:
            return True, row.accepted_at + DAY
    return True, None
