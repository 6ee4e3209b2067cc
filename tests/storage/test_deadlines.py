"""Deadlines: each is in one process's hands at a time, and is done once."""

import asyncio
from datetime import UTC, datetime, timedelta

from storage.database import Database
from storage.deadlines import Deadline, DeadlineStore

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LEASE = timedelta(seconds=20)
CONTEST, BATTLE = "0123456789abcdef", "1" * 16


def named(deadlines: list[Deadline]) -> list[tuple[str, int]]:
    return [(deadline.kind, deadline.step) for deadline in deadlines]


async def test_what_is_due_is_claimed_the_earliest_first_and_by_one_alone(database: Database) -> None:
    store = DeadlineStore(database)
    await store.set(CONTEST, "voting", NOW)
    await store.set(BATTLE, "opening", NOW - timedelta(hours=1))
    await store.set("2" * 16, "hint", NOW + timedelta(seconds=1), step=1)
    await store.set("2" * 16, "hint", NOW + timedelta(seconds=2), step=2)
    assert await store.next_moment() == NOW - timedelta(hours=1)
    assert named(await store.claim(NOW, "a", LEASE)) == [("opening", 0), ("voting", 0)]
    assert await store.claim(NOW, "b", LEASE) == []
    assert await store.next_moment() == NOW + timedelta(seconds=1)


async def test_what_is_due_of_one_event_comes_one_after_the_other(database: Database) -> None:
    store = DeadlineStore(database)
    await store.set(CONTEST, "end", NOW)
    await store.set(CONTEST, "close", NOW - timedelta(hours=1))
    (close,) = await store.claim(NOW, "a", LEASE)
    assert await store.claim(NOW, "b", LEASE) == []
    assert await store.next_moment() is None, "nobody has a reason to wake before the first is done"
    await store.done(close, NOW)
    assert await store.next_moment() == NOW
    assert named(await store.claim(NOW, "b", LEASE)) == [("end", 0)]


async def test_of_many_who_claim_at_once_one_gets_it(database: Database) -> None:
    store = DeadlineStore(database)
    for number in range(10):
        await store.set(f"{number:016x}", "end", NOW)
    others = [DeadlineStore(database) for _ in range(6)]
    claimed = await asyncio.gather(*(each.claim(NOW, str(n), LEASE) for n, each in enumerate(others)))
    ids = [deadline.id for found in claimed for deadline in found]
    # Whoever comes while another takes them may be passed over, and finds the rest the next time.
    rest = await store.claim(NOW, "rest", LEASE)
    assert len({*ids, *(deadline.id for deadline in rest)}) == len(ids) + len(rest) == 10


async def test_a_dead_process_holds_its_deadlines_no_longer_than_its_lease(database: Database) -> None:
    store = DeadlineStore(database)
    await store.set(CONTEST, "end", NOW)
    (held,) = await store.claim(NOW, "dead", LEASE)
    await store.keep(held, "dead", NOW + LEASE + LEASE)
    assert await store.claim(NOW + LEASE, "b", LEASE) == []
    (taken,) = await store.claim(NOW + LEASE + LEASE, "b", LEASE)
    assert (taken.id, taken.attempts) == (held.id, 2)
    await store.keep(taken, "dead", NOW + timedelta(days=1))
    await store.done(taken, NOW)
    assert await store.claim(NOW + timedelta(days=2), "c", LEASE) == []
    assert await store.next_moment() is None


async def test_what_failed_is_due_again_after_pauses_that_grow(database: Database) -> None:
    store = DeadlineStore(database)
    await store.set(CONTEST, "end", NOW)
    pauses, moment = [], NOW
    for _ in range(9):
        (deadline,) = await store.claim(moment, "a", LEASE)
        again_at = await store.failed(deadline, moment)
        assert await store.claim(again_at - timedelta(seconds=1), "a", LEASE) == []
        pauses.append((again_at - moment).total_seconds())
        moment = again_at
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


async def test_a_deadline_that_was_moved_while_somebody_had_it_in_hand_is_not_done(
    database: Database,
) -> None:
    store = DeadlineStore(database)
    await store.set(CONTEST, "end", NOW)
    (held,) = await store.claim(NOW, "a", LEASE)
    later = NOW + timedelta(hours=1)
    await store.set(CONTEST, "end", later)
    await store.done(held, NOW)
    assert await store.claim(NOW, "b", LEASE) == []
    assert named(await store.claim(later, "b", LEASE)) == [("end", 0)]


async def test_what_was_let_go_is_never_due(database: Database) -> None:
    store = DeadlineStore(database)
    for kind in ("opening", "voting", "end"):
        await store.set(CONTEST, kind, NOW)
    await store.drop(CONTEST, "opening")
    assert named(await store.claim(NOW, "a", LEASE)) == [("voting", 0)]
    await store.drop(CONTEST)
    assert await store.claim(NOW + LEASE, "a", LEASE) == []
