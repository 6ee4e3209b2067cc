"""Rate limits: seen in headers, global, and hidden; a careful client never meets one."""

import asyncio

import discord
import pytest

from sandbox import Limits, SandboxServer
from tests.sandbox.client import Bot, Listener
from tests.sandbox.doors import Answer, Person, Rest


@pytest.fixture
def limits() -> Limits:
    return Limits(
        channel_message_rate=(3, 0.3),
        interaction_token_rate=(3, 0.3),
        public_follow_up_rate=(2, 60.0),
        old_message_age_s=0.0,
        old_edit_rate=(1, 60.0),
    )


async def acknowledged(listener: Listener, rest: Rest, aoi: Person) -> discord.Interaction:
    act = asyncio.create_task(aoi.use("draw"))
    interaction = await listener.next_interaction()
    assert (await rest.respond(interaction, 4, {"content": "Yes"})).status == 204
    await act
    return interaction


def is_a_429_by_the_book(answer: Answer) -> bool:
    return (
        answer.status == 429
        and answer.body["retry_after"] > 0
        and answer.body["global"] is False
        and int(answer.headers["Retry-After"]) >= answer.body["retry_after"]
        and bool(answer.headers["Via"])
        and answer.headers["Content-Type"] == "application/json"
    )


async def test_discord_pys_own_limiter_sends_a_burst_without_a_429(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    await asyncio.gather(*(bot.drawing.send(str(number)) for number in range(10)))
    assert len(await aoi.messages()) == 10
    assert not server.statistics.rate_limited


async def test_a_burst_of_edits_with_one_token_waits_without_a_429(
    listener: Listener, aoi: Person, server: SandboxServer
) -> None:
    act = asyncio.create_task(aoi.use("draw"))
    interaction = await listener.next_interaction()
    await interaction.response.defer()
    await act
    for number in range(8):
        await interaction.edit_original_response(content=str(number))
    assert [it["content"] for it in await aoi.messages()] == ["7"]
    assert not server.statistics.rate_limited


async def test_a_careless_sender_gets_a_429_with_all_its_headers(
    rest: Rest, aoi: Person, server: SandboxServer
) -> None:
    path = f"/channels/{aoi.channel_id('drawing')}/messages"
    answers = [await rest.ask("POST", path, {"content": "x"}) for _ in range(4)]
    assert [it.status for it in answers] == [200, 200, 200, 429]
    assert [it.headers["X-RateLimit-Remaining"] for it in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert is_a_429_by_the_book(refused)
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["X-RateLimit-Limit"] == "3"
    assert refused.headers["X-RateLimit-Bucket"] == "channel-send"
    assert float(refused.headers["X-RateLimit-Reset-After"]) > 0
    assert server.statistics.rate_limited == {"channel-send": 1}
    assert len(await aoi.messages()) == 3
    other = await rest.ask("POST", f"/channels/{aoi.channel_id('night-gallery')}/messages", {"content": "x"})
    assert other.status == 200  # every channel has its own


async def test_a_429_is_in_the_statistics_that_people_read(rest: Rest, aoi: Person) -> None:
    path = f"/channels/{aoi.channel_id('drawing')}/messages"
    for _ in range(4):
        await rest.ask("POST", path, {"content": "x"})
    statistics = await aoi.ask("GET", "/people/statistics")
    assert statistics.status == 200
    assert statistics.body["rate_limited"] == {"channel-send": 1}
    assert statistics.body["refusals"][-1]["status"] == 429


async def test_public_follow_ups_of_a_channel_have_a_hidden_limit(
    listener: Listener, rest: Rest, aoi: Person, server: SandboxServer
) -> None:
    answers = [
        await rest.follow_up(await acknowledged(listener, rest, aoi), {"content": "x"}) for _ in range(3)
    ]
    assert [it.status for it in answers] == [200, 200, 429]
    assert answers[1].headers["X-RateLimit-Remaining"] == "2"  # the headers saw nothing coming
    assert is_a_429_by_the_book(answers[2])
    assert answers[2].headers["X-RateLimit-Scope"] == "shared"
    assert answers[2].body["retry_after"] > 30
    interaction = await acknowledged(listener, rest, aoi)
    assert (await rest.follow_up(interaction, {"content": "x", "flags": 64})).status == 200
    assert (await rest.original("PATCH", interaction, {"content": "y"})).status == 200
    assert server.statistics.rate_limited == {"public-follow-ups": 1}


async def test_the_real_limit_is_thirty_public_follow_ups_a_minute() -> None:
    assert Limits().public_follow_up_rate == (30, 60.0)
    assert Limits().interaction_token_rate == (5, 2.0)


async def test_old_messages_are_edited_rarely(rest: Rest, aoi: Person) -> None:
    path = f"/channels/{aoi.channel_id('drawing')}/messages"
    made = (await rest.ask("POST", path, {"content": "x"})).body
    answers = [await rest.ask("PATCH", f"{path}/{made['id']}", {"content": "y"}) for _ in range(2)]
    assert [it.status for it in answers] == [200, 429]
    assert answers[1].code == 30046
    assert is_a_429_by_the_book(answers[1])


async def test_the_global_limit_spares_interactions(
    listener: Listener, rest: Rest, aoi: Person, server: SandboxServer
) -> None:
    act = asyncio.create_task(aoi.use("draw"))
    interaction = await listener.next_interaction()
    answers = await asyncio.gather(*(rest.ask("GET", "/users/@me") for _ in range(60)))
    refused = [it for it in answers if it.status == 429]
    assert refused
    assert refused[0].body["global"] is True
    assert refused[0].headers["X-RateLimit-Global"] == "true"
    assert (await rest.respond(interaction, 4, {"content": "Yes"})).status == 204
    assert (await act).status == 200
    assert server.statistics.rate_limited["global"] == len(refused)
