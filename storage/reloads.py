"""How often the processes on one database were asked to read their settings again."""

from sqlalchemy import select

from storage.database import Database
from storage.tables import ReloadRow
from storage.upserts import upsert

ONLY_ROW = 1


class Reloads:
    """A number that grows. A process that sees another one than before has been asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self) -> int:
        """Ask all processes; returns the new number."""
        async with self._database.writing() as connection:
            more = {"number": ReloadRow.number + 1}
            await upsert(connection, ReloadRow, {"id": ONLY_ROW}, more, at_first={"number": 1})
            return (await connection.execute(select(ReloadRow.number))).scalar_one()

    async def number(self) -> int:
        """How often they were asked so far."""
        async with self._database.reading() as connection:
            return (await connection.execute(select(ReloadRow.number))).scalar_one_or_none() or 0
