"""Insert or update, in the words of either database."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import Base


async def upsert(
    connection: AsyncConnection,
    table: type[Base],
    keys: Mapping[str, Any],
    values: Mapping[str, Any],
    at_first: Mapping[str, Any] | None = None,
) -> None:
    """Write the row of `keys`, whether or not it is there; `at_first` are the values of a new one, if others."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement: Any = insert(table).values(**keys, **(values if at_first is None else at_first))
    await connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=dict(values)))
