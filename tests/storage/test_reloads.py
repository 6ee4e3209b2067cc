"""How often the processes were asked to reload: a number that all see, and that no two askers share."""

import asyncio

from storage.database import Database
from storage.reloads import Reloads


async def test_all_see_how_often_they_were_asked_and_each_asker_has_a_number_of_its_own(
    database_url: str, database: Database
) -> None:
    second_database = Database(database_url)
    first, second = Reloads(database), Reloads(second_database)
    assert await first.number() == 0
    numbers = await asyncio.gather(*(process.ask() for process in (first, second, first, second)))
    assert sorted(numbers) == [1, 2, 3, 4]
    assert await first.number() == await second.number() == 4
    await second_database.stop()
