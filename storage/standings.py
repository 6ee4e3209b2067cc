"""Standings: who came where in events that are over, added up by server and season.

A season is a name. Without one of their own, servers have the quarters of the year: "2026-Q4".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Select, case, cast, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import AuditEntry, Deed, write_down
from storage.database import Database
from storage.standing_tables import SeasonRow, StandingRow
from storage.upserts import upsert


class EventKind(StrEnum):
    """What an event was."""

    CONTEST = "contest"
    BATTLE = "battle"
    TOURNAMENT = "tournament"
    GUESSING = "guessing"


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's place in an event, 1 being the first, and the points that it brings them."""

    user_id: int
    place: int
    points: int


@dataclass(frozen=True, slots=True)
class SeasonStanding:
    """A person's place in a season: their points of all its events, of which they won some."""

    user_id: int
    place: int
    points: int
    events: int
    wins: int


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """One page of a season, the best first, of how many people there are, and where one of them stands."""

    standings: Sequence[SeasonStanding]
    people: int
    own: SeasonStanding | None


async def record_standings(
    connection: AsyncConnection,
    guild_id: int,
    event_id: str,
    kind: EventKind,
    standings: Sequence[Standing],
    ended_at: datetime,
) -> None:
    """Write down how an event ended, in the transaction of its end. What was written of it before is replaced."""
    season = await _season_at(connection, guild_id, ended_at)
    await connection.execute(delete(StandingRow).where(StandingRow.event_id == event_id))
    if standings:
        await connection.execute(
            insert(StandingRow),
            [
                {
                    "event_id": event_id,
                    "user_id": standing.user_id,
                    "guild_id": guild_id,
                    "season": season,
                    "kind": kind.value,
                    "place": standing.place,
                    "points": standing.points,
                    "ended_at": ended_at,
                }
                for standing in standings
            ],
        )


class StandingStore:
    """Queries over `standings` and `seasons`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self,
        guild_id: int,
        event_id: str,
        kind: EventKind,
        standings: Sequence[Standing],
        ended_at: datetime,
    ) -> None:
        """Write down how an event ended. It may be done again; nothing counts twice."""
        async with self._database.locked(f"standings {event_id}") as connection:
            await record_standings(connection, guild_id, event_id, kind, standings, ended_at)

    async def season(self, guild_id: int, at: datetime) -> str:
        """The season that a server is in."""
        async with self._database.reading() as connection:
            return await _season_at(connection, guild_id, at)

    async def seasons(self, guild_id: int) -> list[str]:
        """The seasons of a server that somebody stands in, the newest first."""
        newest = func.max(StandingRow.ended_at)
        query = (
            select(StandingRow.season)
            .where(StandingRow.guild_id == guild_id)
            .group_by(StandingRow.season)
            .order_by(newest.desc())
        )
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    async def start_season(self, guild_id: int, name: str, by: int, at: datetime) -> None:
        """Begin a season, or go on with one of this name."""
        async with self._database.locked(f"season {guild_id}") as connection:
            keys = {"guild_id": guild_id, "name": name}
            await upsert(connection, SeasonRow, keys, {"began_at": at, "begun_by": by})
            entry = AuditEntry(guild_id=guild_id, at=at, actor_id=by, deed=Deed.SEASON_STARTED, reason=name)
            await write_down(connection, entry)

    async def leaderboard(
        self, guild_id: int, season: str, user_id: int, *, page: int = 1, length: int = 10
    ) -> Leaderboard:
        """Return one page of a season, and where `user_id` stands in it. As many points are the same place."""
        added_up = _added_up(guild_id, season).subquery()
        whole = select(added_up).order_by(added_up.c.place, added_up.c.wins.desc(), added_up.c.user_id)
        async with self._database.reading() as connection:
            rows = await connection.execute(whole.offset((page - 1) * length).limit(length))
            listed = [SeasonStanding(**row) for row in rows.mappings()]
            people = (await connection.execute(select(func.count()).select_from(added_up))).scalar_one()
            mine = await connection.execute(select(added_up).where(added_up.c.user_id == user_id))
            own = [SeasonStanding(**row) for row in mine.mappings()]
        return Leaderboard(listed, people, own[0] if own else None)


def quarter(at: datetime) -> str:
    """The quarter of the year, such as "2026-Q4"."""
    moment = at.astimezone(UTC)
    return f"{moment.year}-Q{(moment.month + 2) // 3}"


def _added_up(guild_id: int, season: str) -> Select[int, int, int, int, int]:
    # PostgreSQL adds up integers to decimals.
    points = cast(func.sum(StandingRow.points), BigInteger)
    return (
        select(
            StandingRow.user_id,
            func.rank().over(order_by=func.sum(StandingRow.points).desc()).label("place"),
            points.label("points"),
            func.count().label("events"),
            func.count(case((StandingRow.place == 1, 1))).label("wins"),
        )
        .where(StandingRow.guild_id == guild_id, StandingRow.season == season)
        .group_by(StandingRow.user_id)
    )


async def _season_at(connection: AsyncConnection, guild_id: int, at: datetime) -> str:
    query = (
        select(SeasonRow.name)
        .where(SeasonRow.guild_id == guild_id, SeasonRow.began_at <= at)
        .order_by(SeasonRow.began_at.desc())
        .limit(1)
    )
    begun: str | None = (await connection.execute(query)).scalar_one_or_none()
    return begun or quarter(at)
