"""What people have settled for themselves: usual options, own wildcard lists, a picture to be drawn over."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update

from storage.database import Database
from storage.tables import PersonRow, WildcardRow
from storage.upserts import upsert

LISTS_MAX = 50
"""Lists that one person may have."""


class PeopleStore:
    """Queries over `people` and `wildcards`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def defaults(self, user_id: int) -> dict[str, Any]:
        """Return a person's usual options; none where nothing was settled."""
        return (await self._person(user_id))[0]

    async def set_defaults(self, user_id: int, defaults: dict[str, Any]) -> None:
        """Settle a person's usual options."""
        await self._settle(user_id, defaults=defaults)

    async def reference(self, user_id: int) -> tuple[bytes, str] | None:
        """Return the picture that a person wants to be drawn over, and what it was asked to show."""
        return (await self._person(user_id))[1]

    async def set_reference(self, user_id: int, picture: bytes, described: str = "") -> None:
        """Keep a picture to be drawn over, in place of the last; `described` is what it was asked to show."""
        await self._settle(user_id, reference=picture, reference_described=described)

    async def wildcards(self, user_id: int) -> dict[str, list[str]]:
        """Return a person's own lists, by their names."""
        async with self._database.reading() as connection:
            query = select(WildcardRow.name, WildcardRow.entries).where(WildcardRow.user_id == user_id)
            rows = await connection.execute(query.order_by(WildcardRow.name))
            return {row.name: row.entries for row in rows}

    async def save_wildcard(self, user_id: int, name: str, entries: Sequence[str]) -> bool:
        """Keep a list, in place of one of the same name; False where the person has too many."""
        async with self._database.locked(f"person {user_id}") as connection:
            others = select(func.count()).where(WildcardRow.user_id == user_id, WildcardRow.name != name)
            if (await connection.execute(others)).scalar_one() >= LISTS_MAX:
                return False
            keys = {"user_id": user_id, "name": name}
            await upsert(connection, WildcardRow, keys, {"entries": list(entries)})
        return True

    async def delete_wildcard(self, user_id: int, name: str) -> bool:
        """Forget a list; False where there was none."""
        async with self._database.writing() as connection:
            gone = await connection.execute(
                delete(WildcardRow).where(WildcardRow.user_id == user_id, WildcardRow.name == name)
            )
            return bool(gone.rowcount)

    async def _person(self, user_id: int) -> tuple[dict[str, Any], tuple[bytes, str] | None]:
        columns = PersonRow.defaults, PersonRow.reference, PersonRow.reference_described
        async with self._database.reading() as connection:
            row = (
                await connection.execute(select(*columns).where(PersonRow.user_id == user_id))
            ).one_or_none()
        if row is None:
            return {}, None
        return row.defaults, None if row.reference is None else (row.reference, row.reference_described or "")

    async def _settle(self, user_id: int, **values: Any) -> None:
        async with self._database.locked(f"person {user_id}") as connection:
            changed = await connection.execute(
                update(PersonRow).where(PersonRow.user_id == user_id).values(**values)
            )
            if not changed.rowcount:
                first = {"defaults": {}, **values}
                await upsert(connection, PersonRow, {"user_id": user_id}, first)
