"""Options under a name: people's own presets, and servers'."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select

from storage.database import Database
from storage.tables import PresetRow
from storage.upserts import upsert

PRESETS_MAX = 100
"""Presets that a person, or a server, may have."""


class OwnerKind(StrEnum):
    """Whose a preset is."""

    PERSON = "person"
    GUILD = "guild"


@dataclass(frozen=True, slots=True)
class Owner:
    """A person or a server, by its Discord id."""

    kind: OwnerKind
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A row of `presets`; see there."""

    owner: Owner
    name: str
    options: dict[str, Any]
    created_by: int


class PresetStore:
    """Queries over `presets`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(
        self, owner: Owner, name: str, options: dict[str, Any], created_by: int, created_at: datetime
    ) -> bool:
        """Keep a preset, in place of one of the same name; False where the owner has too many."""
        async with self._database.locked(f"presets {owner.kind} {owner.id}") as connection:
            others = select(func.count()).where(*_of(owner), PresetRow.name != name)
            if (await connection.execute(others)).scalar_one() >= PRESETS_MAX:
                return False
            keys = {"owner_kind": owner.kind.value, "owner_id": owner.id, "name": name}
            values = {"options": options, "created_by": created_by, "created_at": created_at}
            await upsert(connection, PresetRow, keys, values)
        return True

    async def find(self, name: str, *owners: Owner) -> Preset | None:
        """Return the preset of this name, of the first owner who has one."""
        for owner in owners:
            found = [preset for preset in await self.of(owner) if preset.name.casefold() == name.casefold()]
            if found:
                return found[0]
        return None

    async def of(self, owner: Owner) -> list[Preset]:
        """Return all presets of an owner, by name."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(PresetRow.name, PresetRow.options, PresetRow.created_by)
                .where(*_of(owner))
                .order_by(PresetRow.name)
            )
            return [
                Preset(owner=owner, name=row.name, options=row.options, created_by=row.created_by)
                for row in rows
            ]

    async def delete(self, owner: Owner, name: str) -> bool:
        """Forget a preset; False where there was none."""
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(PresetRow).where(*_of(owner), PresetRow.name == name))
            return bool(gone.rowcount)


def _of(owner: Owner) -> tuple[Any, ...]:
    return PresetRow.owner_kind == owner.kind.value, PresetRow.owner_id == owner.id
