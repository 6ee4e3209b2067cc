"""Saved pictures: once each, in their order, up to a limit, and kept on disk."""

from datetime import timedelta
from pathlib import Path

import pytest

from storage import favourites
from storage.database import Database
from storage.favourites import Favourite, FavouriteStore
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles
from storage.upkeep import Upkeep
from tests.storage.test_job_ledger import AOI, NOON, PNG, REN, entry


@pytest.fixture
async def ledger(database: Database, tmp_path: Path) -> JobLedger:
    ledger = JobLedger(database, PictureFiles(tmp_path / "images"))
    for number in (1, 2):
        await ledger.accept(entry(number), {})
        await ledger.mark_finished(entry(number).id, [PNG[number - 1]], NOON, 1.0)
    return ledger


async def test_pictures_are_saved_once_and_found_in_their_order(
    database: Database, ledger: JobLedger
) -> None:
    store = FavouriteStore(database)
    first, second = Favourite(entry(1).id, 0), Favourite(entry(2).id, 0)
    assert await store.save(AOI, second, NOON)
    assert await store.save(AOI, first, NOON - timedelta(minutes=1))
    assert await store.save(AOI, first, NOON - timedelta(minutes=1))
    assert await store.count(AOI) == 2
    assert [await store.at(AOI, number) for number in (1, 2, 3)] == [first, second, None]
    assert await store.count(REN) == 0
    assert await store.remove(AOI, first)
    assert not await store.remove(AOI, first)
    assert await store.at(AOI, 1) == second


async def test_nobody_saves_without_end(
    database: Database, ledger: JobLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(favourites, "FAVOURITES_MAX", 1)
    assert await FavouriteStore(database).save(AOI, Favourite(entry(1).id, 0), NOON)
    assert not await FavouriteStore(database).save(AOI, Favourite(entry(2).id, 0), NOON)


async def test_a_saved_picture_outlives_the_others(
    database: Database, ledger: JobLedger, tmp_path: Path
) -> None:
    await FavouriteStore(database).save(REN, Favourite(entry(1).id, 0), NOON)
    upkeep = Upkeep(
        database,
        PictureFiles(tmp_path / "images"),
        keep_for=timedelta(0),
        keep_bytes=0,
        clock=lambda: NOON + timedelta(days=36_500),
    )
    await upkeep.tidy()
    assert await ledger.pictures(entry(1).id) == [PNG[0]]
    assert await ledger.pictures(entry(2).id) == []
