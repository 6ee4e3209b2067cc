"""Three seconds and fifteen minutes, made short."""

import asyncio

import discord
import pytest

from sandbox import Limits, SandboxServer
from tests.sandbox.client import Bot, Listener
from tests.sandbox.doors import Person, Rest


@pytest.fixture
def limits() -> Limits:
    return Limits(acknowledgement_s=0.5, token_lifetime_s=1.0, interaction_token_rate=(1000, 1.0))


async def test_a_late_response_finds_no_interaction_and_the_person_was_told(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    told = asyncio.Event()

    @bot.tree.command(description="Too slow")
    async def slow(interaction: discord.Interaction) -> None:
        await told.wait()
        await interaction.response.send_message("Too late")

    await bot.tree.sync()
    answer = await aoi.use("slow")
    assert (answer.status, answer.body["error"]) == (504, "The application did not respond")
    told.set()
    error = await bot.error()
    assert isinstance(error, discord.NotFound)
    assert error.code == 10062
    assert await aoi.messages() == []
    assert (server.statistics.never_acknowledged, server.statistics.acknowledged_late) == (1, 1)


async def test_an_ended_token_is_said_to_be_invalid(
    listener: Listener, aoi: Person, rest: Rest, server: SandboxServer
) -> None:
    act = asyncio.create_task(aoi.use("draw"))
    interaction = await listener.next_interaction()
    assert (await rest.respond(interaction, 5)).status == 204
    await act
    while (answer := await rest.original("GET", interaction)).status == 200:
        await asyncio.sleep(0.02)
    assert (answer.status, answer.code) == (401, 50027)
    for method, body in (("PATCH", {"content": "x"}), ("DELETE", None)):
        answer = await rest.original(method, interaction, body)
        assert (answer.status, answer.code) == (401, 50027)
    with pytest.raises(discord.HTTPException, match="50027"):
        await interaction.edit_original_response(content="x")
    assert [it["flags"] for it in await aoi.messages()] == [128]  # thinking for ever, as on Discord

    # The next interaction makes room; the ended token is still known for what it is.
    kept = server._discord.interactions._by_id
    assert interaction.id in map(int, kept)
    await asyncio.create_task(aoi.use("draw"))
    assert interaction.id not in map(int, kept)
    assert (await rest.original("GET", interaction)).code == 50027


async def test_a_response_that_came_in_time_counts_though_its_files_take_longer(
    listener: Listener, aoi: Person, rest: Rest, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachments = server._discord.attachments
    store = attachments.store

    async def slow_store(*arguments: object) -> object:
        await asyncio.sleep(0.7)
        return await store(*arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(attachments, "store", slow_store)
    act = asyncio.create_task(aoi.use("draw"))
    interaction = await listener.next_interaction()
    await interaction.response.send_message(file=discord.File(__file__, "a.txt"))
    answer = await act
    assert answer.status == 200
    assert answer.message["attachments"][0]["filename"] == "a.txt"
    assert server.statistics.never_acknowledged == 0
