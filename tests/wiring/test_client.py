"""The client's start: what must not wait for Discord doesn't."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from generation.tag_dictionary import load_dictionary
from settings.reading import load_settings
from storage.database import Database
from storage.job_leases import Lease
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles
from tests.generation.services import AOI, HERE, request, utc_now
from wiring.assembly import build_bot


async def test_jobs_are_held_while_discord_is_slow_to_take_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def slow(*_: object) -> bool:
        asked.set()
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr("wiring.client.sync_commands", slow)
    file = tmp_path / "config.toml"
    file.write_text(f'[paths]\ndata = "{tmp_path}"\n[database]\nlease_s = 1', encoding="utf-8")
    settings = load_settings(file)
    database, files = (
        Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"),
        PictureFiles(tmp_path / "images"),
    )
    await database.start()
    bot = build_bot(settings, database, files, load_dictionary(), None, lambda: settings)
    await bot.parts.service.submit(request(), AOI, HERE)
    starting = asyncio.create_task(bot.setup_hook())
    await asyncio.wait({starting, asyncio.create_task(asked.wait())}, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(2)
    other = JobLedger(database, files, Lease(instance="another", lasts=timedelta(seconds=1)))
    assert await other.take_over(utc_now(), with_earlier_runs=False) == []
    assert not starting.done()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await bot.lease_watch.stop()
    await bot.parts.service.stop()
    await bot.delivery.settle(1)
    await database.stop()
