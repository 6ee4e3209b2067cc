"""What stands around the client: it is gone when the client is."""

import asyncio
from datetime import timedelta
from pathlib import Path

from storage.database import Database
from storage.picture_files import PictureFiles
from storage.upkeep import Upkeep
from wiring.service import utc_now
from wiring.serving import tidied


async def test_upkeep_that_is_called_off_has_let_its_connection_go_before_the_database_stops(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'jobs.db'}")
    await database.start()
    keep_for = timedelta(days=1)
    upkeep = Upkeep(database, PictureFiles(tmp_path), keep_for=keep_for, keep_bytes=1, clock=utc_now)
    before = asyncio.all_tasks()
    async with tidied(upkeep):
        await asyncio.sleep(0.001)
    assert asyncio.all_tasks() == before
    await database.stop()
