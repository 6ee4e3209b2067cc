"""Scheduled events: made, changed and deleted by a real client, and what Discord refuses in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest

from sandbox import SandboxServer
from sandbox.permissions import Permission
from tests.sandbox.client import Bot, online
from tests.sandbox.doors import Person, Rest, eventually


def soon(hours: float = 1) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


async def schedule(bot: Bot, **changed: Any) -> discord.ScheduledEvent:
    wanted: dict[str, Any] = {
        "name": "Summer contest",
        "description": "Draw the sea",
        "start_time": soon(1),
        "end_time": soon(2),
        "location": "#art-events",
        "entity_type": discord.EntityType.external,
        "privacy_level": discord.PrivacyLevel.guild_only,
    }
    return await bot.guilds[0].create_scheduled_event(**(wanted | changed))


async def test_an_event_is_scheduled_shown_changed_and_deleted(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    event = await schedule(bot)
    assert (event.location, event.status) == ("#art-events", discord.EventStatus.scheduled)
    await eventually(lambda: bot.guilds[0].get_scheduled_event(event.id))
    [shown] = (await aoi.world())["scheduled_events"]
    assert (shown["name"], shown["creator_id"]) == ("Summer contest", str(bot.application_id))
    later = soon(5)
    await event.edit(end_time=later, name="Summer contest, longer")
    fetched = await bot.guilds[0].fetch_scheduled_event(event.id)
    assert (fetched.end_time, fetched.name) == (later, "Summer contest, longer")
    started = await event.start()
    assert started.status is discord.EventStatus.active
    assert [it.id for it in await bot.guilds[0].fetch_scheduled_events()] == [event.id]
    await event.delete()
    assert (await aoi.world())["scheduled_events"] == []
    await eventually(lambda: not bot.guilds[0].scheduled_events)
    with pytest.raises(discord.NotFound, match="10070"):
        await event.edit(name="x")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": None}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"description": "x" * 1001}, "description"),
        ({"description": ""}, "description"),
        ({"entity_metadata": None}, "entity_metadata"),
        ({"entity_metadata": {"location": "x" * 101}}, "entity_metadata"),
        ({"scheduled_end_time": None}, "scheduled_end_time"),
        ({"scheduled_start_time": None}, "scheduled_start_time"),
        ({"scheduled_start_time": "soon"}, "body"),
        ({"scheduled_start_time": "2020-01-01T00:00:00+00:00"}, "scheduled_start_time"),
        ({"scheduled_end_time": soon(0.5).isoformat()}, "scheduled_end_time"),
        ({"scheduled_end_time": soon(24 * 365 * 6).isoformat()}, "scheduled_end_time"),
        ({"privacy_level": 1}, "privacy_level"),
        ({"channel_id": "1"}, "channel_id"),
        ({"entity_type": 2}, "channel_id"),
    ],
)
async def test_what_is_wrong_is_named(
    rest: Rest, server: SandboxServer, changed: dict[str, Any], field: str
) -> None:
    body = {
        "name": "Contest",
        "scheduled_start_time": soon(1).isoformat(),
        "scheduled_end_time": soon(2).isoformat(),
        "privacy_level": 2,
        "entity_type": 3,
        "entity_metadata": {"location": "#art-events"},
    }
    path = f"/guilds/{server.world.guild_id}/scheduled-events"
    answer = await rest.ask("POST", path, body | changed)
    assert (answer.status, answer.code) == (400, 50035)
    assert list(answer.body["errors"]) == [field]
    assert server.world.scheduled_events == {}


async def test_states_go_one_way(bot: Bot) -> None:
    event = await schedule(bot)
    with pytest.raises(discord.HTTPException, match="50035"):
        await bot.http.edit_scheduled_event(event.guild_id, event.id, status=3)
    await event.start()
    with pytest.raises(discord.HTTPException, match="It is running already"):
        await bot.http.edit_scheduled_event(
            event.guild_id, event.id, scheduled_start_time=soon(1).isoformat()
        )
    await bot.http.edit_scheduled_event(event.guild_id, event.id, status=3)
    assert await bot.guilds[0].fetch_scheduled_events() == []
    with pytest.raises(discord.HTTPException, match="180000"):
        await bot.http.edit_scheduled_event(event.guild_id, event.id, name="x")
    other = await schedule(bot)
    await other.cancel()
    assert (await bot.guilds[0].fetch_scheduled_event(other.id)).status is discord.EventStatus.cancelled


async def test_a_running_event_ends_by_itself(bot: Bot, server: SandboxServer) -> None:
    event = await schedule(bot)
    await event.start()
    server.world.scheduled_events[str(event.id)]["scheduled_end_time"] = soon(-1).isoformat()
    fetched = await bot.guilds[0].fetch_scheduled_event(event.id)
    assert fetched.status is discord.EventStatus.completed


async def test_own_events_need_one_permission_and_others_events_another(
    bot: Bot, server: SandboxServer, aoi: Person
) -> None:
    event = await schedule(bot)
    server.world.bot_role.permissions &= ~Permission.CREATE_EVENTS
    with pytest.raises(discord.Forbidden, match="50013"):
        await schedule(bot)
    with pytest.raises(discord.Forbidden, match="50013"):
        await event.edit(name="x")
    server.world.bot_role.permissions |= Permission.CREATE_EVENTS
    server.world.scheduled_events[str(event.id)]["creator_id"] = aoi.id
    with pytest.raises(discord.Forbidden, match="50013"):
        await event.delete()
    server.world.bot_role.permissions |= Permission.MANAGE_EVENTS
    await event.delete()


async def test_a_guild_has_so_many_and_no_more(bot: Bot, server: SandboxServer) -> None:
    event = await schedule(bot)
    kept = server.world.scheduled_events[str(event.id)]
    for number in range(99):
        server.world.scheduled_events[str(number)] = {**kept, "id": str(number)}
    with pytest.raises(discord.HTTPException, match="30038"):
        await schedule(bot)


async def test_without_the_intent_nothing_is_heard_and_at_login_all_are_there(
    bot: Bot, server: SandboxServer
) -> None:
    event = await schedule(bot)
    intents = discord.Intents.default()
    intents.guild_scheduled_events = False
    async with online(Bot(intents=intents)) as other:
        assert [it.id for it in other.guilds[0].scheduled_events] == [event.id]
        await event.edit(name="Renamed")
        await eventually(lambda: bot.guilds[0].scheduled_events[0].name == "Renamed")
        assert other.guilds[0].scheduled_events[0].name == "Summer contest"
