"""What is stored of one person: given to them, or removed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.battle_privacy import forget_player
from storage.database import Database
from storage.event_tables import (
    BallotRow,
    BattleEntryRow,
    BattleVoteRow,
    ComparisonRow,
    EntryRow,
    TournamentPlayerRow,
)
from storage.guessing import forget_guesser, secret_games
from storage.guessing_tables import FindRow, GuessRow
from storage.job_ledger import UNFINISHED
from storage.picture_files import PictureFiles
from storage.presets import OwnerKind
from storage.standing_tables import StandingRow
from storage.tables import FavouriteRow, ImageRow, JobRow, PersonRow, PresetRow, SourceRow, WildcardRow

COUNTED_FOR = timedelta(days=1)
"""How long an erased job still counts against its asker's limits; its content is gone at once."""

_WITH_FILES = (ImageRow, SourceRow)

_TOLD_COLUMNS = (
    "id", "guild_id", "channel_id", "state", "accepted_at", "ended_at", "delivered_at", "image_count", "record",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PersonalExport:
    """What a person asked for and keeps, as plain JSON, and the hashes of their pictures that are still there.

    `kept` are favourites, presets, usual options, wildcard lists, and what they did in events. What was drawn comes
    before what was brought to be drawn over, the newest first.
    """

    jobs: list[dict[str, Any]]
    kept: dict[str, list[dict[str, Any]]]
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
            # What is being guessed is theirs to see when the game is over.
            told = or_(JobRow.occasion.is_(None), JobRow.occasion.not_in(secret_games()))
            query = select(*columns).where(JobRow.user_id == user_id, JobRow.erased_at.is_(None), told)
            jobs = [
                _told(row)
                for row in (
                    await connection.execute(query.order_by(JobRow.accepted_at, JobRow.id))
                ).mappings()
            ]
            pictures = (
                select(ImageRow.file_hash)
                .join(JobRow, JobRow.id == ImageRow.job_id)
                .where(JobRow.user_id == user_id, ImageRow.removed_at.is_(None), told)
                .order_by(ImageRow.created_at.desc(), ImageRow.number)
            )
            brought = (
                select(SourceRow.file_hash)
                .join(JobRow, JobRow.id == SourceRow.job_id)
                .where(JobRow.user_id == user_id)
                .order_by(JobRow.accepted_at.desc(), SourceRow.number)
            )
            hashes = [
                *(await connection.execute(pictures)).scalars(),
                *(await connection.execute(brought)).scalars(),
            ]
            kept = {}
            for table, own in _kept_by(user_id).items():
                columns = [column for column in table.__table__.c if column.name != "reference"]
                rows = await connection.execute(select(*columns).where(own))
                kept[table.__tablename__] = [_told(row) for row in rows.mappings()]
            return PersonalExport(jobs, kept, list(dict.fromkeys(hashes)))

    async def picture(self, file_hash: str) -> bytes | None:
        """Read a picture; None where it was cleaned away."""
        try:
            return await asyncio.to_thread(self._files.read, file_hash)
        except FileNotFoundError:
            return None

    async def erase(self, user_id: int) -> int:
        """Remove a person's jobs, pictures and what they keep; returns how many pictures went.

        What still waits or runs stays. A server's presets stay too, for the server.
        For a day an empty row remains of each recent job, so that nobody gets fresh limits this way.
        """
        async with self._database.writing() as connection:
            await forget_guesser(connection, user_id)
            await forget_player(connection, user_id)
            for table, own in _kept_by(user_id).items():
                await connection.execute(delete(table).where(own))
            hashes = await self._erase_jobs(
                connection, JobRow.user_id == user_id, JobRow.state.not_in(UNFINISHED)
            )
            await forget_erased(connection, self._clock() - COUNTED_FOR)
        for file_hash in hashes:
            await asyncio.to_thread(self._files.remove, file_hash)
        return len(hashes)

    async def erase_job(self, job_id: str) -> None:
        """Remove one job that is over, with its pictures."""
        async with self._database.writing() as connection:
            hashes = await self._erase_jobs(connection, JobRow.id == job_id, JobRow.state.not_in(UNFINISHED))
        for file_hash in hashes:
            await asyncio.to_thread(self._files.remove, file_hash)

    async def _erase_jobs(self, connection: AsyncConnection, *which: ColumnElement[bool]) -> set[str]:
        """Empty the rows of jobs; returns the files that nobody has any more."""
        jobs = select(JobRow.id).where(*which)
        hashes = set()
        for table in _WITH_FILES:
            files = select(table.file_hash).where(table.job_id.in_(jobs))
            hashes |= set((await connection.execute(files)).scalars())
        for own in (FavouriteRow, EntryRow, BattleEntryRow):
            await connection.execute(delete(own).where(own.job_id.in_(jobs)))
        for table in _WITH_FILES:
            await connection.execute(delete(table).where(table.job_id.in_(jobs)))
        await connection.execute(
            update(JobRow)
            .where(*which)
            .values(
                record={},
                failure=None,
                interaction_token=None,
                message_id=None,
                erased_at=self._clock(),
                delivered_at=self._clock(),
            )
        )
        # Somebody else may have the very same picture.
        for table in _WITH_FILES:
            shared = select(table.file_hash).where(table.file_hash.in_(hashes))
            hashes -= set((await connection.execute(shared)).scalars())
        return hashes


def _kept_by(user_id: int) -> dict[type[Any], ColumnElement[bool]]:
    """The tables with what a person keeps, and which rows are theirs."""
    return {
        FavouriteRow: FavouriteRow.user_id == user_id,
        PresetRow: and_(PresetRow.owner_kind == OwnerKind.PERSON.value, PresetRow.owner_id == user_id),
        PersonRow: PersonRow.user_id == user_id,
        WildcardRow: WildcardRow.user_id == user_id,
        BallotRow: BallotRow.user_id == user_id,
        ComparisonRow: ComparisonRow.user_id == user_id,
        EntryRow: EntryRow.user_id == user_id,
        BattleEntryRow: BattleEntryRow.user_id == user_id,
        BattleVoteRow: BattleVoteRow.user_id == user_id,
        TournamentPlayerRow: TournamentPlayerRow.user_id == user_id,
        StandingRow: StandingRow.user_id == user_id,
        GuessRow: GuessRow.user_id == user_id,
        FindRow: FindRow.user_id == user_id,
    }


async def forget_erased(connection: AsyncConnection, before: datetime) -> None:
    """Remove the empty rows of erased jobs that were accepted before then."""
    await connection.execute(
        delete(JobRow).where(JobRow.erased_at.is_not(None), JobRow.accepted_at <= before)
    )


def _told(row: RowMapping) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
