"""Contests: from announcement to results, each change of state once, its deadlines in the same transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import AuditEntry, Deed, write_down
from storage.database import Database
from storage.deadlines import drop_deadlines, set_deadline
from storage.event_tables import ContestRow

ANNOUNCE, OPEN, CLOSE, RESULTS = "contest announce", "contest open", "contest close", "contest results"
"""Kinds of a contest's deadlines."""

ANNOUNCED_BY = timedelta(minutes=1)
"""After this the watch announces what the command didn't get to."""


class ContestState(StrEnum):
    """How far a contest is."""

    ANNOUNCED = "announced"
    OPEN = "open"
    VOTING = "voting"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Voting(StrEnum):
    """How a contest is voted on."""

    BALLOT = "ballot"
    PAIRWISE = "pairwise"


LIVING = (ContestState.ANNOUNCED, ContestState.OPEN, ContestState.VOTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """A row of `contests`; see there."""

    id: str
    guild_id: int
    channel_id: int
    title: str
    theme: str
    rules: Mapping[str, Any]
    access: Mapping[str, Any]
    voting: Voting
    state: ContestState
    starts_at: datetime
    ends_at: datetime
    voting_ends_at: datetime
    created_by: int
    created_at: datetime
    reward_role_id: int | None = None
    locale: str = "en-US"
    ended_at: datetime | None = None
    thread_id: int | None = None
    card_message_id: int | None = None
    scheduled_event_id: int | None = None


_NAMES = [each.name for each in fields(Contest)]


class ContestStore:
    """Queries over `contests`. Changes of state return the contest as it is then, or None where it was otherwise."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, contest: Contest) -> None:
        """Store a contest with its deadlines, and in the audit."""
        async with self._database.writing() as connection:
            values = {name: getattr(contest, name) for name in _NAMES}
            await connection.execute(insert(ContestRow).values(**values))
            await set_deadline(connection, contest.id, ANNOUNCE, contest.created_at + ANNOUNCED_BY)
            await _set_deadlines(connection, contest)
            entry = _entry(contest, contest.created_by, contest.created_at, Deed.EVENT_STARTED, contest.title)
            await write_down(connection, entry)

    async def find(self, contest_id: str) -> Contest | None:
        """Return a contest by its id."""
        found = await self._select(ContestRow.id == contest_id)
        return found[0] if found else None

    async def of_guild(self, guild_id: int, *states: ContestState, limit: int = 25) -> list[Contest]:
        """Return a server's contests in these states (in all, where none is named), the newest first."""
        which = [ContestRow.guild_id == guild_id]
        if states:
            which.append(ContestRow.state.in_(states))
        return await self._select(*which, limit=limit)

    async def held_in(self, thread_id: int) -> Contest | None:
        """Return the contest of a thread."""
        found = await self._select(ContestRow.thread_id == thread_id)
        return found[0] if found else None

    async def opened(self, contest_id: str, *, thread_id: int, card_message_id: int) -> None:
        """Remember where a contest is held."""
        places = {"thread_id": thread_id, "card_message_id": card_message_id}
        async with self._database.writing() as connection:
            await connection.execute(update(ContestRow).where(ContestRow.id == contest_id).values(**places))

    async def announced(self, contest_id: str, *, scheduled_event_id: int | None) -> None:
        """Remember that all is done to announce a contest, and which event of Discord's is its own, if one is."""
        place = {"scheduled_event_id": scheduled_event_id}
        async with self._database.writing() as connection:
            await connection.execute(update(ContestRow).where(ContestRow.id == contest_id).values(**place))
            await drop_deadlines(connection, contest_id, ANNOUNCE)

    async def advance(self, contest_id: str, to: ContestState, at: datetime) -> Contest | None:
        """Go on to the next state, if its moment has come; of two processes one does it, and both are told so."""
        before, due = {
            ContestState.OPEN: (ContestState.ANNOUNCED, ContestRow.starts_at),
            ContestState.VOTING: (ContestState.OPEN, ContestRow.ends_at),
            ContestState.ENDED: (ContestState.VOTING, ContestRow.voting_ends_at),
        }[to]
        values: dict[str, Any] = {"state": to}
        if to is ContestState.ENDED:
            values["ended_at"] = at
        async with self._database.writing() as connection:
            await connection.execute(
                update(ContestRow)
                .where(ContestRow.id == contest_id, ContestRow.state == before, due <= at)
                .values(**values)
            )
        contest = await self.find(contest_id)
        return contest if contest is not None and contest.state == to else None

    async def move(self, contest: Contest, by: int, at: datetime, shift: timedelta) -> Contest | None:
        """Move the end, and with it the end of the vote; while it is voted on, only that.

        None where it is over, or went on in the meantime.
        """
        async with self._database.locked(f"contest {contest.id}") as connection:
            if contest.state == ContestState.VOTING:
                moved = replace(contest, voting_ends_at=contest.voting_ends_at + shift)
            else:
                moved = replace(
                    contest,
                    ends_at=contest.ends_at + shift,
                    voting_ends_at=contest.voting_ends_at + shift,
                )
            changed = await connection.execute(
                update(ContestRow)
                .where(*_as_it_was(contest), ContestRow.state.in_(LIVING))
                .values(ends_at=moved.ends_at, voting_ends_at=moved.voting_ends_at)
            )
            if not changed.rowcount:
                return None
            await _set_deadlines(connection, moved)
            deed = Deed.EVENT_EXTENDED if shift > timedelta() else Deed.EVENT_ENDED
            await write_down(connection, _entry(contest, by, at, deed, contest.title))
        return moved

    async def cancel(self, contest: Contest, by: int, at: datetime, reason: str) -> bool:
        """Call a contest off; False where it was over."""
        async with self._database.writing() as connection:
            changed = await connection.execute(
                update(ContestRow)
                .where(ContestRow.id == contest.id, ContestRow.state.in_(LIVING))
                .values(state=ContestState.CANCELLED, ended_at=at)
            )
            if not changed.rowcount:
                return False
            await drop_deadlines(connection, contest.id)
            told = f"{contest.title}: {reason}" if reason else contest.title
            await write_down(connection, _entry(contest, by, at, Deed.EVENT_CANCELLED, told))
        return True

    async def _select(self, *which: ColumnElement[bool], limit: int = 1) -> list[Contest]:
        columns = [ContestRow.__table__.c[name] for name in _NAMES]
        query = select(*columns).where(*which).order_by(ContestRow.created_at.desc()).limit(limit)
        async with self._database.reading() as connection:
            rows: Sequence[Mapping[str, Any]] = (await connection.execute(query)).mappings().all()  # type: ignore[assignment]
        return [
            Contest(**{**row, "voting": Voting(row["voting"]), "state": ContestState(row["state"])})
            for row in rows
        ]


def _as_it_was(contest: Contest) -> tuple[ColumnElement[bool], ...]:
    return (
        ContestRow.id == contest.id,
        ContestRow.state == contest.state,
        ContestRow.ends_at == contest.ends_at,
        ContestRow.voting_ends_at == contest.voting_ends_at,
    )


async def _set_deadlines(connection: AsyncConnection, contest: Contest) -> None:
    """Set what is still to come."""
    if contest.state == ContestState.ANNOUNCED:
        await set_deadline(connection, contest.id, OPEN, contest.starts_at)
    if contest.state != ContestState.VOTING:
        await set_deadline(connection, contest.id, CLOSE, contest.ends_at)
    await set_deadline(connection, contest.id, RESULTS, contest.voting_ends_at)


def _entry(contest: Contest, by: int, at: datetime, deed: Deed, reason: str) -> AuditEntry:
    return AuditEntry(guild_id=contest.guild_id, at=at, actor_id=by, deed=deed, reason=reason)
