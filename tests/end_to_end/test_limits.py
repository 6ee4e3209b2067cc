"""Limits as people meet them: each is named, says when it frees, and roles can have their own."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Message, Person

EPHEMERAL = 64


@pytest.fixture
async def bot(server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """A bot that lets everybody ask once a minute, and moderators three times."""
    role = f"ANIM4GINE_LIMITS__ROLES__{server.world.moderator_role_id}__REQUESTS_PER_MINUTE"
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_LIMITS__REQUESTS_PER_MINUTE": "1",
        role: "3",
    }
    async with BotProcess(server, tmp_path, settings) as process:
        yield process


async def refusals(person: Person, requests: int) -> list[str]:
    """Ask so often; returns what the refusals said to this person alone."""
    for _ in range(requests):
        await person.use("imagine", tags="1girl", steps=1)
    async with asyncio.timeout(60):
        while len(told := await _told(person)) < requests:
            await asyncio.sleep(0.05)
    return [message["content"] for message in told if message["flags"] & EPHEMERAL]


async def _told(person: Person) -> list[Message]:
    """The messages that are a picture, or a sentence for this person alone."""
    return [
        message
        for message in await person.messages()
        if message["attachments"] or (message["flags"] & EPHEMERAL and message["content"])
    ]


async def test_a_limit_is_named_with_the_moment_it_frees(bot: BotProcess, aoi: Person) -> None:
    first, second = await refusals(aoi, 3)
    assert first == second
    assert "1 drawing a minute" in first
    assert re.search(r"Try again <t:\d+:R>", first)


async def test_a_role_has_limits_of_its_own(bot: BotProcess, mika: Person) -> None:
    assert len(await refusals(mika, 4)) == 1
