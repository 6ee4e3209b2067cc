"""Whether the database answers, and how much room is left for pictures."""

import asyncio
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.database import Database, migration_config


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """A database that answers. `kind` is "sqlite" or "postgresql", `revision` the version of its tables."""

    kind: str
    revision: str
    answer_s: float


@dataclass(frozen=True, slots=True)
class DiskHealth:
    """The disk that pictures are kept on."""

    free_bytes: int
    total_bytes: int


class StorageHealth:
    """Looks at the database, and at the disk of the folder where pictures are kept."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    async def database(self) -> DatabaseHealth:
        """Ask the database for the version of its tables, and take the time.

        Raises:
            SQLAlchemyError, OSError: it doesn't answer.
        """
        begin = time.monotonic()
        async with self._database.reading() as connection:
            revision = await connection.run_sync(_revision)
        kind = "sqlite" if self._database.is_sqlite else "postgresql"
        return DatabaseHealth(kind, revision, time.monotonic() - begin)

    async def disk(self) -> DiskHealth:
        """Look how full the disk is.

        Raises:
            OSError: the folder can't be looked at.
        """
        return await asyncio.to_thread(self._look_at_disk)

    def _look_at_disk(self) -> DiskHealth:
        # Before the first picture the folder may not be there.
        folder = self._folder.absolute()
        usage = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists()))
        return DiskHealth(usage.free, usage.total)


def known_revisions() -> frozenset[str]:
    """The versions of the tables that this program can bring up to date; "-" is none at all."""
    script = ScriptDirectory.from_config(migration_config())
    return frozenset({"-", *(revision.revision for revision in script.walk_revisions())})


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or "-"
