"""Turns: of several processes one goes at a time, and the next waits for the pause, unless the first is gone."""

import asyncio

import pytest

from storage.database import Database
from storage.turns import Turns


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_next_has_its_turn_after_the_pause_and_at_once_when_the_first_is_gone(
    database_url: str, database: Database
) -> None:
    second_database = Database(database_url)
    first = Turns(database, "identify", pause_s=600)
    second = Turns(second_database, "identify", pause_s=0)
    await first.take()
    waiting = asyncio.create_task(second.take())
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await first.stop()
    await waiting
    await second.take()
    await second_database.stop()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_stops_waiting_takes_no_turn(database_url: str, database: Database) -> None:
    second_database = Database(database_url)
    first, second = Turns(database, "identify", pause_s=600), Turns(second_database, "identify", pause_s=600)
    await first.take()
    waiting = asyncio.create_task(second.take())
    await asyncio.sleep(0.1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await first.stop()
    await first.take()
    await first.stop()
    await second_database.stop()
