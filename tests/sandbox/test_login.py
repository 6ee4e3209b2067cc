"""How a bot comes in: its token, who it is, what it sees."""

import discord
import pytest

from sandbox import SandboxServer
from tests.sandbox.client import Bot, online
from tests.sandbox.doors import Person, Rest, eventually


async def test_an_unmodified_client_logs_in_and_sees_the_guild(bot: Bot, server: SandboxServer) -> None:
    assert bot.user is not None
    assert str(bot.user.id) == server.world.application_id
    assert [it.name for it in bot.guilds[0].text_channels] == ["drawing", "night-gallery", "read-only-hall"]
    assert [it.name for it in bot.guilds[0].text_channels if it.is_nsfw()] == ["night-gallery"]
    assert server.statistics.refusals == []


async def test_the_application_belongs_to_the_moderator(bot: Bot) -> None:
    assert (await bot.application_info()).owner.global_name == "Mika"


async def test_a_wrong_token_is_refused_as_discord_does(server: SandboxServer) -> None:
    async with Bot() as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("invalid-token")
    assert [(it.status, it.code) for it in server.statistics.refusals] == [(401, 0)]


async def test_a_request_without_a_token_is_refused(server: SandboxServer, aoi: Person) -> None:
    answer = await aoi.ask("GET", "/api/v10/users/@me")
    assert answer.status == 401


async def test_people_see_the_bot_come_and_go(server: SandboxServer, aoi: Person) -> None:
    assert not (await aoi.world())["application"]["online"]
    async with online(Bot()):
        assert (await aoi.world())["application"]["online"]
    await eventually(lambda: not server.gateway.is_online)
    assert not (await aoi.world())["application"]["online"]


async def test_a_route_that_the_sandbox_lacks_says_so_in_discords_form(
    rest: Rest, server: SandboxServer
) -> None:
    answer = await rest.ask("PUT", "/guilds/1/bans/2", {})
    assert (answer.status, answer.body) == (404, {"code": 0, "message": "404: Not Found"})
    assert server.statistics.refusals[-1].path == "/api/v10/guilds/1/bans/2"


async def test_objects_of_the_guild_can_be_fetched(bot: Bot) -> None:
    assert bot.user is not None
    guild = await bot.fetch_guild(bot.guilds[0].id)
    member = await guild.fetch_member(bot.user.id)
    channel = await bot.fetch_channel(bot.drawing.id)
    assert (guild.name, member.name, str(channel)) == ("Sandbox", "Anim4gine", "drawing")
    assert (await bot.fetch_user(bot.user.id)).name == "Anim4gine"
    with pytest.raises(discord.NotFound, match="10003"):
        await bot.fetch_channel(1)
