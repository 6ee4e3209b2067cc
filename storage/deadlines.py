"""Deadlines: moments at which something of an event is due, each of which one process at a time has in hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from storage.database import Database
from storage.event_tables import DeadlineRow
from storage.upserts import upsert

CLAIMED_AT_ONCE = 20

_RETRY_FIRST, _RETRY_LONGEST = timedelta(seconds=5), timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """What is due, of which event; `step` tells several of a kind apart."""

    id: int
    event_id: str
    kind: str
    step: int
    due_at: datetime
    attempts: int


async def set_deadline(
    connection: AsyncConnection, event_id: str, kind: str, due_at: datetime, step: int = 0
) -> None:
    """Set or move a deadline, in the transaction of what it belongs to. One that was done is due again."""
    keys = {"event_id": event_id, "kind": kind, "step": step}
    values = {"due_at": due_at, "claimed_by": None, "claimed_until": None, "attempts": 0, "done_at": None}
    await upsert(connection, DeadlineRow, keys, values)


async def drop_deadlines(connection: AsyncConnection, event_id: str, *kinds: str) -> None:
    """Let an event's deadlines go, or only those of some kinds; what was done stays known."""
    which = [DeadlineRow.event_id == event_id, DeadlineRow.done_at.is_(None)]
    if kinds:
        which.append(DeadlineRow.kind.in_(kinds))
    await connection.execute(delete(DeadlineRow).where(*which))


class DeadlineStore:
    """Queries over `deadlines`. Every method is a transaction of its own, committed when it returns.

    Several processes may claim at once: a deadline is in one's hands until its lease ends.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(self, event_id: str, kind: str, due_at: datetime, step: int = 0) -> None:
        """Set or move a deadline; see `set_deadline`, which does it in a transaction of something else."""
        async with self._database.writing() as connection:
            await set_deadline(connection, event_id, kind, due_at, step)

    async def drop(self, event_id: str, *kinds: str) -> None:
        """Let an event's deadlines go, or only those of some kinds."""
        async with self._database.writing() as connection:
            await drop_deadlines(connection, event_id, *kinds)

    async def claim(self, now: datetime, by: str, lease: timedelta) -> list[Deadline]:
        """Take what is due and in nobody's hands, the earliest first; nobody else gets it until `now + lease`.

        Of one event only the earliest is taken: the next is due when that is done.
        """
        free = or_(DeadlineRow.claimed_until.is_(None), DeadlineRow.claimed_until <= now)
        due = (
            select(DeadlineRow.id)
            .where(DeadlineRow.done_at.is_(None), DeadlineRow.due_at <= now, free, _is_first())
            .order_by(DeadlineRow.due_at, DeadlineRow.id)
            .limit(CLAIMED_AT_ONCE)
            # PostgreSQL passes over what another process is taking; SQLite has one writer at a time.
            .with_for_update(skip_locked=True, of=DeadlineRow)
        )
        async with self._database.writing() as connection:
            ids = list((await connection.execute(due)).scalars())
            if not ids:
                return []
            columns = [DeadlineRow.__table__.c[name] for name in Deadline.__dataclass_fields__]
            claimed = await connection.execute(
                update(DeadlineRow)
                .where(DeadlineRow.id.in_(ids))
                .values(claimed_by=by, claimed_until=now + lease, attempts=DeadlineRow.attempts + 1)
                .returning(*columns)
            )
            found = [Deadline(**row) for row in claimed.mappings()]
        return sorted(found, key=lambda deadline: (deadline.due_at, deadline.id))

    async def keep(self, deadline: Deadline, by: str, until: datetime) -> None:
        """Hold on to a claimed one for longer."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(DeadlineRow)
                .where(*_held(deadline), DeadlineRow.claimed_by == by)
                .values(claimed_until=until)
            )

    async def done(self, deadline: Deadline, at: datetime) -> None:
        """It is over; unless it was moved in the meantime."""
        async with self._database.writing() as connection:
            await connection.execute(update(DeadlineRow).where(*_held(deadline)).values(done_at=at))

    async def failed(self, deadline: Deadline, at: datetime) -> datetime:
        """It is due again after a pause, which grows; returns when."""
        pause = min(_RETRY_LONGEST, _RETRY_FIRST * (1 << min(deadline.attempts - 1, 10)))
        async with self._database.writing() as connection:
            await connection.execute(
                update(DeadlineRow).where(*_held(deadline)).values(claimed_until=at + pause)
            )
        return at + pause

    async def next_moment(self) -> datetime | None:
        """When the earliest deadline is due that nobody has in hand; None where there is none.

        What comes after one of the same event that isn't done can't be claimed yet, so it is no moment to wake at.
        """
        waiting = (
            select(DeadlineRow.due_at)
            .where(DeadlineRow.done_at.is_(None), DeadlineRow.claimed_until.is_(None), _is_first())
            .order_by(DeadlineRow.due_at)
            .limit(1)
        )
        async with self._database.reading() as connection:
            return (await connection.execute(waiting)).scalar_one_or_none()


def _held(deadline: Deadline) -> tuple[ColumnElement[bool], ...]:
    """The row of a deadline as it was claimed: not of one that was moved or done since."""
    return DeadlineRow.id == deadline.id, DeadlineRow.due_at == deadline.due_at, DeadlineRow.done_at.is_(None)


def _is_first() -> ColumnElement[bool]:
    """What is due of one event comes one after the other, whoever has it in hand."""
    earlier = aliased(DeadlineRow)
    return ~exists().where(
        earlier.event_id == DeadlineRow.event_id,
        earlier.done_at.is_(None),
        or_(
            earlier.due_at < DeadlineRow.due_at,
            and_(earlier.due_at == DeadlineRow.due_at, earlier.id < DeadlineRow.id),
        ),
    )
