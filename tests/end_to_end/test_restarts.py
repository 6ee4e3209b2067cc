"""A bot killed or stopped in the middle of its work, with either database: what it accepted it brings, once."""

import asyncio
import random
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import NullPool, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from sandbox import Limits, SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.crowd import Crowd, crowded_world
from tests.end_to_end.person import Person

ROUNDS = {"sqlite": 3, "postgresql": 2}
"""Kills. Each costs its minute; twenty in a row were held on SQLite once, by a larger number here."""
PEOPLE, REQUESTS = 10, 30
GENEROUS = {"ANIM4GINE_LIMITS__WAITING_PER_PERSON": "100", "ANIM4GINE_LIMITS__REQUESTS_PER_MINUTE": "10000"}


def settings_of(checkpoint: Path, database_url: str) -> dict[str, str]:
    return {
        "ANIM4GINE_MODEL__SOURCE": str(checkpoint),
        "ANIM4GINE_DATABASE__URL": database_url,
        **GENEROUS,
    }


class Ledger:
    """The bot's jobs, looked at beside it."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url, poolclass=NullPool)

    async def count(self, condition: str = "1 = 1") -> int:
        async with self._engine.connect() as connection:
            found = await connection.execute(text(f"SELECT count(*) FROM jobs WHERE {condition}"))  # noqa: S608 - no input
            return int(found.scalar_one())

    async def forget_what_to_draw(self) -> None:
        """Leave records that no version understands."""
        async with self._engine.begin() as connection:
            await connection.execute(text("UPDATE jobs SET record = '{}'"))

    async def has(self, condition: str = "1 = 1", at_least: int = 1) -> bool:
        return await self.count(condition) >= at_least

    async def all_delivered(self) -> bool:
        return not await self.has("delivered_at IS NULL")


@pytest.mark.slow
@pytest.mark.timeout(1500)
async def test_killed_at_any_moment_the_bot_brings_everything_that_it_accepted_and_nothing_twice(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    server = SandboxServer(port=0, world=crowded_world(PEOPLE))
    await server.start()
    settings, ledger = settings_of(tiny_checkpoint, database_url), Ledger(database_url)
    chance = random.Random(7)
    crowd = Crowd(server)
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(Person.called(f"Guest {number}", server))
            for number in range(PEOPLE)
        ]
        bot = BotProcess(server, tmp_path, settings)
        await bot.__aenter__()
        await bot.model_is_ready()
        for round_number in range(ROUNDS[make_url(database_url).get_backend_name()]):
            seeds = range(1000 * round_number, 1000 * round_number + REQUESTS)
            asking = asyncio.gather(*(crowd.ask(people[seed % PEOPLE], seed, steps=1) for seed in seeds))
            await asyncio.sleep(chance.uniform(0.05, 8))
            await bot.kill()
            await asking
            told = crowd.were_told_to_wait(seeds)
            bot = BotProcess(server, tmp_path, settings)
            await bot.__aenter__()
            await crowd.until(ledger.all_delivered, timeout_s=120)
            pictures = crowd.pictures()
            assert [seed for seed in told if not pictures[seed]] == [], f"lost in round {round_number}"
            assert [seed for seed, count in pictures.items() if count > 1] == [], f"twice in {round_number}"
            assert len(pictures) == await ledger.count("state = 'finished'") == await ledger.count()
        await bot.__aexit__()
    await server.stop()


async def test_a_stop_finishes_within_ten_seconds_tells_who_waits_and_the_next_start_goes_on(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, database_url: str, aoi: Person, ren: Person
) -> None:
    settings, ledger = settings_of(tiny_checkpoint, database_url), Ledger(database_url)
    crowd = Crowd(server)
    async with BotProcess(server, tmp_path, settings) as bot:
        await bot.model_is_ready()
        await asyncio.gather(
            *(crowd.ask(person, 10 + place, steps=40) for place, person in enumerate((aoi, ren, aoi)))
        )
        # An answer says only that the request has come.
        await crowd.until(lambda: ledger.has("1 = 1", at_least=3), timeout_s=60)
        await aoi.waits_for(lambda it: "Drawing" in it["content"])
        begin = time.monotonic()
        await bot.end(signal.SIGTERM)
        assert time.monotonic() - begin < 10
    ids = {message["id"] for message in crowd.asked.values()}
    told = [message["content"] for message in await aoi.messages() if message["id"] in ids]
    assert len(told) == 3
    assert all("restarted" in content for content in told)
    async with BotProcess(server, tmp_path, settings):
        await crowd.until(lambda: len(crowd.pictures()) == 3, timeout_s=120)
    by_id = {message["id"]: message for message in await aoi.messages()}
    for seed, message in crowd.asked.items():
        (attachment,) = by_id[message["id"]]["attachments"]
        assert attachment["filename"].endswith(f"-{seed}.png")
    assert not await ledger.has("interaction_token IS NOT NULL")


async def test_the_asker_of_a_job_that_cannot_be_read_after_the_restart_is_told(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    settings, ledger, crowd = settings_of(tiny_checkpoint, url), Ledger(url), Crowd(server)
    async with BotProcess(server, tmp_path, settings) as bot:
        await crowd.ask(aoi, 5, steps=50)
        await crowd.until(ledger.has, timeout_s=60)
        await bot.kill()
    await ledger.forget_what_to_draw()
    async with BotProcess(server, tmp_path, {**settings, "ANIM4GINE_DATABASE__LEASE_S": "2"}):
        await aoi.waits_for(
            lambda it: it["id"] == crowd.asked[5]["id"] and "something broke" in it["content"]
        )
        await crowd.until(ledger.all_delivered, timeout_s=60)


async def test_what_was_drawn_while_discord_was_away_comes_after_the_restart(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, database_url: str, aoi: Person
) -> None:
    settings, ledger = settings_of(tiny_checkpoint, database_url), Ledger(database_url)
    crowd = Crowd(server)
    async with BotProcess(server, tmp_path, settings) as bot:
        await bot.model_is_ready()
        server.faults.answer(r"PATCH /api/v10/webhooks/", 502, times=1000)
        await crowd.ask(aoi, 5, steps=1)
        await crowd.until(lambda: ledger.has("state = 'finished'"), timeout_s=60)
        await bot.kill()
    server.faults.clear()
    assert crowd.pictures() == {}
    async with BotProcess(server, tmp_path, settings):
        await crowd.until(lambda: crowd.pictures() == {5: 1}, timeout_s=60)
    assert [message["id"] for message in await aoi.messages() if message["attachments"]] == [
        crowd.asked[5]["id"]
    ]


async def test_after_the_tokens_end_several_results_share_a_message_and_a_crash_between_doubles_none(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    server = SandboxServer(port=0, limits=Limits(token_lifetime_s=1.0))
    await server.start()
    settings, ledger = settings_of(tiny_checkpoint, database_url), Ledger(database_url)
    crowd = Crowd(server)
    async with Person.called("Aoi", server) as aoi:
        async with BotProcess(server, tmp_path, settings) as bot:
            await bot.model_is_ready()
            # The answers of the first posts are lost: the pictures are there, and the bot doesn't know.
            server.faults.drop_answer(r"POST /api/v10/channels/\d+/messages", times=1000)
            await asyncio.gather(*(crowd.ask(aoi, seed, steps=20) for seed in range(8)))
            await crowd.until(lambda: bool(crowd.pictures()), timeout_s=90)
            await crowd.until(lambda: ledger.has("state = 'finished'", at_least=4), timeout_s=90)
            await bot.kill()
        server.faults.clear()
        async with BotProcess(server, tmp_path, settings):
            await crowd.until(ledger.all_delivered, timeout_s=120)
    pictures = crowd.pictures()
    channels = server.world.channels.values()
    messages = [it for channel in channels for it in channel.messages.values() if it["attachments"]]
    await server.stop()
    assert pictures == dict.fromkeys(range(8), 1)
    assert len(messages) < 8
