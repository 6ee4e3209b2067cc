"""Entries of contests: entered, replaced, withdrawn while it is open; shown and ranked afterwards."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import AuditEntry, Deed, write_down
from storage.contests import Contest, ContestState
from storage.database import Database
from storage.event_tables import ContestRow, DisqualifiedRow, EntryRow
from storage.upserts import upsert

BY_THE_BOT = 0
"""Who removed an entry whose picture can't be shown any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of `entries`; see there."""

    id: str
    contest_id: str
    user_id: int
    name: str
    job_id: str
    number: int
    entered_at: datetime
    removed_at: datetime | None = None
    removed_by: int | None = None
    shown_as: int | None = None
    message_id: int | None = None
    place: int | None = None
    votes: int | None = None
    strength: float | None = None


@dataclass(frozen=True, slots=True)
class Rank:
    """An entry's result."""

    place: int
    votes: int
    strength: float


class Entering(StrEnum):
    """What became of an attempt to enter a picture."""

    ENTERED = "entered"
    KNOWN = "it is entered already"
    FULL = "this person has as many as they may"
    CLOSED = "the contest takes none now"
    DISQUALIFIED = "this person may not"


_NAMES = [each.name for each in fields(Entry)]


class EntryStore:
    """Queries over `entries` and `disqualified`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enter(
        self,
        contest: Contest,
        *,
        user_id: int,
        name: str,
        job_id: str,
        number: int,
        at: datetime,
        per_person: int,
        instead_of: str | None = None,
    ) -> Entering:
        """Enter a picture, perhaps in the place of another of the same person; counted exactly, however often."""
        async with self._database.locked(f"contest {contest.id} {user_id}") as connection:
            if not await _takes_entries(connection, contest.id, at):
                return Entering.CLOSED
            if await _is_disqualified(connection, contest.id, user_id):
                return Entering.DISQUALIFIED
            own = [EntryRow.contest_id == contest.id, EntryRow.user_id == user_id]
            same = select(EntryRow.id).where(*own, EntryRow.job_id == job_id, EntryRow.number == number)
            if (await connection.execute(same)).first() is not None:
                return Entering.KNOWN
            if instead_of is not None:
                await connection.execute(
                    delete(EntryRow).where(*own, EntryRow.id == instead_of, EntryRow.removed_at.is_(None))
                )
            # One that moderators removed still counts, so that it isn't just entered again.
            count = select(func.count()).select_from(EntryRow).where(*own)
            if (await connection.execute(count)).scalar_one() >= per_person:
                return Entering.FULL
            entry = Entry(
                id=secrets.token_hex(8),
                contest_id=contest.id,
                user_id=user_id,
                name=name[:100],
                job_id=job_id,
                number=number,
                entered_at=at,
            )
            await connection.execute(insert(EntryRow).values({name: getattr(entry, name) for name in _NAMES}))
        return Entering.ENTERED

    async def withdraw(self, contest_id: str, entry_id: str, user_id: int, at: datetime) -> bool:
        """Take one's own entry back; False where there is none, or it is too late."""
        async with self._database.locked(f"contest {contest_id} {user_id}") as connection:
            if not await _takes_entries(connection, contest_id, at):
                return False
            gone = await connection.execute(
                delete(EntryRow).where(
                    EntryRow.contest_id == contest_id,
                    EntryRow.id == entry_id,
                    EntryRow.user_id == user_id,
                    EntryRow.removed_at.is_(None),
                )
            )
            return bool(gone.rowcount)

    async def of_contest(self, contest_id: str, *, with_removed: bool = False) -> list[Entry]:
        """Return a contest's entries, in the order in which they came."""
        which = [EntryRow.contest_id == contest_id]
        if not with_removed:
            which.append(EntryRow.removed_at.is_(None))
        return await self._select(*which)

    async def of_person(self, contest_id: str, user_id: int) -> list[Entry]:
        """Return somebody's entries in a contest."""
        return await self._select(
            EntryRow.contest_id == contest_id, EntryRow.user_id == user_id, EntryRow.removed_at.is_(None)
        )

    async def find(self, entry_id: str) -> Entry | None:
        """Return an entry by its id."""
        found = await self._select(EntryRow.id == entry_id)
        return found[0] if found else None

    async def number(self, contest_id: str, order: Sequence[str]) -> None:
        """Give entries the numbers that they are known by, once."""
        async with self._database.locked(f"numbers {contest_id}") as connection:
            numbered = select(EntryRow.id).where(
                EntryRow.contest_id == contest_id, EntryRow.shown_as.is_not(None)
            )
            if (await connection.execute(numbered)).first() is not None:
                return
            for place, entry_id in enumerate(order, 1):
                await connection.execute(
                    update(EntryRow).where(EntryRow.id == entry_id).values(shown_as=place)
                )

    async def shown(self, entry_ids: Iterable[str], message_id: int) -> None:
        """Remember which message shows these."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(EntryRow).where(EntryRow.id.in_(list(entry_ids))).values(message_id=message_id)
            )

    async def rank(self, ranks: Mapping[str, Rank]) -> None:
        """Write down the result."""
        async with self._database.writing() as connection:
            for entry_id, rank in ranks.items():
                await connection.execute(
                    update(EntryRow)
                    .where(EntryRow.id == entry_id)
                    .values(place=rank.place, votes=rank.votes, strength=rank.strength)
                )

    async def remove(self, contest: Contest, entry: Entry, by: int, at: datetime, reason: str) -> bool:
        """Take an entry out of a contest; False where it was."""
        async with self._database.writing() as connection:
            return await _remove(connection, contest, entry, by, at, reason)

    async def disqualify(
        self, contest: Contest, user_id: int, by: int, at: datetime, reason: str
    ) -> list[Entry]:
        """Take all of somebody's entries out, and let them enter none; returns those that were there."""
        async with self._database.locked(f"contest {contest.id} {user_id}") as connection:
            keys = {"contest_id": contest.id, "user_id": user_id}
            await upsert(connection, DisqualifiedRow, keys, {"by": by, "at": at})
            own = select(EntryRow.__table__).where(
                EntryRow.contest_id == contest.id,
                EntryRow.user_id == user_id,
                EntryRow.removed_at.is_(None),
            )
            entries = [Entry(**row) for row in (await connection.execute(own)).mappings()]
            for entry in entries:
                await _remove(connection, contest, entry, by, at, reason)
            await write_down(connection, _entry(contest, user_id, None, by, at, Deed.DISQUALIFIED, reason))
        return entries

    async def is_disqualified(self, contest_id: str, user_id: int) -> bool:
        """Whether somebody may take part no more."""
        async with self._database.reading() as connection:
            return await _is_disqualified(connection, contest_id, user_id)

    async def _select(self, *which: ColumnElement[bool]) -> list[Entry]:
        columns = [EntryRow.__table__.c[name] for name in _NAMES]
        query = select(*columns).where(*which).order_by(EntryRow.entered_at, EntryRow.id)
        async with self._database.reading() as connection:
            return [Entry(**row) for row in (await connection.execute(query)).mappings()]


async def _takes_entries(connection: AsyncConnection, contest_id: str, at: datetime) -> bool:
    is_open = select(ContestRow.id).where(
        ContestRow.id == contest_id, ContestRow.state == ContestState.OPEN, ContestRow.ends_at > at
    )
    return (await connection.execute(is_open)).first() is not None


async def _is_disqualified(connection: AsyncConnection, contest_id: str, user_id: int) -> bool:
    known = select(DisqualifiedRow.user_id).where(
        DisqualifiedRow.contest_id == contest_id, DisqualifiedRow.user_id == user_id
    )
    return (await connection.execute(known)).first() is not None


async def _remove(
    connection: AsyncConnection, contest: Contest, entry: Entry, by: int, at: datetime, reason: str
) -> bool:
    done = await connection.execute(
        update(EntryRow)
        .where(EntryRow.id == entry.id, EntryRow.removed_at.is_(None))
        .values(removed_at=at, removed_by=by)
    )
    if not done.rowcount:
        return False
    await write_down(
        connection, _entry(contest, entry.user_id, entry.job_id, by, at, Deed.ENTRY_REMOVED, reason)
    )
    return True


def _entry(
    contest: Contest, user_id: int, job_id: str | None, by: int, at: datetime, deed: Deed, reason: str
) -> AuditEntry:
    told = f"{contest.title}: {reason}" if reason else contest.title
    return AuditEntry(
        guild_id=contest.guild_id, at=at, actor_id=by, deed=deed, user_id=user_id, job_id=job_id, reason=told
    )
