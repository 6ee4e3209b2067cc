"""What people settle for themselves."""

import pytest

from storage import people
from storage.database import Database
from storage.people import PeopleStore
from tests.storage.test_job_ledger import AOI, REN


async def test_usual_options_and_the_reference_are_kept_apart_for_each_person(database: Database) -> None:
    store = PeopleStore(database)
    assert (await store.defaults(AOI), await store.reference(AOI)) == ({}, None)
    await store.set_reference(AOI, b"picture", "1girl, hat")
    await store.set_defaults(AOI, {"count": 2})
    await store.set_defaults(AOI, {"count": 3})
    assert (await store.defaults(AOI), await store.reference(AOI)) == (
        {"count": 3},
        (b"picture", "1girl, hat"),
    )
    assert (await store.defaults(REN), await store.reference(REN)) == ({}, None)


async def test_own_lists_are_replaced_and_forgotten_by_name(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PeopleStore(database)
    assert await store.save_wildcard(AOI, "pet", ["cat"])
    assert await store.save_wildcard(AOI, "pet", ["cat", "犬"])
    assert await store.wildcards(AOI) == {"pet": ["cat", "犬"]}
    assert await store.wildcards(REN) == {}
    monkeypatch.setattr(people, "LISTS_MAX", 1)
    assert not await store.save_wildcard(AOI, "hat", ["cap"])
    assert await store.delete_wildcard(AOI, "pet")
    assert not await store.delete_wildcard(AOI, "pet")
