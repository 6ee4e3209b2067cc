"""Presets of people and of servers."""

import pytest

from storage import presets
from storage.database import Database
from storage.presets import Owner, OwnerKind, PresetStore
from tests.storage.test_job_ledger import AOI, NOON, REN

MINE, HERS, OURS = Owner(OwnerKind.PERSON, AOI), Owner(OwnerKind.PERSON, REN), Owner(OwnerKind.GUILD, AOI)


async def test_a_preset_is_its_owners_and_the_nearest_one_is_found(database: Database) -> None:
    store = PresetStore(database)
    await store.save(OURS, "Night", {"tags": "ours"}, REN, NOON)
    assert (await store.find("night", MINE, OURS)).options == {"tags": "ours"}  # type: ignore[union-attr]
    await store.save(MINE, "Night", {"tags": "mine"}, AOI, NOON)
    await store.save(MINE, "Night", {"tags": "mine, anew"}, AOI, NOON)
    assert (await store.find("NIGHT", MINE, OURS)).options == {"tags": "mine, anew"}  # type: ignore[union-attr]
    assert await store.find("night", HERS) is None
    assert [preset.name for preset in await store.of(MINE)] == ["Night"]


async def test_a_deleted_preset_is_gone_and_the_others_stay(database: Database) -> None:
    store = PresetStore(database)
    for owner in (MINE, OURS):
        await store.save(owner, "night", {}, AOI, NOON)
    assert await store.delete(MINE, "night")
    assert not await store.delete(MINE, "night")
    assert [preset.created_by for preset in await store.of(OURS)] == [AOI]


async def test_nobody_has_presets_without_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "PRESETS_MAX", 1)
    store = PresetStore(database)
    assert await store.save(MINE, "a", {}, AOI, NOON)
    assert not await store.save(MINE, "b", {}, AOI, NOON)
    assert await store.save(MINE, "a", {"tags": "x"}, AOI, NOON)
