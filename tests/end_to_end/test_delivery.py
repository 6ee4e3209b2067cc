"""Delivery when Discord makes it hard: small limits, dead tokens, broken connections, its own errors."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox import Limits, SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Person
from tests.end_to_end.results import answers

FEW_STEPS = 2
EPHEMERAL = 64
EDITS = r"PATCH /api/v10/webhooks/"
ACKNOWLEDGEMENTS = r"POST /api/v10/interactions/"
POSTS = r"POST /api/v10/channels/\d+/messages"


@pytest.fixture
async def forgetful_server() -> AsyncIterator[SandboxServer]:
    """A sandbox whose interaction tokens end after a second."""
    server = SandboxServer(port=0, limits=Limits(token_lifetime_s=1.0))
    await server.start()
    yield server
    await server.stop()


async def test_a_picture_over_the_upload_limit_comes_as_webp_and_says_so(
    bot: BotProcess, server: SandboxServer, aoi: Person
) -> None:
    server.world.channels[await aoi.channel_id("drawing")].attachment_size_limit = 400_000
    message = await aoi.waits_for_picture(await aoi.use("imagine", tags="1girl", steps=FEW_STEPS))
    (attachment,) = message["attachments"]
    assert attachment["filename"].endswith(".webp")
    assert (attachment["width"], attachment["height"]) == (832, 1216)
    assert "WEBP" in message["embeds"][0]["description"]


async def test_after_the_tokens_end_the_picture_is_a_channel_message_that_mentions_the_asker(
    forgetful_server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    model = {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint)}
    async with (
        BotProcess(forgetful_server, tmp_path, model) as bot,
        Person.called("Aoi", forgetful_server) as aoi,
    ):
        await bot.model_is_ready()
        answer = await aoi.use("imagine", tags="1girl", count=2, steps=25)
        message = await aoi.waits_for(lambda it: bool(it["attachments"]))
        assert message["id"] != answer["message"]["id"]
        assert [user["id"] for user in message["mentions"]] == [aoi.id]
        assert len([it for it in await aoi.messages() if it["attachments"]]) == 1


@pytest.mark.parametrize("fault", ["lost answers", "server errors"])
async def test_lost_answers_and_server_errors_neither_lose_nor_double_a_picture(
    bot: BotProcess, server: SandboxServer, aoi: Person, fault: str
) -> None:
    await bot.model_is_ready()
    if fault == "lost answers":
        server.faults.drop_answer(EDITS, times=3)
    else:
        server.faults.answer(EDITS, 502, times=3)
    answer = await aoi.use("imagine", tags="1girl", steps=FEW_STEPS)
    message = await aoi.waits_for_picture(answer)
    assert len(message["attachments"]) == 1
    assert len(await answers(aoi)) == 1
    assert "could not be delivered" not in bot.log


@pytest.mark.parametrize("fault", ["lost answer", "server error"])
async def test_an_acknowledgement_that_seemed_to_fail_is_the_one_that_counts(
    bot: BotProcess, server: SandboxServer, aoi: Person, fault: str
) -> None:
    if fault == "lost answer":
        server.faults.drop_answer(ACKNOWLEDGEMENTS)
    else:
        server.faults.do_and_answer(ACKNOWLEDGEMENTS, 502)
    answer = await aoi.use("imagine", tags="1girl", steps=FEW_STEPS)
    message = await aoi.waits_for_picture(answer)
    assert len(message["attachments"]) == 1
    assert len(await answers(aoi)) == 1


async def test_a_refusal_after_such_an_acknowledgement_takes_the_waiting_message_away(
    bot: BotProcess, server: SandboxServer, aoi: Person
) -> None:
    server.faults.do_and_answer(ACKNOWLEDGEMENTS, 502)
    await aoi.use("imagine", tags="1girl, nude", steps=FEW_STEPS)
    message = await aoi.waits_for(lambda it: "nude" in it["content"])
    assert message["flags"] & EPHEMERAL
    assert len(await answers(aoi)) == 1


async def test_what_neither_the_channel_nor_the_asker_takes_is_in_the_history(
    tiny_checkpoint: Path, tmp_path: Path, forgetful_server: SandboxServer
) -> None:
    settings = {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint)}
    async with (
        BotProcess(forgetful_server, tmp_path, settings) as bot,
        Person.called("Aoi", forgetful_server) as aoi,
    ):
        await bot.model_is_ready()
        forgetful_server.faults.answer(POSTS, 403, times=1000)
        await aoi.use("imagine", tags="1girl", seed=5, steps=25)
        async with asyncio.timeout(60):
            while "/history has the result" not in bot.log:
                await asyncio.sleep(0.1)
        assert not any(message["attachments"] for message in await aoi.messages())
        await aoi.use("history")
        page = await aoi.waits_for(lambda it: bool(it["attachments"]))
        assert page["attachments"][0]["filename"].endswith("-5.png")
        assert page["flags"] & EPHEMERAL
