"""A fresh database for a test, by either of the two kinds."""

from collections.abc import AsyncIterator

import pytest

from storage.database import Database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with all its tables, empty."""
    database = Database(database_url)
    await database.start()
    yield database
    await database.stop()
