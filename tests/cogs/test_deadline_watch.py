"""The watch over deadlines: what is due is done once, what fails is tried again, what is left is taken over."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cogs.events import deadline_watch
from cogs.events.deadline_watch import LEASE, DeadlineWatch
from storage.database import Database
from storage.deadlines import Deadline, DeadlineStore

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def store(tmp_path: Path) -> DeadlineStore:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await database.start()
    return DeadlineStore(database)


@pytest.fixture(autouse=True)
def looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline_watch, "LOOK_EVERY_S", 0.02)


async def until(done: Counter[str], wanted: dict[str, int]) -> None:
    async with asyncio.timeout(20):
        while done != wanted:
            await asyncio.sleep(0.01)


async def test_each_is_done_once_at_its_moment_by_one_of_two_watches(store: DeadlineStore) -> None:
    clock, done = Clock(), Counter[str]()

    async def handle(deadline: Deadline) -> None:
        done[deadline.event_id] += 1

    watches = [DeadlineWatch(store, {"end": handle}, clock) for _ in range(2)]
    for number in range(6):
        await store.set(f"{number:016x}", "end", NOW + timedelta(hours=number // 3))
    for watch in watches:
        watch.start()
    await until(done, {f"{number:016x}": 1 for number in range(3)})
    await asyncio.sleep(
        0.5
    )  # the clock must not jump over a lease before it is written down that they are done
    clock.now += timedelta(hours=1)
    await until(done, {f"{number:016x}": 1 for number in range(6)})
    await asyncio.sleep(0.2)
    for watch in watches:
        await watch.stop()
    assert set(done.values()) == {1}


async def test_what_fails_is_tried_again_and_nothing_overtakes_it(
    store: DeadlineStore, caplog: pytest.LogCaptureFixture
) -> None:
    clock, done = Clock(), Counter[str]()

    async def close(_deadline: Deadline) -> None:
        done["tried"] += 1
        if done["tried"] == 1:
            raise ConnectionError("Discord is away")

    async def tell(_deadline: Deadline) -> None:
        assert done["tried"] == 2
        done["told"] += 1

    watch = DeadlineWatch(store, {"close": close, "results": tell}, clock)
    await store.set("c" * 16, "close", NOW - timedelta(minutes=1))
    await store.set("c" * 16, "results", NOW)
    watch.start()
    await until(done, {"tried": 1})
    await asyncio.sleep(0.1)
    assert done["tried"] == 1
    clock.now += timedelta(seconds=6)
    await until(done, {"tried": 2, "told": 1})
    await watch.stop()
    assert "Discord is away" in caplog.text


async def test_what_a_stopped_watch_had_in_hand_is_taken_over(store: DeadlineStore) -> None:
    clock, done = Clock(), Counter[str]()

    async def handle(_deadline: Deadline) -> None:
        done["begun"] += 1
        if done["begun"] == 1:
            await asyncio.Event().wait()
        done["done"] += 1

    first, second = (DeadlineWatch(store, {"end": handle}, clock) for _ in range(2))
    await store.set("c" * 16, "end", NOW)
    first.start()
    await until(done, {"begun": 1})
    await first.stop()
    clock.now += LEASE
    second.start()
    await until(done, {"begun": 2, "done": 1})
    await second.stop()


async def test_what_takes_longer_than_the_lease_stays_with_the_watch_that_does_it(
    store: DeadlineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = timedelta(seconds=0.6)
    monkeypatch.setattr(deadline_watch, "LEASE", lease)
    clock, done, may_end = Clock(), Counter[str](), asyncio.Event()
    kept: list[datetime] = []
    keep = store.keep

    async def keep_and_note(deadline: Deadline, by: str, until: datetime) -> None:
        await keep(deadline, by, until)
        kept.append(until)

    async def handle(_deadline: Deadline) -> None:
        done["begun"] += 1
        await may_end.wait()
        done["done"] += 1

    monkeypatch.setattr(store, "keep", keep_and_note)
    watches = [DeadlineWatch(store, {"end": handle}, clock) for _ in range(2)]
    await store.set("c" * 16, "end", NOW)
    for watch in watches:
        watch.start()
    async with asyncio.timeout(20):
        while clock.now < NOW + 4 * lease:
            clock.now += lease / 2
            while not kept or kept[-1] < clock.now + lease:
                await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)  # some looks of the other watch
    assert done == {"begun": 1}
    may_end.set()
    await until(done, {"begun": 1, "done": 1})
    for watch in watches:
        await watch.stop()
