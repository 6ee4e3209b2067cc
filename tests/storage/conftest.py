"""A fresh database for a test: a SQLite file, and a real PostgreSQL where there is one."""

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from storage.database import Database

POSTGRES = "ANIM4GINE_TEST_POSTGRES"
"""Environment variable: postgresql+asyncpg://USER:PASSWORD@HOST/NAME of a server where the tests may make databases."""


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    if POSTGRES not in os.environ:
        pytest.skip(f"{POSTGRES} names no PostgreSQL server")
    server = make_url(os.environ[POSTGRES])
    name = f"test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(
        server.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    await connection.execute(f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with all its tables, empty."""
    database = Database(database_url)
    await database.start()
    yield database
    await database.stop()
