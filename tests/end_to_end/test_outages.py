"""A bot whose PostgreSQL goes away while people draw: they are told so, and what was accepted comes once."""

import asyncio
from pathlib import Path

import pytest

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.crowd import Crowd
from tests.end_to_end.person import Person
from tests.end_to_end.results import answered
from tests.end_to_end.test_restarts import Ledger, settings_of
from tests.outages import outage_of

SEEDS = range(4)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_outage_of_the_database_is_told_and_costs_nobody_a_picture(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, database_url: str, aoi: Person, ren: Person
) -> None:
    ledger, crowd = Ledger(database_url), Crowd(server)
    async with outage_of(database_url) as outage:
        settings = settings_of(tiny_checkpoint, outage.url)
        async with BotProcess(
            server, tmp_path, {**settings, "ANIM4GINE_DRAWING__MAX_BATCH_SLOTS": "1"}
        ) as bot:
            await bot.model_is_ready()
            await asyncio.gather(*(crowd.ask(aoi, seed, steps=20) for seed in SEEDS))
            await crowd.until(lambda: ledger.has("1 = 1", at_least=len(SEEDS)), timeout_s=60)
            await aoi.waits_for(lambda it: "Drawing" in it["content"])
            await outage.begin()
            refused = await answered(ren, await ren.use("imagine", tags="1girl", steps=1))
            assert "can't reach my notes" in refused["content"]
            await asyncio.sleep(2)
            await outage.end()
            await crowd.until(ledger.all_delivered, timeout_s=120)
    assert crowd.pictures() == dict.fromkeys(SEEDS, 1)
    assert await ledger.count("state = 'finished'") == await ledger.count() == len(SEEDS)
