"""Two processes of the bot, each with a shard of its own, on one PostgreSQL: one is killed or held up under load.

The server is on shard 1 of 2; direct messages are always shard 0's.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from events.guessing import Secret
from sandbox import Limits, SandboxServer
from sandbox.world import World
from storage.contests import ContestStore
from storage.database import Database
from storage.deadlines import set_deadline
from storage.event_tables import GuessingGameRow
from storage.guessing import GameDeadline, GuessingStore
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.crowd import Crowd
from tests.end_to_end.person import Person
from tests.end_to_end.test_contest_restarts import overdue_contest
from tests.end_to_end.test_guessing import guesses, is_game, tags_told
from tests.end_to_end.test_restarts import Ledger

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]

LEASE_S = 3
JOBS = 4
TOOK_OVER = "Took over from a process that is gone"


@dataclass
class House:
    """A sandbox, its bot in two processes, and who asks them."""

    server: SandboxServer
    ledger: Ledger
    aoi: Person
    folder: Path
    settings: dict[str, str]
    stack: AsyncExitStack
    in_guild: Crowd = field(init=False)
    in_direct: Crowd = field(init=False)

    def __post_init__(self) -> None:
        self.in_guild = Crowd(self.server)
        self.in_direct = Crowd(self.server, channel=self.server.world.application_name)

    @property
    def config(self) -> Path:
        """The settings file of both."""
        return self.folder / "config.toml"

    async def starts(self, shard: int, **settings: str) -> BotProcess:
        """Start the process of a shard, and wait until it is connected and its model there."""
        folder = self.folder / f"shard-{shard}"
        folder.mkdir(exist_ok=True)
        own = {"ANIM4GINE_DISCORD__SHARD_IDS": str(shard)}
        self.config.touch()
        bot = BotProcess(self.server, folder, {**self.settings, **own, **settings}, self.config)
        await self.stack.enter_async_context(bot)
        await self.in_guild.until(lambda: (shard, 2) in self.server.gateway.shards, timeout_s=120)
        await bot.model_is_ready()
        return bot

    async def plans_contest(self) -> None:
        """Store a contest that the process which was asked for it has not announced."""
        now = datetime.now(UTC)
        contest = replace(
            overdue_contest(self.server, 1),
            starts_at=now + timedelta(hours=1),
            ends_at=now + timedelta(hours=2),
            voting_ends_at=now + timedelta(hours=3),
        )
        database = Database(self.settings["ANIM4GINE_DATABASE__URL"])
        await ContestStore(database).create(contest)
        await database.stop()

    async def until_accepted(self, jobs: int) -> None:
        """Wait until so many jobs are in the ledger."""
        await self.in_guild.until(lambda: self.ledger.has("1 = 1", at_least=jobs), timeout_s=60)

    def pictures(self) -> dict[int, int]:
        """How many messages hold the picture of each seed."""
        return dict(self.in_guild.pictures())


@pytest.fixture
async def house(database_url: str, tmp_path: Path, tiny_checkpoint: Path) -> AsyncIterator[House]:
    """Nothing runs yet."""
    world = World.default()
    world.guild_id = str(int(world.guild_id) | 1 << 22)
    # As in Discord, two processes that start together must not identify together.
    server = SandboxServer(port=0, world=world, limits=Limits(identify_pause_s=4.5))
    await server.start()
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_DATABASE__URL": database_url,
        "ANIM4GINE_DATABASE__LEASE_S": str(LEASE_S),
        "ANIM4GINE_DISCORD__SHARD_COUNT": "2",
        "ANIM4GINE_PATHS__DATA": str(tmp_path / "data"),
        "ANIM4GINE_DRAWING__MAX_BATCH_SLOTS": "1",
        "ANIM4GINE_LIMITS__WAITING_PER_PERSON": "100",
        "ANIM4GINE_LIMITS__REQUESTS_PER_MINUTE": "10000",
    }
    async with AsyncExitStack() as stack:
        aoi = await stack.enter_async_context(Person.called("Aoi", server))
        world.direct_channel(world.person(aoi.id))
        yield House(server, Ledger(database_url), aoi, tmp_path, settings, stack)
    await server.stop()


async def test_what_a_killed_process_accepted_another_brings_once_and_limits_count_across(
    house: House,
) -> None:
    quota = {"ANIM4GINE_LIMITS__IMAGES_PER_DAY": "5"}
    first = await house.starts(0, **quota)
    second = await house.starts(1, **quota)
    assert first.log.count("commands are told to Discord\n") == 1
    assert "told to Discord by the process with shard 0" in second.log
    for seed in range(2):
        await house.in_guild.ask(house.aoi, seed, steps=8)
    await house.until_accepted(2)
    # Both processes accept at once for one person, who may have three more.
    await asyncio.gather(
        *(house.in_guild.ask(house.aoi, seed, steps=8) for seed in range(2, 6)),
        *(house.in_direct.ask(house.aoi, seed, steps=8) for seed in range(100, 104)),
    )
    await house.until_accepted(5)
    await second.kill()
    await house.in_guild.until(house.ledger.all_delivered, timeout_s=300)
    pictures = house.pictures()
    assert len(pictures) == 5
    assert set(pictures.values()) == {1}
    assert {0, 1} <= set(pictures)
    assert await house.ledger.count("state = 'finished'") == await house.ledger.count() == 5
    assert TOOK_OVER in first.log
    # Moments of events too are seen to by who lives, though it knows nothing of the server beforehand.
    await house.plans_contest()
    await house.in_guild.until(lambda: bool(house.server.world.scheduled_events), timeout_s=60)
    assert any("A night" in str(message["embeds"]) for message in await house.aoi.messages())
    assert "Traceback" not in first.log


async def test_a_process_that_was_held_up_lets_go_of_what_another_took_and_cancels_reach_the_other(
    house: House,
) -> None:
    first = await house.starts(0)
    second = await house.starts(1)
    await asyncio.gather(*(house.in_guild.ask(house.aoi, seed, steps=50) for seed in range(JOBS)))
    await house.until_accepted(JOBS)
    os.kill(second.pid, signal.SIGSTOP)
    await house.in_guild.until(lambda: TOOK_OVER in first.log, timeout_s=60)
    os.kill(second.pid, signal.SIGCONT)
    await house.in_guild.until(lambda: "Another process took a job over" in second.log, timeout_s=60)
    # The presses come to the process of the server's shard, and the other one draws.
    waiting = [it for it in await house.aoi.messages() if "🎨" in it["content"] and it["components"]]
    assert waiting
    for message in waiting:
        await house.aoi.press(message, "Cancel")
    await house.in_guild.until(house.ledger.all_delivered, timeout_s=300)
    called_off = await house.ledger.count("state = 'cancelled'")
    assert called_off > 0
    assert await house.ledger.count("state = 'finished'") == JOBS - called_off
    shown = {message["id"]: message for message in await house.aoi.messages()}
    told = [shown[asked["id"]] for asked in house.in_guild.asked.values()]
    assert sum("Cancelled" in message["content"] for message in told) == called_off
    pictures = house.pictures()
    assert len(pictures) == JOBS - called_off
    assert set(pictures.values()) <= {1}
    assert "Traceback" not in first.log + second.log


async def test_a_game_of_a_killed_process_is_drawn_hinted_and_ended_by_the_other_once(house: House) -> None:
    first = await house.starts(0)
    second = await house.starts(1)
    await house.aoi.use("guess start", tags=3, minutes=30)
    await house.until_accepted(1)
    await second.kill()
    game = await house.aoi.waits_for(is_game)
    database = Database(house.settings["ANIM4GINE_DATABASE__URL"])
    known = await GuessingStore(database).in_channel(int(game["channel_id"]))
    assert known is not None
    tags = [tag.name for tag in Secret.from_json(known.secret).tags]
    assert tags_told(await house.aoi.messages(), tags) == []
    # A hint is due while nobody answers in that server.
    async with database.writing() as connection:
        began = datetime.now(UTC) - timedelta(minutes=10)
        await connection.execute(update(GuessingGameRow).values(begun_at=began))
        await set_deadline(connection, known.id, GameDeadline.HINT, datetime.now(UTC), step=1)
    await house.aoi.waits_for(lambda it: "💡" in it["content"])
    # The process of the server is back, and both see the end coming.
    await house.starts(1)
    for tag in tags:
        await guesses(house.aoi, game, tag)
    await house.aoi.waits_for(lambda it: "All tags are found!" in str(it["embeds"]))
    await house.in_guild.until(house.ledger.all_delivered, timeout_s=60)
    await asyncio.sleep(5)  # some looks of either
    everything = await house.aoi.messages()
    assert sum(is_game(it) for it in everything) <= 1
    assert sum("All tags are found!" in str(it["embeds"]) for it in everything) == 1
    assert sum("💡" in it["content"] for it in everything) == 1
    shown = [it for it in everything if any(file["filename"].endswith(".png") for file in it["attachments"])]
    assert len(shown) == 1
    assert "Traceback" not in first.log
    await database.stop()


async def test_a_reload_that_one_process_is_asked_for_comes_around_to_the_other(house: House) -> None:
    house.config.write_text("[limits]\nsteps = 40", encoding="utf-8")
    other = await house.starts(0)
    asked = await house.starts(1)
    house.config.write_text("[limits]\nsteps = 12", encoding="utf-8")
    async with Person.called("Mika", house.server) as mika:
        await mika.use("reload")
        answer = await mika.waits_for(lambda it: "one of my processes" in it["content"])
    assert "limits.steps: 40 → 12" in answer["content"]
    await house.in_guild.until(lambda: "limits.steps: 40 → 12" in other.log, timeout_s=60)
    assert asked.log.count("limits.steps: 40 → 12") == 1
    assert "Traceback" not in other.log + asked.log
