"""The database at start: made, brought up to date, or refused with a sentence."""

import asyncio
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.database import Database, DatabaseAway, DatabaseUnavailable, migration_config
from storage.event_tables import Base
from tests.outages import outage_of

ROOT = Path(__file__).parents[2]
REVISIONS = [script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions()]

JOB = (
    "INSERT INTO jobs (id, user_id, channel_id, state, accepted_at, image_count, cost, weight, record) "
    "VALUES ('0123456789abcdef', 11, 2, 'queued', '2026-01-01 12:00:00+00:00', 1, 25.3, 1.0, '{\"a\": 1}')"
)


async def test_a_new_database_has_the_tables_that_the_program_works_with(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


@pytest.mark.parametrize("revision", REVISIONS)
async def test_what_an_older_version_stored_is_still_there_after_an_update(
    database_url: str, revision: str
) -> None:
    old = Database(database_url)

    def migrate(connection: Connection) -> None:
        command.upgrade(migration_config(connection), revision)
        connection.commit()

    async with old.engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.execute(text(JOB))
        await connection.commit()
    await old.stop()
    new = Database(database_url)
    await new.start()
    async with new.reading() as connection:
        assert (await connection.execute(text("SELECT id, user_id FROM jobs"))).all() == [
            ("0123456789abcdef", 11)
        ]
    await new.stop()


async def test_a_job_that_was_told_but_never_ended_has_ended_after_an_update(database_url: str) -> None:
    old = Database(database_url)

    def migrate(connection: Connection) -> None:
        command.upgrade(migration_config(connection), "0008")
        connection.commit()

    told = JOB.replace("0123456789abcdef", "00000000000000aa").replace("queued", "running")
    async with old.engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.execute(text(JOB))
        await connection.execute(text(told))
        await connection.execute(
            text("UPDATE jobs SET delivered_at = '2026-01-01 12:05:00+00:00' WHERE state = 'running'")
        )
        await connection.commit()
    await old.stop()
    new = Database(database_url)
    await new.start()
    async with new.reading() as connection:
        rows = await connection.execute(
            text("SELECT id, state, ended_at = delivered_at FROM jobs ORDER BY id")
        )
        assert rows.all() == [("00000000000000aa", "failed", True), ("0123456789abcdef", "queued", None)]
    await new.stop()


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match="9999"):
        await database.start()
    async with database.reading() as connection:
        version = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
    assert version == "9999"


START = """
import asyncio, sys
from storage.database import Database

async def start():
    database = Database(sys.argv[1])
    await database.start()
    await database.stop()

asyncio.run(start())
"""


async def test_two_programs_that_start_together_make_the_tables_once(database_url: str) -> None:
    programs = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", START, database_url, cwd=ROOT)
        for _ in range(3)
    ]
    assert [await program.wait() for program in programs] == [0, 0, 0]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:////proc/nowhere/test.db",
        "postgresql+asyncpg://bot:very-secret@127.0.0.1:9/nowhere",
    ],
)
async def test_a_database_out_of_reach_is_told_in_one_line_without_the_password(url: str) -> None:
    with pytest.raises(DatabaseUnavailable) as error:
        await Database(url).start()
    assert "\n" not in str(error.value)
    assert "very-secret" not in str(error.value)


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    file.write_text("this is no database, and long enough to be looked at " * 100, encoding="utf-8")
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        await Database(f"sqlite+aiosqlite:///{file}").start()


async def test_a_database_that_goes_away_is_told_apart_from_a_broken_disk_and_comes_back(
    database_url: str,
) -> None:
    if "postgresql" not in database_url:
        pytest.skip("a file is always there")
    async with outage_of(database_url) as outage:
        database = Database(outage.url)
        async with database.reading() as connection:
            await connection.execute(text("SELECT 1"))

        async def broken_in_the_middle() -> None:
            async with database.reading() as connection:
                await outage.begin()
                await connection.execute(text("SELECT 1"))

        with pytest.raises(DatabaseAway):
            await broken_in_the_middle()
        with pytest.raises(DatabaseAway) as error:
            async with database.writing():
                pass
        assert isinstance(error.value.__cause__, ConnectionRefusedError)
        await outage.end()
        async with database.writing() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
        await database.stop()


async def test_an_error_of_the_database_repeats_nothing_of_what_was_to_be_stored(database: Database) -> None:
    with pytest.raises(DBAPIError) as error:
        async with database.writing() as connection:
            await connection.execute(
                text("INSERT INTO nowhere VALUES (:prompt)"), {"prompt": "a very private tag"}
            )
    assert "private" not in str(error.value)
