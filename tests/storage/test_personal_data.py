"""What is stored of one person, and what remains when it is removed."""

from datetime import timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.favourites import Favourite, FavouriteStore
from storage.job_ledger import JobLedger, Quota
from storage.people import PeopleStore
from storage.personal_data import PersonalData
from storage.picture_files import PictureFiles
from storage.presets import Owner, OwnerKind, PresetStore
from storage.standings import EventKind, Standing, StandingStore
from tests.storage.test_job_ledger import AOI, NOON, PNG, REN, entry

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def files(tmp_path: Path) -> PictureFiles:
    return PictureFiles(tmp_path / "images")


@pytest.fixture
def ledger(database: Database, files: PictureFiles) -> JobLedger:
    return JobLedger(database, files)


@pytest.fixture
def personal_data(database: Database, files: PictureFiles) -> PersonalData:
    return PersonalData(database, files, lambda: LATER)


async def test_an_export_holds_a_persons_jobs_and_pictures_without_tokens(
    ledger: JobLedger, personal_data: PersonalData
) -> None:
    for each in (entry(1), entry(2, user_id=REN), entry(3)):
        await ledger.accept(each, {})
    await ledger.mark_finished(entry(1).id, PNG, NOON, 1.0)
    export = await personal_data.export(AOI)
    assert [job["id"] for job in export.jobs] == [entry(1).id, entry(3).id]
    assert export.jobs[0]["accepted_at"] == NOON.isoformat()
    assert "a-token" not in str(export.jobs)
    assert [await personal_data.picture(file_hash) for file_hash in export.file_hashes] == list(PNG)


async def test_after_an_erasure_nothing_is_left_but_the_count_of_the_last_day(
    ledger: JobLedger, personal_data: PersonalData
) -> None:
    await ledger.accept(entry(1), {})
    await ledger.accept(entry(2, accepted_at=NOON - timedelta(days=2)), {})
    for number in (1, 2):
        await ledger.mark_finished(entry(number).id, PNG[:1], NOON, 1.0)
    assert await personal_data.erase(AOI) == 1
    export = await personal_data.export(AOI)
    assert (export.jobs, export.file_hashes) == ([], [])
    assert await personal_data.picture("0" * 64) is None
    assert await ledger.undelivered() == []
    remaining = await ledger.find(entry(1).id)
    assert remaining is not None
    assert (remaining.record, remaining.interaction_token, remaining.message_id) == ({}, None, None)
    assert await ledger.find(entry(2).id) is None
    assert await ledger.accept(entry(3, accepted_at=LATER), {Quota.IMAGES_PER_DAY: 1}) is not None


async def test_what_a_person_keeps_is_exported_and_goes_with_them(
    database: Database, ledger: JobLedger, personal_data: PersonalData
) -> None:
    await ledger.accept(entry(1, user_id=REN), {})
    await ledger.mark_finished(entry(1).id, PNG, NOON, 1.0)
    favourites, presets, people = FavouriteStore(database), PresetStore(database), PeopleStore(database)
    standings = StandingStore(database)
    for user_id in (AOI, REN):
        await favourites.save(user_id, Favourite(entry(1).id, 1), NOON)
        await presets.save(Owner(OwnerKind.PERSON, user_id), "night", {"tags": "night"}, user_id, NOON)
        await people.set_defaults(user_id, {"count": 2})
        await people.save_wildcard(user_id, "pet", ["cat"])
        await standings.record(1, f"{user_id}", EventKind.BATTLE, [Standing(user_id, 1, 50)], NOON)
    await presets.save(Owner(OwnerKind.GUILD, 1), "ours", {}, AOI, NOON)
    kept = (await personal_data.export(AOI)).kept
    names = ("favourites", "presets", "people", "wildcards", "standings")
    assert [len(kept[name]) for name in names] == [1, 1, 1, 1, 1]
    assert kept["people"][0]["defaults"] == {"count": 2}
    await personal_data.erase(AOI)
    assert not any((await personal_data.export(AOI)).kept.values())
    others = (await personal_data.export(REN)).kept
    assert all(others[name] for name in names)
    assert len(await presets.of(Owner(OwnerKind.GUILD, 1))) == 1


async def test_what_was_brought_to_be_drawn_over_is_exported_and_removed_too(
    ledger: JobLedger, personal_data: PersonalData
) -> None:
    await ledger.accept(entry(1), {}, [b"mine", b"shared"])
    await ledger.accept(entry(2, user_id=REN), {}, [b"shared"])
    for number in (1, 2):
        await ledger.mark_finished(entry(number).id, PNG[:1], NOON, 1.0)
    assert await ledger.sources(entry(1).id) == [b"mine", b"shared"]
    hashes = (await personal_data.export(AOI)).file_hashes
    assert [await personal_data.picture(each) for each in hashes] == [PNG[0], b"mine", b"shared"]
    assert await personal_data.erase(AOI) == 1
    assert await personal_data.picture(hashes[1]) is None
    assert await ledger.sources(entry(2).id) == [b"shared"]


async def test_one_erased_job_leaves_the_others_and_nobodys_favourites(
    database: Database, ledger: JobLedger, personal_data: PersonalData, files: PictureFiles
) -> None:
    for number, picture in ((1, PNG[0]), (2, PNG[1])):
        await ledger.accept(entry(number), {})
        await ledger.mark_finished(entry(number).id, [picture], NOON, 1.0)
        await FavouriteStore(database).save(REN, Favourite(entry(number).id, 0), NOON)
    await personal_data.erase_job(entry(1).id)
    assert await ledger.count_finished(AOI) == 1
    assert await ledger.pictures(entry(1).id) == []
    assert await ledger.pictures(entry(2).id) == [PNG[1]]
    assert await FavouriteStore(database).count(REN) == 1


async def test_what_waits_stays_and_a_picture_that_another_drew_too(
    ledger: JobLedger, personal_data: PersonalData
) -> None:
    for each in (entry(1), entry(2, user_id=REN), entry(3)):
        await ledger.accept(each, {})
    for number in (1, 2):
        await ledger.mark_finished(entry(number).id, PNG[:1], NOON, 1.0)
    assert await personal_data.erase(AOI) == 0
    assert [job.id for job in await ledger.unfinished()] == [entry(3).id]
    assert await ledger.pictures(entry(2).id) == [PNG[0]]
