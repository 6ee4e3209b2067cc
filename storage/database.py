"""The connection to the database: its dialect's ways, and its migrations at start."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

MIGRATIONS = Path(__file__).with_name("migrations")

BUSY_TIMEOUT_MS = 15_000
"""How long SQLite waits for another writer before it gives up."""

POOL_SIZE, POOL_OVERFLOW = 10, 10
"""Connections to PostgreSQL that one process keeps, and how many more it opens while all of them are busy."""

POOL_OPTIONS = {"pool_size": POOL_SIZE, "max_overflow": POOL_OVERFLOW, "pool_pre_ping": True}


class DatabaseUnavailable(Exception):
    """The database can't be used. The message is one line for the operator, without the password."""


class NewerDatabase(DatabaseUnavailable):
    """Its tables are of a version that this program doesn't know."""


class DatabaseAway(SQLAlchemyError):
    """The database can't be reached now; what was to be written may be there or not. `__cause__` says why."""


class Database:
    """One database, by its SQLAlchemy URL: `sqlite+aiosqlite:///file` or `postgresql+asyncpg://...`.

    Whatever works with it after its start may meet `DatabaseAway`.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._shown_url = parsed.render_as_string(hide_password=True)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._file = Path(parsed.database) if self.is_sqlite and parsed.database else None
        options: dict[str, Any] = {} if self.is_sqlite else POOL_OPTIONS
        # Parameters are prompts, and tokens of interactions: an error that is logged must not have them.
        self.engine: AsyncEngine = create_async_engine(parsed, hide_parameters=True, **options)
        # SQLite's writers wait by asking again and again, in no order; ours stand in line.
        self._writing = asyncio.Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _set_up_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_immediately)

    async def start(self) -> None:
        """Bring the tables up to date.

        Raises:
            DatabaseUnavailable: it can't be reached, or is of a newer version than this program.
        """
        try:
            if self._file is not None:
                self._file.parent.mkdir(parents=True, exist_ok=True)
            async with self.engine.connect() as connection:
                await connection.run_sync(_migrate)
        except NewerDatabase as error:
            raise NewerDatabase(f"{self._shown_url}: {error}") from None
        except (SQLAlchemyError, OSError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            reason = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
            raise DatabaseUnavailable(f"{self._shown_url} can't be used: {reason}") from error

    async def stop(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    @asynccontextmanager
    async def locked(self, *keys: str) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that no other one with a common key runs beside, in any process.

        SQLite has one writer at a time anyway. Keys are taken in order, so that two can't wait for each other.
        """
        async with self.writing() as connection:
            if not self.is_sqlite:
                for key in sorted(keys):
                    await connection.execute(
                        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}
                    )
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that is committed at the end."""
        async with self._writing, self._connected() as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that only reads, beside whoever writes."""
        async with self._connected() as connection:
            await connection.execution_options(reads=True)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection.

        SQLAlchemy lets errors of the network through as they are. They must not be taken for the disk's, so no file is
        touched while a connection is lent.

        Raises:
            DatabaseAway: there is none, or it broke.
        """
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self.engine.connect())
            except (SQLAlchemyError, OSError) as error:  # also where a server is starting, or full
                raise _away(error) from error
            try:
                yield connection
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise _away(error) from error
                raise
            except OSError as error:
                raise _away(error) from error


def _away(error: Exception) -> DatabaseAway:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return DatabaseAway(str(cause) or type(cause).__name__)


def migration_config(connection: Connection | None = None) -> Config:
    """Make Alembic's configuration; `connection` is what it migrates."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection) -> None:
    config = migration_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise NewerDatabase(
            f"its tables are of version {current}, which this program doesn't know. Please update the program, "
            "or name another database"
        )
    connection.commit()
    if connection.dialect.name == "postgresql":
        # Two processes that start together must not both create the tables.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('migrations', 0))"))
    command.upgrade(config, "head")
    connection.commit()


def _set_up_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    # With WAL this survives a killed process; only a power cut may lose the last moments.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
    # Transactions are begun by `_begin_immediately`, not by the driver at the first write.
    connection.isolation_level = None


def _begin_immediately(connection: Connection) -> None:
    """Take SQLite's write lock at the start: a transaction that reads first and writes later could fail for good."""
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
