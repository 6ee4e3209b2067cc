"""Votes on contests: ballots and comparisons, each counted once however often it is sent."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.contests import ContestState
from storage.database import Database
from storage.event_tables import BallotRow, ComparisonRow, ContestRow, EntryRow
from storage.upserts import upsert

PICKS_MAX = 3


class Voted(StrEnum):
    """What became of a vote."""

    COUNTED = "counted"
    CLOSED = "nobody can vote now"
    OWN = "it is the voter's own entry"
    GONE = "there is no such entry any more"
    TOO_MANY = "more than a ballot holds"


class BallotStore:
    """Queries over `ballots` and `comparisons`. Of two votes of one person at once one comes after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def vote(
        self,
        contest_id: str,
        user_id: int,
        at: datetime,
        *,
        chosen: Collection[str],
        among: Collection[str] | None = None,
    ) -> tuple[Voted, set[str]]:
        """Make `chosen` a person's picks; of a ballot in several parts only those `among` these are changed.

        Returns what became of it, and the picks as they are then.
        """
        async with self._database.locked(f"ballot {contest_id} {user_id}") as connection:
            own = [BallotRow.contest_id == contest_id, BallotRow.user_id == user_id]
            kept = set((await connection.execute(select(BallotRow.entry_id).where(*own))).scalars())
            verdict = await _may_vote(connection, contest_id, user_id, at, chosen)
            picks = set(chosen) if among is None else (kept - set(among)) | set(chosen)
            if verdict is Voted.COUNTED and len(picks) > PICKS_MAX:
                verdict = Voted.TOO_MANY
            if verdict is not Voted.COUNTED:
                return verdict, kept
            if kept - picks:
                await connection.execute(delete(BallotRow).where(*own, BallotRow.entry_id.not_in(picks)))
            rows = [
                {"contest_id": contest_id, "user_id": user_id, "entry_id": entry_id, "cast_at": at}
                for entry_id in sorted(picks - kept)
            ]
            if rows:
                await connection.execute(insert(BallotRow), rows)
        return Voted.COUNTED, picks

    async def compare(self, contest_id: str, user_id: int, at: datetime, *, winner: str, other: str) -> Voted:
        """Remember which of two a person found better; the newest answer about a pair counts."""
        async with self._database.locked(f"ballot {contest_id} {user_id}") as connection:
            verdict = await _may_vote(connection, contest_id, user_id, at, {winner, other})
            if verdict is not Voted.COUNTED:
                return verdict
            first, second = sorted((winner, other))
            keys = {"contest_id": contest_id, "user_id": user_id, "first_id": first, "second_id": second}
            await upsert(connection, ComparisonRow, keys, {"winner_id": winner, "compared_at": at})
        return Voted.COUNTED

    async def picks_of(self, contest_id: str, user_id: int) -> set[str]:
        """A person's picks."""
        query = select(BallotRow.entry_id).where(
            BallotRow.contest_id == contest_id, BallotRow.user_id == user_id
        )
        async with self._database.reading() as connection:
            return set((await connection.execute(query)).scalars())

    async def ballots(self, contest_id: str) -> dict[int, list[str]]:
        """Every voter's picks."""
        query = select(BallotRow.user_id, BallotRow.entry_id).where(BallotRow.contest_id == contest_id)
        ballots: dict[int, list[str]] = {}
        async with self._database.reading() as connection:
            for user_id, entry_id in await connection.execute(query.order_by(BallotRow.user_id)):
                ballots.setdefault(user_id, []).append(entry_id)
        return ballots

    async def pairs_of(self, contest_id: str, user_id: int) -> set[tuple[str, str]]:
        """The pairs that a person has compared."""
        query = select(ComparisonRow.first_id, ComparisonRow.second_id).where(
            ComparisonRow.contest_id == contest_id, ComparisonRow.user_id == user_id
        )
        async with self._database.reading() as connection:
            return {(row.first_id, row.second_id) for row in await connection.execute(query)}

    async def appearances(self, contest_id: str) -> Mapping[str, int]:
        """How often each entry was compared, by all."""
        counted: Counter[str] = Counter()
        async with self._database.reading() as connection:
            for column in (ComparisonRow.first_id, ComparisonRow.second_id):
                query = select(column, func.count()).where(ComparisonRow.contest_id == contest_id)
                for entry_id, count in await connection.execute(query.group_by(column)):
                    counted[entry_id] += count
        return counted

    async def comparisons(self, contest_id: str) -> list[tuple[int, str, str]]:
        """Every comparison, as (voter, preferred, other)."""
        query = (
            select(
                ComparisonRow.user_id,
                ComparisonRow.first_id,
                ComparisonRow.second_id,
                ComparisonRow.winner_id,
            )
            .where(ComparisonRow.contest_id == contest_id)
            .order_by(ComparisonRow.user_id, ComparisonRow.compared_at)
        )
        async with self._database.reading() as connection:
            return [
                (row.user_id, row.winner_id, row.second_id if row.winner_id == row.first_id else row.first_id)
                for row in await connection.execute(query)
            ]

    async def voters(self, contest_id: str) -> int:
        """How many people have voted."""
        total = 0
        async with self._database.reading() as connection:
            for table in (BallotRow, ComparisonRow):
                query = select(func.count(func.distinct(table.user_id))).where(table.contest_id == contest_id)
                total += (await connection.execute(query)).scalar_one()
        return total


async def _may_vote(
    connection: AsyncConnection, contest_id: str, user_id: int, at: datetime, entry_ids: Collection[str]
) -> Voted:
    is_voting: list[ColumnElement[bool]] = [
        ContestRow.id == contest_id,
        ContestRow.state == ContestState.VOTING,
        ContestRow.voting_ends_at > at,
    ]
    if (await connection.execute(select(ContestRow.id).where(*is_voting))).first() is None:
        return Voted.CLOSED
    wanted = set(entry_ids)
    query = select(EntryRow.id, EntryRow.user_id).where(
        EntryRow.contest_id == contest_id, EntryRow.id.in_(wanted), EntryRow.removed_at.is_(None)
    )
    found = {row.id: row.user_id for row in await connection.execute(query)}
    if len(found) < len(wanted):
        return Voted.GONE
    return Voted.OWN if user_id in found.values() else Voted.COUNTED
