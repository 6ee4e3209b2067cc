"""What `/reload` says of the bot's other processes: only what is true of them."""

import pytest

from cogs.language import ENGLISH
from cogs.reload import _of_others
from cogs.reload_watch import ReloadWatch
from storage.database import Database
from storage.reloads import Reloads


async def test_processes_that_could_not_be_asked_are_not_said_to_reload(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def reload() -> None:
        pass

    database = Database("postgresql+asyncpg://bot:hunter2@127.0.0.1:1/bot")
    told = await _of_others(ENGLISH, ReloadWatch(Reloads(database), reload).ask_others)
    assert "couldn't be asked, because the database doesn't answer" in told
    assert "could not be asked to reload" in caplog.text
    assert "hunter2" not in caplog.text
    await database.stop()
