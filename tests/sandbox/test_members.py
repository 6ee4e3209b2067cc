"""Members of the guild: their roles, given and taken; how long they are there, how old their accounts are."""

from datetime import UTC, datetime, timedelta

import discord
import pytest

from sandbox import SandboxServer
from sandbox.permissions import Permission
from tests.sandbox.client import Bot, Listener, online
from tests.sandbox.doors import Person, Rest, eventually


def role(bot: Bot, name: str) -> discord.Role:
    return next(it for it in bot.guilds[0].roles if it.name == name)


async def test_roles_stand_in_an_order_and_the_bots_own_is_its_own(bot: Bot) -> None:
    names = ["@everyone", "Artist", "Champion", "Anim4gine", "Moderator"]
    assert [it.name for it in bot.guilds[0].roles] == names
    assert sorted(it.name for it in await bot.guilds[0].fetch_roles()) == sorted(names)
    me = bot.guilds[0].me
    assert (me.top_role.name, me.top_role.is_bot_managed()) == ("Anim4gine", True)
    assert me.guild_permissions.manage_roles
    assert me.guild_permissions.create_events


async def test_a_role_below_the_bots_own_is_given_and_taken(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    member = await bot.guilds[0].fetch_member(int(aoi.id))
    champion = role(bot, "Champion")
    for _ in range(2):
        await member.add_roles(champion)
    assert (await bot.guilds[0].fetch_member(member.id)).roles[1:] == [champion]
    assert (await aoi.world())["me"]["roles"] == ["champion"]
    await member.remove_roles(champion)
    await member.remove_roles(champion)
    assert server.world.person(aoi.id).role_ids == []


async def test_roles_above_managed_ones_and_lacking_permission_are_refused(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    member = await bot.guilds[0].fetch_member(int(aoi.id))
    for name in ("Moderator", "Anim4gine", "@everyone"):
        with pytest.raises(discord.Forbidden, match="50013"):
            await member.add_roles(role(bot, name))
    with pytest.raises(discord.NotFound, match="10011"):
        await member.add_roles(discord.Object(1))
    with pytest.raises(discord.NotFound, match="10007"):
        await bot.http.add_role(bot.guilds[0].id, 1, role(bot, "Artist").id)
    server.world.bot_role.permissions &= ~Permission.MANAGE_ROLES
    with pytest.raises(discord.Forbidden, match="50013"):
        await member.add_roles(role(bot, "Artist"))


async def test_a_change_of_roles_is_heard_with_its_intent_alone(bot: Bot, aoi: Person) -> None:
    heard: list[discord.Member] = []
    intents = discord.Intents.default()
    intents.members = True
    async with online(Bot(intents=intents)) as other:
        await eventually(lambda: other.guilds[0].get_member(int(aoi.id)))

        @other.event
        async def on_member_update(_before: discord.Member, after: discord.Member) -> None:
            heard.append(after)

        unheard: list[discord.Member] = []

        @bot.event
        async def on_member_update(_before: discord.Member, after: discord.Member) -> None:  # noqa: F811
            unheard.append(after)

        member = await bot.guilds[0].fetch_member(int(aoi.id))
        await member.add_roles(role(bot, "Artist"))
        await eventually(lambda: heard)
        assert [it.name for it in heard[0].roles] == ["@everyone", "Artist"]
        assert unheard == []


async def test_accounts_and_memberships_have_an_age(
    bot: Bot, rest: Rest, server: SandboxServer, listener: Listener
) -> None:
    server.world.join("Nagi", account_age=timedelta(days=3), membership=timedelta(hours=5))
    async with Person.called("Nagi", server) as nagi, Person.called("Aoi", server) as aoi:
        ages = []
        for person in (nagi, aoi):
            member = await bot.guilds[0].fetch_member(int(person.id))
            assert member.joined_at is not None
            now = datetime.now(UTC)
            ages.append((round((now - member.created_at).days), (now - member.joined_at).days))
    assert ages == [(3, 0), (1000, 1000)]


async def test_a_role_is_an_option_of_a_command(bot: Bot, aoi: Person, server: SandboxServer) -> None:
    chosen: list[discord.Role] = []

    @bot.tree.command(description="Reward")
    async def reward(interaction: discord.Interaction, who: discord.Role) -> None:
        chosen.append(who)
        assert isinstance(interaction.user, discord.Member)
        await interaction.response.send_message(str(interaction.user.joined_at is not None))

    await bot.tree.sync()
    answer = await aoi.use("reward", who=str(role(bot, "Champion").id))
    assert answer.message["content"] == "True"
    assert [it.name for it in chosen] == ["Champion"]
