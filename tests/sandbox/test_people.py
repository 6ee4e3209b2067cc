"""The people's door: what they may type, what they see, and whom the door lets in."""

import asyncio
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from sandbox import SandboxServer
from sandbox.interactions import Interaction
from tests.sandbox.client import Bot, Listener
from tests.sandbox.doors import Person, Rest

OPTIONS = [
    {"name": "tags", "type": 3, "description": "x", "required": True, "min_length": 2, "max_length": 5},
    {"name": "size", "type": 3, "description": "x", "choices": [{"name": "Wide", "value": "wide"}]},
    {"name": "steps", "type": 4, "description": "x", "min_value": 1, "max_value": 50},
    {"name": "scale", "type": 10, "description": "x", "max_value": 20.5},
    {"name": "seed", "type": 4, "description": "x", "min_value": 0},
    {"name": "loud", "type": 5, "description": "x"},
]


@pytest.fixture
async def draw(listener: Listener, rest: Rest, server: SandboxServer) -> Listener:
    """A bot whose /draw has options of all kinds, and a command for moderators, and one for adults."""
    commands: list[dict[str, Any]] = [
        {"name": "draw", "description": "x", "options": OPTIONS},
        {"name": "manage", "description": "x", "default_member_permissions": "32"},
        {"name": "nobody", "description": "x", "default_member_permissions": "0"},
        {"name": "night", "description": "x", "nsfw": True},
        {"name": "here", "description": "x", "contexts": [0]},
        {"name": "old", "description": "x", "dm_permission": False},
        {"name": "alone", "description": "x", "contexts": [1]},
    ]
    path = f"/applications/{server.world.application_id}/commands"
    assert (await rest.ask("PUT", path, commands)).status == 200
    return listener


@pytest.mark.parametrize(
    ("options", "option", "sentence"),
    [
        ({}, "tags", "This option is required."),
        ({"tags": "x"}, "tags", "This takes 2 to 5 characters."),
        ({"tags": "x" * 6}, "tags", "This takes 2 to 5 characters."),
        ({"tags": 7}, "tags", "This takes text."),
        ({"tags": "xx", "size": "tall"}, "size", "Choose one of the choices."),
        ({"tags": "xx", "steps": 0}, "steps", "This takes 1 to 50."),
        ({"tags": "xx", "steps": 51}, "steps", "This takes 1 to 50."),
        ({"tags": "xx", "steps": 1.5}, "steps", "This takes a whole number."),
        ({"tags": "xx", "steps": True}, "steps", "This takes a whole number."),
        ({"tags": "xx", "scale": 21}, "scale", "This takes 20.5 at most."),
        ({"tags": "xx", "scale": "1"}, "scale", "This takes a number."),
        ({"tags": "xx", "scale": float("nan")}, "scale", "This takes no such number."),
        ({"tags": "xx", "seed": -1}, "seed", "This takes 0 at least."),
        ({"tags": "xx", "seed": 2**53 + 1}, "seed", "This takes no such number."),
        ({"tags": "xx", "loud": "yes"}, "loud", "This takes true or false."),
        ({"tags": "xx", "other": 1}, "other", "There is no such option."),
    ],
)
async def test_what_discord_would_not_send_is_answered_with_a_sentence(
    draw: Listener, aoi: Person, server: SandboxServer, options: dict[str, Any], option: str, sentence: str
) -> None:
    answer = await aoi.use("draw", **options)
    assert (answer.status, answer.body) == (400, {"error": sentence, "option": option})
    assert server.statistics.interactions == 0


async def test_options_that_fit_are_sent_and_unchecked_ones_too(
    draw: Listener, rest: Rest, aoi: Person
) -> None:
    fine = {"tags": "xx", "size": "wide", "steps": 50, "scale": 20.5, "seed": 2**53, "loud": False}
    for options, is_unchecked in ((fine, False), ({"steps": 51}, True)):
        act = asyncio.create_task(aoi.use("draw", unchecked=is_unchecked, **options))
        interaction = await draw.next_interaction()
        assert {it["name"]: it["value"] for it in interaction.data["options"]} == options  # type: ignore[index,typeddict-item]  # a command's
        assert (await rest.respond(interaction, 4, {"content": "x"})).status == 204
        assert (await act).status == 200


async def test_commands_for_moderators_are_hidden_from_members(
    draw: Listener, aoi: Person, mika: Person
) -> None:
    def names(world: dict[str, Any]) -> set[str]:
        return {it["name"] for it in world["commands"]}

    assert names(await mika.world()) - names(await aoi.world()) == {"manage"}
    assert "nobody" not in names(await mika.world())
    answer = await aoi.use("manage")
    assert (answer.status, answer.body["error"]) == (400, "There is no such command.")


async def test_commands_work_where_they_belong(
    draw: Listener, rest: Rest, aoi: Person, server: SandboxServer
) -> None:
    direct = server.world.direct_channel(server.world.person(aoi.id)).id
    assert (await aoi.use("night")).body["error"] == "This command works in age-restricted channels only."
    for command, channel in (("here", direct), ("old", direct), ("alone", "drawing")):
        answer = await aoi.use(command, channel)
        assert (answer.status, answer.body["error"]) == (400, "This command doesn't work here.")
    for command, channel in (("night", "night-gallery"), ("here", "drawing"), ("alone", direct)):
        act = asyncio.create_task(aoi.use(command, channel))
        assert (await rest.respond(await draw.next_interaction(), 4, {"content": "x"})).status == 204
        assert (await act).status == 200


async def test_each_answer_tells_its_own_acknowledgement(
    draw: Listener, rest: Rest, aoi: Person, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_answered = asyncio.Event()
    interactions = server._discord.interactions
    answer_to = interactions.answer_to

    async def answer_late(interaction: Interaction) -> Any:
        outcome = await answer_to(interaction)
        await both_answered.wait()
        return outcome

    monkeypatch.setattr(interactions, "answer_to", answer_late)
    acts = [asyncio.create_task(aoi.use("draw", tags="xx")) for _ in range(2)]
    for _ in acts:
        assert (await rest.respond(await draw.next_interaction(), 4, {"content": "x"})).status == 204
    both_answered.set()
    told = [(await act).body["acknowledged_after_ms"] for act in acts]
    assert sorted(told) == sorted(server.statistics.acknowledgement_ms)
    assert told[0] != told[1]


async def test_pages_hear_what_their_person_may_see(
    draw: Listener, rest: Rest, aoi: Person, ren: Person
) -> None:
    async with ears(aoi) as hers, ears(ren) as his:
        act = asyncio.create_task(aoi.use("draw", tags="xx"))
        interaction = await draw.next_interaction()
        await rest.respond(interaction, 4, {"content": "Secret", "flags": 64})
        message = (await act).message
        await rest.original("PATCH", interaction, {"content": "Still secret"})
        gone = await aoi.ask("DELETE", f"/people/messages/{message['id']}?person={aoi.id}")
        await ren.say("Hello")
        heard = [await next_event(hers) for _ in range(4)]
        assert [name for name, _ in heard] == [
            "MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_CREATE",
        ]  # fmt: skip
        assert not any(key.startswith("sandbox") for _, data in heard for key in data)
        assert (await next_event(his))[1]["content"] == "Hello"
    assert gone.status == 200


async def test_others_messages_cannot_be_dismissed(
    draw: Listener, rest: Rest, aoi: Person, ren: Person
) -> None:
    said = (await aoi.say("Mine")).body
    act = asyncio.create_task(aoi.use("draw", tags="xx"))
    await rest.respond(await draw.next_interaction(), 4, {"content": "Secret", "flags": 64})
    secret = (await act).message
    assert (await ren.ask("DELETE", f"/people/messages/{said['id']}?person={ren.id}")).status == 403
    assert (await ren.ask("DELETE", f"/people/messages/{secret['id']}?person={ren.id}")).status == 404
    assert (await aoi.ask("DELETE", f"/people/messages/{said['id']}?person={aoi.id}")).status == 200


async def test_people_hear_that_the_bot_came_and_went(bot: Bot, aoi: Person) -> None:
    async with ears(aoi) as page:
        assert (await page.receive_json())["data"]["application"]["online"]
        await bot.close()
        assert not (await page.receive_json())["data"]["application"]["online"]


async def test_without_a_bot_people_hear_that_it_is_offline(aoi: Person) -> None:
    answer = await aoi.act(2, {})
    assert (answer.status, answer.body["error"]) == (503, "Anim4gine is offline")


async def test_a_message_has_one_to_2000_characters(aoi: Person) -> None:
    for content in ("", "   ", "x" * 2001):
        answer = await aoi.say(content)
        assert (answer.status, answer.body["error"]) == (400, "A message takes 1 to 2000 characters.")


async def test_the_newest_messages_come_oldest_first(aoi: Person) -> None:
    for number in range(3):
        await aoi.say(str(number))
    path = f"/people/channels/{aoi.channel_id('drawing')}/messages?limit="
    assert [it["content"] for it in (await aoi.ask("GET", path + "2")).body["messages"]] == ["1", "2"]
    assert [it["content"] for it in (await aoi.ask("GET", path + "0")).body["messages"]] == ["2"]


async def test_autocomplete_shows_no_more_than_was_registered(bot: Bot, aoi: Person, ren: Person) -> None:
    @bot.tree.command(description="x")
    @app_commands.default_permissions(manage_guild=True)
    async def secret(interaction: discord.Interaction, word: str) -> None: ...

    await bot.tree.sync()
    answer = await aoi.type("secret", "word", "x")
    assert (answer.status, answer.body["error"]) == (400, "There is no such command.")


def ears(person: Person) -> Any:
    """The WebSocket of a person's page."""
    return person.session.ws_connect(f"{person.base_url}/people/socket?person={person.id}")


async def next_event(socket: aiohttp.ClientWebSocketResponse) -> tuple[str, dict[str, Any]]:
    while True:
        payload = await socket.receive_json(timeout=20)
        if payload["event"] != "WORLD_UPDATE":
            return payload["event"], payload["data"]
