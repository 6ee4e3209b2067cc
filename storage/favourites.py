"""The pictures that people saved, their own and others'."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from storage.database import Database
from storage.tables import FavouriteRow
from storage.upserts import upsert

FAVOURITES_MAX = 500
"""Pictures that a person may save: each is kept on disk as long."""


@dataclass(frozen=True, slots=True)
class Favourite:
    """A saved picture: number `number` of a job."""

    job_id: str
    number: int


class FavouriteStore:
    """Queries over `favourites`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, user_id: int, favourite: Favourite, saved_at: datetime) -> bool:
        """Save a picture; False where the person has too many. One that is saved already stays so."""
        async with self._database.locked(f"person {user_id}") as connection:
            own = select(func.count()).where(FavouriteRow.user_id == user_id)
            if (await connection.execute(own)).scalar_one() >= FAVOURITES_MAX:
                return False
            keys = {"user_id": user_id, "job_id": favourite.job_id, "number": favourite.number}
            await upsert(connection, FavouriteRow, keys, {"saved_at": saved_at})
        return True

    async def remove(self, user_id: int, favourite: Favourite) -> bool:
        """Let a picture go; False where it was not saved."""
        async with self._database.writing() as connection:
            gone = await connection.execute(
                delete(FavouriteRow).where(
                    FavouriteRow.user_id == user_id,
                    FavouriteRow.job_id == favourite.job_id,
                    FavouriteRow.number == favourite.number,
                )
            )
            return bool(gone.rowcount)

    async def count(self, user_id: int) -> int:
        """How many pictures a person has saved."""
        async with self._database.reading() as connection:
            own = select(func.count()).where(FavouriteRow.user_id == user_id)
            return (await connection.execute(own)).scalar_one()

    async def at(self, user_id: int, number: int) -> Favourite | None:
        """Return a person's saved picture of this number, the first that was saved being 1."""
        async with self._database.reading() as connection:
            query = (
                select(FavouriteRow.job_id, FavouriteRow.number)
                .where(FavouriteRow.user_id == user_id)
                .order_by(FavouriteRow.saved_at, FavouriteRow.job_id, FavouriteRow.number)
                .offset(number - 1)
                .limit(1)
            )
            row = (await connection.execute(query)).one_or_none()
            return None if row is None else Favourite(row.job_id, row.number)
