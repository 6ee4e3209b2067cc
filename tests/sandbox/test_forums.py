"""Forums and their posts, and what becomes of threads: archived, locked, joined."""

import io

import discord
import pytest

from sandbox import SandboxServer
from sandbox.permissions import Permission
from tests.sandbox.client import Bot
from tests.sandbox.doors import Person, Rest, eventually


def file() -> discord.File:
    return discord.File(io.BytesIO(b"text"), "notes.txt")


async def test_a_post_is_a_thread_with_a_first_message_of_its_id(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    [forum] = bot.guilds[0].forums
    thread, message = await forum.create_thread(
        name="Summer contest", content="Draw the sea", file=file(), view=discord.ui.View(timeout=None)
    )
    assert thread.id == message.id
    assert (thread.parent_id, thread.owner_id) == (forum.id, bot.application_id)
    assert [it.filename for it in message.attachments] == ["notes.txt"]
    assert await thread.send("Three entries so far")
    await eventually(lambda: bot.guilds[0].get_thread(thread.id))
    seen = {it["name"]: it for it in (await aoi.world())["channels"]}
    assert (seen["art-events"]["type"], seen["Summer contest"]["parent_id"]) == (15, str(forum.id))
    assert [it["content"] for it in await aoi.messages("Summer contest")] == [
        "Draw the sea",
        "Three entries so far",
    ]
    await message.edit(content="Vote for the sea")
    assert (await aoi.messages("Summer contest"))[0]["content"] == "Vote for the sea"


async def test_a_forum_takes_posts_only(bot: Bot, rest: Rest, aoi: Person, server: SandboxServer) -> None:
    forum = aoi.channel_id("art-events")
    refused = await rest.ask("POST", f"/channels/{forum}/messages", {"content": "x"})
    assert (refused.status, refused.code) == (400, 50008)
    assert (await aoi.say("Hello", "art-events")).status == 400
    before = len(server.world.channels)
    for body in (
        {"name": "x"},
        {"name": "", "message": {"content": "x"}},
        {"name": "x", "message": {}},
        {"name": "x", "message": {"content": "x" * 2001}},
        {"name": "x", "message": {"embeds": [{"image": {"url": "attachment://none.png"}}]}},
        {"name": "x", "message": {"content": "x"}, "auto_archive_duration": 7},
    ):
        answer = await rest.ask("POST", f"/channels/{forum}/threads", body)
        assert answer.status == 400, body
    assert len(server.world.channels) == before
    server.world.channels[forum].bot_lacks = Permission.SEND_MESSAGES
    refused = await rest.ask("POST", f"/channels/{forum}/threads", {"name": "x", "message": {"content": "x"}})
    assert refused.code == 50013


async def test_a_thread_is_archived_and_a_message_brings_it_back(bot: Bot, server: SandboxServer) -> None:
    thread = await bot.drawing.create_thread(name="Battle", type=discord.ChannelType.public_thread)
    changed = await thread.edit(archived=True, name="Battle, over")
    assert changed.archived
    await thread.send("One word more")
    assert not server.world.channels[str(thread.id)].is_archived
    assert server.world.channels[str(thread.id)].name == "Battle, over"


async def test_locking_needs_a_permission_and_keeps_everybody_out(bot: Bot, server: SandboxServer) -> None:
    thread = await bot.drawing.create_thread(name="Battle", type=discord.ChannelType.public_thread)
    with pytest.raises(discord.Forbidden, match="50013"):
        await thread.edit(locked=True)
    server.world.bot_role.permissions |= Permission.MANAGE_THREADS
    await thread.edit(locked=True, archived=True)
    server.world.bot_role.permissions &= ~Permission.MANAGE_THREADS
    with pytest.raises(discord.Forbidden, match="50013"):
        await thread.send("Let me in")


async def test_people_are_brought_into_a_thread(bot: Bot, aoi: Person, server: SandboxServer) -> None:
    thread = await bot.drawing.create_thread(name="Battle", type=discord.ChannelType.public_thread)
    await thread.add_user(discord.Object(int(aoi.id)))
    await thread.leave()
    assert server.world.channels[str(thread.id)].member_ids == [aoi.id]
    with pytest.raises(discord.Forbidden, match="50013"):
        await thread.remove_user(discord.Object(int(aoi.id)))
    with pytest.raises(discord.NotFound, match="10007"):
        await thread.add_user(discord.Object(1))
    await thread.edit(archived=True)
    with pytest.raises(discord.HTTPException, match="50083"):
        await thread.join()
