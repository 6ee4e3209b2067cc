"""The job ledger: nothing accepted is forgotten, and no limit is exceeded however many ask at once."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from generation.errors import Limit
from storage.database import Database
from storage.job_ledger import JobLedger, JobState, Quota, QuotaReached
from storage.picture_files import PictureFiles

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
AOI, REN = 11, 12
PNG = b"\x89PNG first", b"\x89PNG second"


@dataclass(frozen=True, kw_only=True)
class Entry:
    id: str
    user_id: int = AOI
    guild_id: int | None = 1
    channel_id: int = 2
    accepted_at: datetime = NOON
    image_count: int = 1
    cost: float = 25.3
    weight: float = 1.0
    record: dict[str, Any] = field(default_factory=lambda: {"tags": "1girl, 夜空"})
    interaction_token: str | None = "a-token"
    token_ends_at: datetime | None = NOON + timedelta(minutes=15)
    message_id: int | None = 2**62
    file_limit_bytes: int | None = 10 * 2**20
    occasion: str | None = None


def entry(number: int, **options: Any) -> Entry:
    return Entry(id=f"{number:016x}", **options)


@pytest.fixture
def ledger(database: Database, tmp_path: Path) -> JobLedger:
    return JobLedger(database, PictureFiles(tmp_path / "images"))


async def accepted(ledger: JobLedger, *entries: Entry) -> None:
    for each in entries:
        assert await ledger.accept(each, {}) is None


async def test_a_job_comes_back_as_it_was_accepted(ledger: JobLedger) -> None:
    await accepted(ledger, entry(1))
    (stored,) = await ledger.unfinished()
    for name in Entry.__dataclass_fields__:
        assert getattr(stored, name) == getattr(entry(1), name), name
    assert stored.state == JobState.QUEUED
    assert "a-token" not in repr(stored)


async def test_waiting_and_running_jobs_come_back_in_the_order_of_their_acceptance(ledger: JobLedger) -> None:
    await accepted(ledger, *(entry(n, accepted_at=NOON - timedelta(seconds=n)) for n in (1, 2, 3)))
    await ledger.mark_running(entry(2).id)
    await ledger.mark_cancelled(entry(1).id, NOON)
    assert [(job.id, job.state) for job in await ledger.unfinished()] == [
        (entry(3).id, "queued"),
        (entry(2).id, "running"),
    ]


async def test_a_finished_job_keeps_its_pictures_until_it_is_delivered_and_after(ledger: JobLedger) -> None:
    await accepted(ledger, entry(1, image_count=2))
    await ledger.mark_finished(entry(1).id, PNG, NOON, 2.5)
    assert await ledger.unfinished() == []
    (stored,) = await ledger.undelivered()
    assert (stored.state, stored.drawing_s, stored.ended_at) == ("finished", 2.5, NOON)
    assert await ledger.pictures(stored.id) == list(PNG)
    await ledger.mark_delivered(stored.id, NOON)
    assert await ledger.undelivered() == []
    delivered = await ledger.find(stored.id)
    assert delivered is not None
    assert delivered.interaction_token is None
    assert await ledger.pictures(stored.id) == list(PNG)


async def test_what_goes_on_cannot_be_noted_as_told(ledger: JobLedger) -> None:
    await accepted(ledger, entry(1), entry(2))
    await ledger.mark_running(entry(2).id)
    for number in (1, 2):
        await ledger.mark_delivered(entry(number).id, NOON, (2, 3))
    for job in await ledger.unfinished():
        assert (job.delivered_at, job.interaction_token, job.result_message_id) == (None, "a-token", None)
    assert set(await ledger.renew(NOON)) == {entry(1).id, entry(2).id}


async def test_what_has_ended_stays_as_it_ended(ledger: JobLedger) -> None:
    await accepted(ledger, entry(1), entry(2))
    await ledger.mark_cancelled(entry(1).id, NOON)
    await ledger.mark_finished(entry(1).id, PNG[:1], NOON, 1.0)
    await ledger.mark_running(entry(1).id)
    await ledger.mark_failed(entry(2).id, {"kind": "OutOfMemory", "facts": {}}, NOON)
    await ledger.mark_cancelled(entry(2).id, NOON)
    states = {job.id: (job.state, job.failure) for job in await ledger.undelivered()}
    assert states == {
        entry(1).id: ("cancelled", None),
        entry(2).id: ("failed", {"kind": "OutOfMemory", "facts": {}}),
    }
    assert await ledger.pictures(entry(1).id) == []


async def test_jobs_of_one_message_come_back_side_by_side(ledger: JobLedger) -> None:
    await accepted(ledger, *(entry(n) for n in range(4)))
    for number in range(4):
        await ledger.mark_finished(entry(number).id, PNG[:1], NOON + timedelta(seconds=number), 1.0)
    await ledger.will_post([entry(0).id, entry(2).id], "a-nonce")
    nonces = [job.post_nonce for job in await ledger.undelivered()]
    assert nonces in ([None, None, "a-nonce", "a-nonce"], ["a-nonce", "a-nonce", None, None])


MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("quota", "allowed", "earlier", "frees_at"),
    [
        (Quota.REQUESTS_PER_MINUTE, 2, [entry(1, accepted_at=NOON - 5 * MINUTE / 6), entry(2)], NOON + MINUTE / 6),
        (Quota.WAITING_PER_PERSON, 1, [entry(1, accepted_at=NOON - DAY)], None),
        (Quota.IMAGES_PER_DAY, 3, [entry(1, image_count=2, accepted_at=NOON - DAY / 2), entry(2)], NOON + DAY / 2),
        (Quota.GUILD_IMAGES_PER_DAY, 2, [entry(1, image_count=2, user_id=REN)], NOON + DAY),
        (Quota.GUILD_WAITING, 1, [entry(1, user_id=REN)], None),
        (Quota.QUEUE_LENGTH, 1, [entry(1, user_id=REN, guild_id=None)], None),
    ],
)  # fmt: skip
async def test_a_full_quota_refuses_and_tells_when_it_frees(
    ledger: JobLedger, quota: Quota, allowed: int, earlier: list[Entry], frees_at: datetime | None
) -> None:
    await accepted(ledger, *earlier)
    assert await ledger.accept(entry(9), {quota: allowed}) == QuotaReached(quota, allowed, frees_at)
    assert len(await ledger.unfinished()) == len(earlier)
    if frees_at is not None:
        later = entry(9, accepted_at=frees_at)
        assert await ledger.accept(later, {quota: allowed}) is None


@pytest.mark.parametrize(
    ("quota", "others"),
    [
        (Quota.REQUESTS_PER_MINUTE, [entry(1, user_id=REN), entry(2, accepted_at=NOON - MINUTE)]),
        (Quota.WAITING_PER_PERSON, [entry(1, user_id=REN)]),
        (Quota.IMAGES_PER_DAY, [entry(1, user_id=REN), entry(2, accepted_at=NOON - DAY)]),
        (Quota.GUILD_IMAGES_PER_DAY, [entry(1, guild_id=7), entry(2, accepted_at=NOON - DAY)]),
        (Quota.GUILD_WAITING, [entry(1, guild_id=7), entry(2, guild_id=None)]),
    ],
)
async def test_what_others_do_and_what_is_long_ago_does_not_count(
    ledger: JobLedger, quota: Quota, others: list[Entry]
) -> None:
    await accepted(ledger, *others)
    assert await ledger.accept(entry(9), {quota: 1}) is None


async def test_failed_jobs_do_not_count_and_cancelled_ones_only_by_the_minute(ledger: JobLedger) -> None:
    await accepted(ledger, entry(1), entry(2))
    await ledger.mark_failed(entry(1).id, {}, NOON)
    await ledger.mark_cancelled(entry(2).id, NOON)
    daily: dict[str, int] = {
        Quota.IMAGES_PER_DAY: 1,
        Quota.WAITING_PER_PERSON: 1,
        Quota.GUILD_IMAGES_PER_DAY: 1,
    }
    assert await ledger.accept(entry(3), {Quota.REQUESTS_PER_MINUTE: 1}) is not None
    assert await ledger.accept(entry(3), {Quota.REQUESTS_PER_MINUTE: 2, **daily}) is None


async def test_a_request_larger_than_the_whole_quota_is_refused_for_good(ledger: JobLedger) -> None:
    large = entry(1, image_count=4)
    assert await ledger.accept(large, {Quota.IMAGES_PER_DAY: 3}) == QuotaReached(
        Quota.IMAGES_PER_DAY, 3, None
    )


@pytest.mark.parametrize("quota", Quota)
async def test_of_many_at_the_same_instant_exactly_as_many_as_allowed_get_a_place(
    database_url: str, tmp_path: Path, quota: Quota
) -> None:
    """As two programs on one database, each with its own connections."""
    databases = [Database(database_url), Database(database_url)]
    for database in databases:
        await database.start()
    ledgers = [JobLedger(database, PictureFiles(tmp_path)) for database in databases]
    outcomes = await asyncio.gather(
        *(ledgers[number % 2].accept(entry(number), {quota: 5}) for number in range(20))
    )
    assert sum(outcome is None for outcome in outcomes) == 5
    for database in databases:
        await database.stop()


def test_every_limit_that_the_service_knows_is_a_quota_of_the_ledger() -> None:
    assert {limit.value for limit in Limit} == {quota.value for quota in Quota}


async def test_a_job_is_stored_under_its_own_id_once(ledger: JobLedger) -> None:
    await accepted(ledger, entry(1))
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await ledger.accept(replace(entry(1), user_id=REN), {})
    (stored,) = await ledger.unfinished()
    assert stored.user_id == AOI


async def test_finished_jobs_are_numbered_from_the_oldest_for_each_person(ledger: JobLedger) -> None:
    times = {1: NOON, 2: NOON - timedelta(hours=1), 3: NOON + timedelta(hours=1)}
    await accepted(ledger, *(entry(number, accepted_at=at) for number, at in times.items()))
    await accepted(ledger, entry(4), entry(5, user_id=REN))
    for number in (1, 2, 3, 5):
        await ledger.mark_finished(entry(number).id, [PNG[0]], NOON, 1.0)
    assert await ledger.count_finished(AOI) == 3
    found = [await ledger.finished(AOI, number) for number in (1, 2, 3, 4)]
    assert [job and job.id for job in found] == [entry(2).id, entry(1).id, entry(3).id, None]
