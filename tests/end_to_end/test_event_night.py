"""An event with hundreds of people, on a good night and on bad ones. Discord's rate limits are on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.crowd import crowded_world
from tests.end_to_end.event_night import EventNight, hold_event

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PEOPLE = 300

GOOD_NIGHT, BAD_NIGHT = 120, 20
"""Pictures. A core draws some 40 a minute; `python -m bench.event_night` holds a night of six hundred."""


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    """A sandbox with a crowd."""
    sandbox = SandboxServer(port=0, world=crowded_world(PEOPLE))
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def bot(server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """The bot, with room in the line for everybody."""
    settings = {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint), "ANIM4GINE_LIMITS__QUEUE_LENGTH": "1000"}
    async with BotProcess(server, tmp_path, settings) as process:
        await process.model_is_ready()
        yield process


def assert_all_is_well(night: EventNight, requests: int) -> None:
    """Everybody was answered in time and got their picture, once."""
    assert night.crowd.unanswered == []
    assert len(night.crowd.asked) == requests
    assert night.crowd.pictures() == dict.fromkeys(range(requests), 1)
    assert night.statistics.acknowledged_late == 0
    assert night.statistics.never_acknowledged == 0


async def test_a_crowd_asks_for_a_picture_each(server: SandboxServer, bot: BotProcess) -> None:
    night = await hold_event(server, people=PEOPLE, requests=GOOD_NIGHT, within_s=16, patience_s=700)
    assert_all_is_well(night, GOOD_NIGHT)
    assert night.statistics.rate_limited == {}


async def dropped_connections(server: SandboxServer) -> None:
    for _ in range(4):
        await asyncio.sleep(3)
        await server.gateway.drop()


async def asked_to_reconnect(server: SandboxServer) -> None:
    for _ in range(3):
        await asyncio.sleep(4)
        server.gateway.ask_to_reconnect()


async def bursts_of_server_errors(server: SandboxServer) -> None:
    for status in (500, 502, 500, 502):
        await asyncio.sleep(3)
        server.faults.answer(r"PATCH /api/v10/webhooks/", status, times=15)


async def slow_rest(server: SandboxServer) -> None:
    server.faults.delay(r"PATCH /api/v10/webhooks/", seconds=3.0, times=60)


async def lost_answers(server: SandboxServer) -> None:
    for _ in range(3):
        await asyncio.sleep(3)
        server.faults.drop_answer(r"PATCH /api/v10/webhooks/", times=15)


@pytest.mark.parametrize(
    "trouble", [dropped_connections, asked_to_reconnect, bursts_of_server_errors, slow_rest, lost_answers]
)
async def test_on_a_bad_night_everybody_gets_their_picture_too(
    server: SandboxServer, bot: BotProcess, trouble: Callable[[SandboxServer], Awaitable[None]]
) -> None:
    going_wrong = asyncio.ensure_future(trouble(server))
    night = await hold_event(server, people=PEOPLE, requests=BAD_NIGHT, within_s=12, patience_s=300)
    await going_wrong
    assert_all_is_well(night, BAD_NIGHT)


async def test_an_invalid_session_costs_only_what_was_asked_in_the_gap(
    server: SandboxServer, bot: BotProcess
) -> None:
    """Discord throws away what happens before the bot identifies anew, and tells the person that it didn't answer."""

    async def invalidate() -> None:
        await asyncio.sleep(4)
        server.gateway.invalidate()

    going_wrong = asyncio.create_task(invalidate())
    night = await hold_event(server, people=PEOPLE, requests=30, within_s=10, patience_s=300)
    await going_wrong
    answered = set(night.crowd.asked)
    assert night.crowd.pictures() == dict.fromkeys(answered, 1)
    assert answered | set(night.crowd.unanswered) == set(range(30))
    assert len(answered) >= 15
