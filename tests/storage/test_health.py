"""The database says of what version it is, and the disk how much room is left."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database, migration_config
from storage.health import StorageHealth


async def test_a_database_that_answers_names_its_kind_and_version(database: Database, tmp_path: Path) -> None:
    health = await StorageHealth(database, tmp_path).database()
    assert health.kind == ("sqlite" if database.is_sqlite else "postgresql")
    assert health.revision == ScriptDirectory.from_config(migration_config()).get_current_head()
    assert health.answer_s >= 0


async def test_a_database_that_is_not_there_raises(tmp_path: Path) -> None:
    absent = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with pytest.raises((SQLAlchemyError, OSError)):
        await StorageHealth(absent, tmp_path).database()


async def test_the_disk_is_looked_at_before_the_folder_is_there(tmp_path: Path) -> None:
    health = await StorageHealth(Database("sqlite+aiosqlite://"), tmp_path / "not" / "yet").disk()
    assert 0 < health.free_bytes < health.total_bytes
