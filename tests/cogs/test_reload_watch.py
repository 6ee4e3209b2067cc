"""The watch over reloads: what one process is asked comes around to all, once, and nothing of it ends the watch."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cogs import reload_watch
from cogs.errors import ReloadRefused
from cogs.reload_watch import ReloadWatch
from storage.database import Database
from storage.reloads import Reloads

LOOK_S = 0.02


@pytest.fixture(autouse=True)
def looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload_watch, "LOOK_EVERY_S", LOOK_S)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await database.start()
    yield database
    await database.stop()


async def until(done: Counter[str], wanted: dict[str, int]) -> None:
    async with asyncio.timeout(20):
        while done != wanted:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def watching(database: Database, reload: Callable[[], Awaitable[object]]) -> AsyncIterator[ReloadWatch]:
    watch = ReloadWatch(Reloads(database), reload)
    watch.start()
    yield watch
    await watch.stop()


def counted(done: Counter[str], name: str) -> Callable[[], Awaitable[object]]:
    async def reload() -> None:
        done[name] += 1

    return reload


async def test_the_others_reload_once_and_who_asked_them_not_again(database: Database) -> None:
    done = Counter[str]()
    async with (
        watching(database, counted(done, "first")) as first,
        watching(database, counted(done, "second")),
    ):
        await until(done, {"first": 1, "second": 1})
        await first.ask_others()
        await until(done, {"first": 1, "second": 2})
        await asyncio.sleep(5 * LOOK_S)
        assert done == {"first": 1, "second": 2}


async def test_what_was_asked_for_while_a_process_started_it_does_too(database: Database) -> None:
    done = Counter[str]()
    await Reloads(database).ask()
    async with watching(database, counted(done, "first")):
        await until(done, {"first": 1})


async def test_a_process_that_is_asked_while_it_asks_does_both(database: Database) -> None:
    done = Counter[str]()
    async with watching(database, counted(done, "first")) as first:
        await until(done, {"first": 1})
        await Reloads(database).ask()
        await first.ask_others()
        await until(done, {"first": 2})


async def test_neither_a_mistake_in_the_settings_nor_an_error_ends_the_watch(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    done = Counter[str]()
    errors = [ReloadRefused("limits.steps = 0"), RuntimeError("broken")]

    async def reload() -> None:
        done["first"] += 1
        if errors:
            raise errors.pop(0)

    async with watching(database, reload):
        for times in (1, 2, 3):
            await until(done, {"first": times})
            await Reloads(database).ask()
        await until(done, {"first": 4})
    assert "broken" in caplog.text
    assert "limits.steps" not in caplog.text
