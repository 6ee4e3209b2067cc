"""Faults on demand, as a real client meets them."""

import asyncio

import aiohttp
import discord
import pytest

from sandbox import SandboxServer
from tests.sandbox.client import Bot
from tests.sandbox.doors import Person, Rest

SENDING = r"POST .*/channels/\d+/messages$"


async def test_an_error_is_answered_as_often_as_told_and_nothing_is_done(
    rest: Rest, aoi: Person, server: SandboxServer
) -> None:
    server.faults.answer(SENDING, 503, times=2)
    path = f"/channels/{aoi.channel_id('drawing')}/messages"
    answers = [await rest.ask("POST", path, {"content": "x"}) for _ in range(3)]
    assert [it.status for it in answers] == [503, 503, 200]
    assert (await rest.ask("GET", path)).status == 200
    assert len(await aoi.messages()) == 1


async def test_a_client_sees_a_503_as_discords(bot: Bot, server: SandboxServer) -> None:
    server.faults.answer(SENDING, 503)
    with pytest.raises(discord.DiscordServerError):
        await bot.drawing.send("x")


async def test_a_429_on_demand_is_one_that_a_client_waits_for(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    server.faults.answer(SENDING, 429)
    await bot.drawing.send("x")
    assert [it["content"] for it in await aoi.messages()] == ["x"]


async def test_a_delayed_request_is_done_late(rest: Rest, aoi: Person, server: SandboxServer) -> None:
    server.faults.delay(SENDING, 0.2)
    path = f"/channels/{aoi.channel_id('drawing')}/messages"
    sending = asyncio.create_task(rest.ask("POST", path, {"content": "Late"}))
    await asyncio.sleep(0.02)
    assert (await rest.ask("POST", path, {"content": "Second"})).status == 200
    assert (await sending).status == 200
    assert [it["content"] for it in await aoi.messages()] == ["Second", "Late"]


async def test_a_dropped_answer_leaves_the_deed_done_and_the_nonce_saves_the_retry(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    server.faults.drop_answer(SENDING)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await bot.drawing.send("Result", nonce="job")
    await bot.drawing.send("Result", nonce="job")
    assert [it["content"] for it in await aoi.messages()] == ["Result"]
