"""What is stored of one person: given to them, or removed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.job_ledger import UNFINISHED
from storage.picture_files import PictureFiles
from storage.tables import ImageRow, JobRow

COUNTED_FOR = timedelta(days=1)
"""How long an erased job still counts against its asker's limits; its content is gone at once."""

_TOLD_COLUMNS = (
    "id", "guild_id", "channel_id", "state", "accepted_at", "ended_at", "delivered_at", "image_count", "record",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PersonalExport:
    """All jobs of a person as plain JSON, and the hashes of their pictures that are still there, newest first."""

    jobs: list[dict[str, Any]]
    file_hashes: list[str]


class PersonalData:
    """Queries over everything that belongs to a person. `clock` gives the current, time-zone-aware time."""

    def __init__(self, database: Database, files: PictureFiles, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    async def export(self, user_id: int) -> PersonalExport:
        """Gather what is stored of a person."""
        async with self._database.reading() as connection:
            columns = [JobRow.__table__.c[name] for name in _TOLD_COLUMNS]
            query = select(*columns).where(JobRow.user_id == user_id, JobRow.erased_at.is_(None))
            jobs = [
                _told(row)
                for row in (
                    await connection.execute(query.order_by(JobRow.accepted_at, JobRow.id))
                ).mappings()
            ]
            pictures = (
                select(ImageRow.file_hash)
                .join(JobRow, JobRow.id == ImageRow.job_id)
                .where(JobRow.user_id == user_id, ImageRow.removed_at.is_(None))
                .order_by(ImageRow.created_at.desc(), ImageRow.number)
            )
            return PersonalExport(jobs, list((await connection.execute(pictures)).scalars()))

    async def picture(self, file_hash: str) -> bytes | None:
        """Read a picture; None where it was cleaned away."""
        try:
            return await asyncio.to_thread(self._files.read, file_hash)
        except FileNotFoundError:
            return None

    async def erase(self, user_id: int) -> int:
        """Remove a person's jobs and pictures, but not what still waits or runs; returns how many pictures went.

        For a day an empty row remains of each recent job, so that nobody gets fresh limits this way.
        """
        async with self._database.writing() as connection:
            ended = (JobRow.user_id == user_id, JobRow.state.not_in(UNFINISHED))
            mine = select(JobRow.id).where(*ended)
            own = select(ImageRow.file_hash).where(ImageRow.job_id.in_(mine))
            hashes = set((await connection.execute(own)).scalars())
            await connection.execute(delete(ImageRow).where(ImageRow.job_id.in_(mine)))
            await connection.execute(
                update(JobRow)
                .where(*ended)
                .values(
                    record={},
                    failure=None,
                    interaction_token=None,
                    message_id=None,
                    erased_at=self._clock(),
                    delivered_at=self._clock(),
                )
            )
            await forget_erased(connection, self._clock() - COUNTED_FOR)
            # Somebody else may have drawn the very same picture.
            shared = select(ImageRow.file_hash).where(ImageRow.file_hash.in_(hashes))
            hashes -= set((await connection.execute(shared)).scalars())
        for file_hash in hashes:
            await asyncio.to_thread(self._files.remove, file_hash)
        return len(hashes)


async def forget_erased(connection: AsyncConnection, before: datetime) -> None:
    """Remove the empty rows of erased jobs that were accepted before then."""
    await connection.execute(
        delete(JobRow).where(JobRow.erased_at.is_not(None), JobRow.accepted_at <= before)
    )


def _told(row: RowMapping) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
