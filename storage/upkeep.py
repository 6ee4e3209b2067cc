"""What has to be cleared away now and then: dead tokens, old pictures."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import and_, select, update
from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database
from storage.event_tables import BattleEntryRow, EntryRow
from storage.personal_data import COUNTED_FOR, forget_erased
from storage.picture_files import PictureFiles
from storage.tables import FavouriteRow, ImageRow, JobRow

log = logging.getLogger(__name__)

INTERVAL_S = 300.0


class Upkeep:
    """Empties interaction tokens that are no longer valid, and removes pictures by age and by the room they take.

    Those that somebody saved, or entered in a contest, stay. `clock` gives the current, time-zone-aware time.
    """

    def __init__(
        self,
        database: Database,
        files: PictureFiles,
        *,
        keep_for: timedelta,
        keep_bytes: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._files = files
        self._keep_for = keep_for
        self._keep_bytes = keep_bytes
        self._clock = clock

    def settle(self, *, keep_for: timedelta, keep_bytes: int) -> None:
        """Keep pictures otherwise from the next time on."""
        self._keep_for = keep_for
        self._keep_bytes = keep_bytes

    async def run(self) -> None:
        """Do it now, and again every five minutes, for ever."""
        while True:
            try:
                await self.tidy()
            except (SQLAlchemyError, OSError):
                log.exception("Old pictures and tokens could not be cleared away")
            await asyncio.sleep(INTERVAL_S)

    async def tidy(self) -> None:
        """Do it once."""
        now = self._clock()
        # Several processes may do this at once.
        async with self._database.locked("upkeep") as connection:
            await connection.execute(
                update(JobRow)
                .where(JobRow.interaction_token.is_not(None), JobRow.token_ends_at <= now)
                .values(interaction_token=None)
            )
            await forget_erased(connection, now - COUNTED_FOR)
        async with self._database.reading() as connection:
            saved = select(ImageRow.file_hash).join(
                FavouriteRow,
                and_(FavouriteRow.job_id == ImageRow.job_id, FavouriteRow.number == ImageRow.number),
            )
            entered = select(ImageRow.file_hash).join(
                EntryRow, and_(EntryRow.job_id == ImageRow.job_id, EntryRow.number == ImageRow.number)
            )
            battled = select(ImageRow.file_hash).join(
                BattleEntryRow,
                and_(
                    BattleEntryRow.job_id == ImageRow.job_id,
                    BattleEntryRow.picture == ImageRow.number,
                ),
            )
            kept = {
                *(await connection.execute(saved)).scalars(),
                *(await connection.execute(entered)).scalars(),
                *(await connection.execute(battled)).scalars(),
            }
        removed = await asyncio.to_thread(
            self._files.clean,
            older_than=now - self._keep_for,
            size_limit_bytes=self._keep_bytes,
            kept=kept,
        )
        if removed:
            async with self._database.writing() as connection:
                await connection.execute(
                    update(ImageRow).where(ImageRow.file_hash.in_(removed)).values(removed_at=now)
                )
            log.info("%d old pictures were cleared away", len(removed))
