"""The audit log: who did what, when and why, in a server or everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.tables import AuditRow

REASON_LENGTH = 1000


class Deed(StrEnum):
    """What was done."""

    SETTLED = "settled"
    TAG_LISTED = "tag listed"
    TAG_UNLISTED = "tag unlisted"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    REPORTED = "reported"
    WITHHELD = "withheld"
    HIDDEN = "hidden"
    DISMISSED = "dismissed"
    DELETED = "deleted"
    ATTEMPTED = "attempted"
    EVENT_EXTENDED = "event extended"
    ENTRY_REMOVED = "entry removed"
    EVENT_STARTED = "event started"
    EVENT_ENDED = "event ended"
    EVENT_CANCELLED = "event cancelled"
    DISQUALIFIED = "disqualified"
    SEASON_STARTED = "season started"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A row of `audit`; see there."""

    guild_id: int | None
    at: datetime
    actor_id: int
    deed: Deed
    user_id: int | None = None
    job_id: str | None = None
    reason: str = ""


async def write_down(connection: AsyncConnection, entry: AuditEntry) -> None:
    """Keep `entry`, in the transaction of the deed itself."""
    await connection.execute(
        insert(AuditRow).values(
            guild_id=entry.guild_id,
            at=entry.at,
            actor_id=entry.actor_id,
            deed=entry.deed.value,
            user_id=entry.user_id,
            job_id=entry.job_id,
            reason=entry.reason[:REASON_LENGTH],
        )
    )


class AuditLog:
    """Queries over `audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, entry: AuditEntry) -> None:
        """Keep an entry whose deed has no transaction of its own."""
        async with self._database.writing() as connection:
            await write_down(connection, entry)

    async def page(
        self, guild_id: int, *, user_id: int | None = None, number: int = 1, length: int = 10
    ) -> tuple[Sequence[AuditEntry], bool]:
        """Return one page of a server's entries, the newest first, and whether older ones follow.

        `user_id` leaves those of which this person is actor or whom they concern.
        """
        query = select(AuditRow.__table__).where(AuditRow.guild_id == guild_id)
        if user_id is not None:
            query = query.where((AuditRow.user_id == user_id) | (AuditRow.actor_id == user_id))
        query = query.order_by(AuditRow.id.desc()).offset((number - 1) * length).limit(length + 1)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
        entries = [
            AuditEntry(
                **{name: value for name, value in row.items() if name != "id"} | {"deed": Deed(row["deed"])}
            )
            for row in rows
        ]
        return entries[:length], len(entries) > length
