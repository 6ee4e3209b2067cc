"""The gateway: sessions that resume, end, are split into shards, and speak two compressions."""

import asyncio
from typing import Any

import aiohttp
import discord
import pytest

from sandbox import Limits, SandboxServer, objects
from sandbox.bodies import Body
from tests.sandbox.client import Bot, Listener, online
from tests.sandbox.doors import Person, Rest


@pytest.fixture
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py identify at once, where it would wait five seconds for Discord's sake."""

    async def sleep(seconds: float, *_: object) -> None:
        await real_sleep(0 if seconds == 5.0 else seconds)

    real_sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", sleep)


def waits_for(client: discord.Client, event: str) -> asyncio.Task[Any]:
    return asyncio.create_task(client.wait_for(event, timeout=20))


async def test_a_dropped_connection_resumes_and_brings_what_came_meanwhile(
    listener: Listener, aoi: Person, rest: Rest, server: SandboxServer
) -> None:
    session_id = listener.ws.session_id
    resumed = waits_for(listener, "resumed")
    dropping = asyncio.create_task(server.gateway.drop())
    await asyncio.sleep(0)
    assert not server.gateway.is_online
    # By hand, since a person's request would take longer than discord.py takes to come back.
    discord_ = server._discord
    command = next(iter(server.world.commands.values()))
    channel = server.world.channels[aoi.channel_id("drawing")]
    person = server.world.person(aoi.id)
    made = discord_.interactions.make(
        person, channel, 2, {"id": command["id"], "name": "draw", "type": 1}, None
    )
    assert not server.gateway.is_online
    await resumed
    await dropping
    interaction = await listener.next_interaction()
    assert str(interaction.id) == made.id
    assert (await rest.respond(interaction, 4, {"content": "Yes"})).status == 204
    outcome = await discord_.interactions.answer_to(made)
    assert outcome is not None
    assert outcome["message"]["content"] == "Yes"
    assert listener.ws.session_id == session_id
    assert listener.interactions.empty()


async def test_a_client_asked_to_reconnect_resumes(listener: Listener, server: SandboxServer) -> None:
    session_id = listener.ws.session_id
    resumed = waits_for(listener, "resumed")
    server.gateway.ask_to_reconnect()
    await resumed
    assert listener.ws.session_id == session_id
    assert server.gateway.is_online


async def test_an_invalid_session_begins_anew(
    listener: Listener, aoi: Person, server: SandboxServer, without_pauses: None
) -> None:
    session_id = listener.ws.session_id
    ready = waits_for(listener, "ready")
    server.gateway.invalidate()
    offline = await aoi.use("draw")
    assert (offline.status, offline.body["error"]) == (503, "Anim4gine is offline")
    await ready
    assert listener.ws.session_id != session_id


@pytest.mark.parametrize("name", ["_ZlibDecompressionContext", "_ZstdDecompressionContext"])
async def test_both_compressions_are_spoken(
    server: SandboxServer, rest: Rest, aoi: Person, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = getattr(discord.utils, name, None)
    if context is None:  # discord.py defines one of them, by whether zstandard is installed
        context = _Zlib
    monkeypatch.setattr(discord.utils, "_ActiveDecompressionContext", context)
    async with online(Bot()) as bot:
        for number in range(3):
            said = waits_for(bot, "message")
            await aoi.say(f"Hello {number}")
            assert (await said).author.display_name == "Aoi"


class _Zlib:
    """zlib-stream as discord.py reads it where zstandard isn't installed."""

    COMPRESSION_TYPE = "zlib-stream"

    def __init__(self) -> None:
        import zlib  # noqa: PLC0415 - only this class needs it

        self._inflate = zlib.decompressobj()
        self._waiting = b""

    def decompress(self, data: bytes) -> str | None:
        self._waiting += data
        if not self._waiting.endswith(b"\x00\x00\xff\xff"):
            return None
        text, self._waiting = self._inflate.decompress(self._waiting).decode(), b""
        return text


async def test_shards_split_the_guilds_and_direct_messages_go_to_the_first(
    server: SandboxServer, aoi: Person, without_pauses: None
) -> None:
    guild_shard = (int(server.world.guild_id) >> 22) % 3
    client = discord.AutoShardedClient(
        shard_count=3, intents=discord.Intents.default(), guild_ready_timeout=0.05
    )
    seen: list[tuple[str, int]] = []

    async def on_socket_event_type(event: str) -> None:
        seen.append((event, 0))

    client.event(on_socket_event_type)
    async with online(client):
        assert sorted(client.shards) == [0, 1, 2]
        assert client.guilds[0].shard_id == guild_shard
        said = waits_for(client, "message")
        await aoi.say("Hello")
        assert (await said).guild is not None
        direct = server.world.direct_channel(server.world.person(aoi.id))
        said = waits_for(client, "message")
        await aoi.say("Psst", direct.id)
        assert (await said).guild is None
        assert [name for name, _ in seen].count("MESSAGE_CREATE") == 2  # each reached one shard


async def test_a_shard_that_cannot_be_is_closed_for_good(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway.url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": "t", "intents": 0, "shard": [2, 2]}})
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4010


async def test_who_identifies_too_soon_after_another_shard_has_to_try_again() -> None:
    server = SandboxServer(port=0, limits=Limits(identify_pause_s=600))
    await server.start()
    async with aiohttp.ClientSession() as session, _Shard(session, server, 0):
        assert server.gateway.shards == {(0, 2)}
        async with session.ws_connect(server.gateway.url) as second:
            await second.receive_json()
            await second.send_json({"op": 2, "d": {"token": "t", "intents": 0, "shard": [1, 2]}})
            assert await second.receive_json() == {"op": 9, "d": False, "s": None, "t": None}
        assert server.gateway.shards == {(0, 2)}
    await server.stop()


async def test_a_bot_is_told_how_many_shards_it_should_have() -> None:
    server = SandboxServer(port=0, limits=Limits(recommended_shards=3))
    await server.start()
    url = f"{server.api_base}/gateway/bot"
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers={"Authorization": "Bot t"}) as response,
    ):
        assert (await response.json())["shards"] == 3
    await server.stop()


async def test_an_interaction_in_direct_messages_reaches_shard_0_as_a_users(
    server: SandboxServer, rest: Rest, aoi: Person
) -> None:
    command = {"name": "draw", "type": 1, "description": "Draw"}
    await rest.ask("PUT", f"/applications/{server.world.application_id}/commands", [command])
    direct = server.world.direct_channel(server.world.person(aoi.id))
    async with (
        aiohttp.ClientSession() as session,
        _Shard(session, server, 0) as first,
        _Shard(session, server, 1) as second,
    ):
        act = asyncio.create_task(aoi.use("draw", direct.id))
        payload = await event(first, "INTERACTION_CREATE")
        path = f"/interactions/{payload['id']}/{payload['token']}/callback"
        assert (await rest.ask("POST", path, {"type": 4, "data": {"content": "Yes"}})).status == 204
        assert (await act).status == 200
        await second.send_json({"op": 1, "d": None})
        others = []
        while (heard := await second.receive_json())["op"] != 11:  # all before this answer was sent before
            others.append(heard["t"])
    assert payload["user"]["id"] == aoi.id
    assert payload["context"] == 1
    assert "member" not in payload
    assert "INTERACTION_CREATE" not in others


class _Shard:
    def __init__(self, session: aiohttp.ClientSession, server: SandboxServer, number: int) -> None:
        self._opening = session.ws_connect(server.gateway.url)
        self._number = number

    async def __aenter__(self) -> aiohttp.ClientWebSocketResponse:
        self._socket = await self._opening
        identify = {"token": "t", "intents": 0, "shard": [self._number, 2]}
        await self._socket.send_json({"op": 2, "d": identify})
        await event(self._socket, "READY")
        return self._socket

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()


async def event(socket: aiohttp.ClientWebSocketResponse, name: str) -> dict[str, Any]:
    while True:
        payload = await socket.receive_json(timeout=20)
        if payload["t"] == name:
            data: dict[str, Any] = payload["d"]
            return data


async def test_heartbeats_are_acknowledged_and_nonsense_ends_the_connection(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway.url) as socket:
        assert (await socket.receive_json())["op"] == 10
        await socket.send_json({"op": 1, "d": None})
        assert (await socket.receive_json())["op"] == 11
        await socket.send_str("nonsense")
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4002


async def test_a_wrong_token_is_closed_for_good(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway.url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": "invalid", "intents": 0}})
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4004
    assert not server.gateway.has_session


async def test_an_unknown_session_cannot_resume(server: SandboxServer) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway.url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 6, "d": {"token": "t", "session_id": "other", "seq": 1}})
        assert await socket.receive_json() == {"op": 9, "d": False, "s": None, "t": None}


async def test_who_reads_nothing_holds_up_nobody(server: SandboxServer, aoi: Person) -> None:
    channel = server.world.channels[aoi.channel_id("drawing")]
    author = objects.user(server.world.person(aoi.id))
    page_url = f"{server.base_url}/people/socket?person={aoi.id}"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway.url) as bot,
        session.ws_connect(page_url) as page,
    ):
        await bot.send_json({"op": 2, "d": {"token": "t", "intents": 1 << 9}})
        await event(bot, "READY")
        async with asyncio.timeout(20):
            for _ in range(5000):  # 10 MB, more than sockets hold
                await server._discord.messages.post(channel, author, Body({"content": "x" * 2000}))
        assert (await aoi.say("Hello")).status == 200
        late = await page.receive_json()
        while late["event"] != "MESSAGE_CREATE" or late["data"]["content"] != "Hello":
            late = await page.receive_json()


async def test_who_is_too_far_behind_is_cut_off(
    server: SandboxServer, aoi: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.outbox.OUTBOX_LENGTH", 10)
    channel = server.world.channels[aoi.channel_id("drawing")]
    author = objects.user(server.world.person(aoi.id))
    page_url = f"{server.base_url}/people/socket?person={aoi.id}"
    async with aiohttp.ClientSession() as session, session.ws_connect(page_url) as page:
        await page.receive_json()
        for _ in range(20):  # without a pause in which anything could be sent
            server._discord.residents.show("MESSAGE_CREATE", {"flags": 0, "author": author}, channel)
        async with asyncio.timeout(20):
            async for _ in page:
                pass
    assert not server._discord.residents._pages
