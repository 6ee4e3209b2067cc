"""Tournaments: who joined, how they were seeded, which round is on. Their matches are battles, see `battles.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import AuditEntry, Deed, write_down
from storage.battles import ACTIVE, TOURNAMENT_ADVANCE, Battle, BattleState, add_battle, cancel_battle
from storage.database import Database
from storage.deadlines import drop_deadlines, set_deadline
from storage.event_tables import BattleRow, TournamentPlayerRow, TournamentRow
from storage.upserts import upsert


class TournamentState(StrEnum):
    """How far a tournament is."""

    OPEN = "open"
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"


UNDER_WAY = (TournamentState.OPEN, TournamentState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tournament:
    """A row of `tournaments`; see there."""

    id: str
    guild_id: int
    channel_id: int
    title: str
    themes: Sequence[str]
    minutes: int
    voting_minutes: int
    aspect: str
    state: TournamentState
    locale: str
    created_by: int
    created_at: datetime
    lot: int | None = None
    seeds: Sequence[int] = ()
    posted_round: int = -1
    champion_id: int | None = None
    ended_at: datetime | None = None

    def theme_of(self, round_number: int) -> str:
        """What is drawn in a round."""
        return self.themes[min(round_number, len(self.themes) - 1)]


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who joined."""

    user_id: int
    name: str
    disqualified_at: datetime | None


class Joined(StrEnum):
    """What became of somebody's wish to join."""

    IN = "in"
    ALREADY = "already"
    FULL = "full"
    CLOSED = "closed"


class TournamentStore:
    """Queries over `tournaments` and `tournament_players`. Each change says whether this call made it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, tournament: Tournament) -> None:
        """Keep a tournament that people may join."""
        async with self._database.writing() as connection:
            values = {field.name: getattr(tournament, field.name) for field in fields(tournament)}
            values |= {"themes": list(tournament.themes), "seeds": list(tournament.seeds)}
            await connection.execute(insert(TournamentRow).values(**values))

    async def find(self, tournament_id: str) -> Tournament | None:
        """Return a tournament."""
        async with self._database.reading() as connection:
            return await _find(connection, tournament_id)

    async def under_way(self, guild_id: int) -> list[Tournament]:
        """A server's tournaments that aren't over, the newest first."""
        query = (
            select(TournamentRow.__table__)
            .where(TournamentRow.guild_id == guild_id, TournamentRow.state.in_(UNDER_WAY))
            .order_by(TournamentRow.created_at.desc(), TournamentRow.id)
        )
        async with self._database.reading() as connection:
            return [_tournament(row) for row in (await connection.execute(query)).mappings()]

    async def players(self, tournament_id: str) -> list[Player]:
        """Who joined, in that order."""
        async with self._database.reading() as connection:
            return await _players(connection, tournament_id)

    async def join(self, tournament_id: str, user_id: int, name: str, at: datetime, most: int) -> Joined:
        """Let somebody in, of `most` who may be."""
        async with self._database.locked(f"tournament {tournament_id}") as connection:
            tournament = await _find(connection, tournament_id)
            if tournament is None or tournament.state is not TournamentState.OPEN:
                return Joined.CLOSED
            players = await _players(connection, tournament_id)
            if any(player.user_id == user_id for player in players):
                return Joined.ALREADY
            if len(players) >= most:
                return Joined.FULL
            keys = {"tournament_id": tournament_id, "user_id": user_id}
            values = {"name": name, "joined_at": at, "disqualified_at": None}
            await upsert(connection, TournamentPlayerRow, keys, values)
            return Joined.IN

    async def leave(self, tournament_id: str, user_id: int) -> bool:
        """Let somebody out again, before it begins."""
        async with self._database.locked(f"tournament {tournament_id}") as connection:
            tournament = await _find(connection, tournament_id)
            if tournament is None or tournament.state is not TournamentState.OPEN:
                return False
            gone = await connection.execute(
                delete(TournamentPlayerRow).where(*_player(tournament_id, user_id))
            )
            return bool(gone.rowcount)

    async def start(
        self, tournament: Tournament, seeds: Sequence[int], lot: int, by: int, at: datetime
    ) -> bool:
        """Begin, with the people by seed; not where the people changed since they were seeded."""
        async with self._database.locked(f"tournament {tournament.id}") as connection:
            found = await _find(connection, tournament.id)
            if found is None or found.state is not TournamentState.OPEN:
                return False
            if {player.user_id for player in await _players(connection, tournament.id)} != set(seeds):
                return False
            values = {"state": TournamentState.RUNNING.value, "seeds": list(seeds), "lot": lot}
            await connection.execute(_update(tournament.id).values(**values))
            await set_deadline(connection, tournament.id, TOURNAMENT_ADVANCE, at, -1)
            await write_down(connection, _deed(tournament, by, at, Deed.EVENT_STARTED))
            return True

    async def announced(self, tournament_id: str, round_number: int) -> None:
        """Remember that a round was announced."""
        async with self._database.writing() as connection:
            await connection.execute(_update(tournament_id).values(posted_round=round_number))

    async def hold(self, tournament_id: str, battles: Sequence[Battle], at: datetime) -> None:
        """Begin matches; those that were begun already are left alone."""
        async with self._database.locked(f"tournament {tournament_id}") as connection:
            tournament = await _find(connection, tournament_id)
            if tournament is None or tournament.state is not TournamentState.RUNNING:
                return
            begun = select(BattleRow.round, BattleRow.number).where(BattleRow.tournament_id == tournament_id)
            known = {(row.round, row.number) for row in await connection.execute(begun)}
            for battle in battles:
                if (battle.round, battle.number) not in known:
                    await add_battle(connection, battle, at)

    async def end(self, tournament_id: str, champion_id: int, at: datetime) -> None:
        """It is over; `champion_id` is 0 where nobody won."""
        values = {"state": TournamentState.ENDED.value, "champion_id": champion_id, "ended_at": at}
        async with self._database.writing() as connection:
            running = _update(tournament_id).where(TournamentRow.state == TournamentState.RUNNING.value)
            await connection.execute(running.values(**values))

    async def cancel(
        self, tournament: Tournament, by: int, at: datetime, reason: str = ""
    ) -> list[Battle] | None:
        """Call a tournament off, with its battles, which are returned; None where it was over."""
        async with self._database.locked(f"tournament {tournament.id}") as connection:
            found = await _find(connection, tournament.id)
            if found is None or found.state not in UNDER_WAY:
                return None
            values = {"state": TournamentState.CANCELLED.value, "ended_at": at}
            await connection.execute(_update(tournament.id).values(**values))
            await drop_deadlines(connection, tournament.id)
            battles = await _active_battles(connection, BattleRow.tournament_id == tournament.id)
            for battle in battles:
                await cancel_battle(connection, battle, at)
            await write_down(connection, _deed(tournament, by, at, Deed.EVENT_CANCELLED, None, reason))
            return battles

    async def disqualify(
        self, tournament: Tournament, user_id: int, by: int, at: datetime, reason: str = ""
    ) -> bool:
        """Put somebody out: what they would play from now on, the other wins. Of one not begun they just leave."""
        async with self._database.locked(f"tournament {tournament.id}") as connection:
            found = await _find(connection, tournament.id)
            if found is None or found.state not in UNDER_WAY:
                return False
            which = _player(tournament.id, user_id)
            if found.state is TournamentState.OPEN:
                done = await connection.execute(delete(TournamentPlayerRow).where(*which))
            else:
                done = await connection.execute(
                    update(TournamentPlayerRow)
                    .where(*which, TournamentPlayerRow.disqualified_at.is_(None))
                    .values(disqualified_at=at)
                )
            if not done.rowcount:
                return False
            await write_down(connection, _deed(tournament, by, at, Deed.DISQUALIFIED, user_id, reason))
            return True


async def _find(connection: AsyncConnection, tournament_id: str) -> Tournament | None:
    query = select(TournamentRow.__table__).where(TournamentRow.id == tournament_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _tournament(row)


async def _players(connection: AsyncConnection, tournament_id: str) -> list[Player]:
    columns = [TournamentPlayerRow.__table__.c[field.name] for field in fields(Player)]
    query = (
        select(*columns)
        .where(TournamentPlayerRow.tournament_id == tournament_id)
        .order_by(TournamentPlayerRow.joined_at, TournamentPlayerRow.user_id)
    )
    return [Player(**row) for row in (await connection.execute(query)).mappings()]


async def _active_battles(connection: AsyncConnection, which: ColumnElement[bool]) -> list[Battle]:
    query = select(BattleRow.__table__).where(which, BattleRow.state.in_(ACTIVE))
    rows = (await connection.execute(query)).mappings()
    return [Battle(**{**row, "state": BattleState(row["state"])}) for row in rows]


def _player(tournament_id: str, user_id: int) -> tuple[ColumnElement[bool], ...]:
    return TournamentPlayerRow.tournament_id == tournament_id, TournamentPlayerRow.user_id == user_id


def _tournament(row: RowMapping) -> Tournament:
    return Tournament(**{**row, "state": TournamentState(row["state"])})


def _update(tournament_id: str) -> Any:
    return update(TournamentRow).where(TournamentRow.id == tournament_id)


def _deed(
    tournament: Tournament, by: int, at: datetime, deed: Deed, user_id: int | None = None, reason: str = ""
) -> AuditEntry:
    return AuditEntry(
        guild_id=tournament.guild_id,
        at=at,
        actor_id=by,
        deed=deed,
        user_id=user_id,
        reason=f"{tournament.title}: {reason}".rstrip(" :"),
    )
