"""Messages that a bot sends by itself: nonces, replies, mentions, threads, direct messages, permissions."""

import asyncio
import io

import discord
import pytest

from sandbox import SandboxServer
from sandbox.permissions import Permission
from tests.sandbox.client import Bot, Listener
from tests.sandbox.doors import Person, Rest, eventually


def file() -> discord.File:
    return discord.File(io.BytesIO(b"text"), "notes.txt")


async def test_a_repeated_nonce_gives_the_first_message_again(bot: Bot, aoi: Person) -> None:
    first = await bot.drawing.send("Result", nonce="job-1", file=file())
    second = await bot.drawing.send("Result", nonce="job-1", file=file())
    other = await bot.drawing.send("Other", nonce="job-2")
    assert first.id == second.id != other.id
    assert [it["content"] for it in await aoi.messages()] == ["Result", "Other"]


async def test_a_nonce_is_seen_while_the_first_request_is_still_being_done(
    bot: Bot, aoi: Person, server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = server._discord.attachments.store

    async def slow_store(*arguments: object) -> object:
        await asyncio.sleep(0.05)
        return await store(*arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(server._discord.attachments, "store", slow_store)
    async with Rest.at(server) as rest:
        path = f"{rest.base_url}/channels/{aoi.channel_id('drawing')}/messages"

        async def send() -> str:
            payload = '{"content": "Result", "nonce": "job", "enforce_nonce": true}'
            form = {"payload_json": payload, "files[0]": io.BytesIO(b"x")}
            async with rest.session.post(path, data=form) as response:
                return str((await response.json())["id"])

        first, second = await asyncio.gather(send(), send())
    assert first == second
    assert len(await aoi.messages()) == 1


async def test_without_enforcement_a_nonce_may_come_twice(rest: Rest, aoi: Person) -> None:
    path = f"/channels/{aoi.channel_id('drawing')}/messages"
    for _ in range(2):
        await rest.ask("POST", path, {"content": "x", "nonce": "same"})
    assert len(await aoi.messages()) == 2


async def test_a_reply_shows_what_it_answers_and_pings_its_author(bot: Bot, aoi: Person) -> None:
    said = (await aoi.say("Hello")).body
    message = await bot.drawing.fetch_message(int(said["id"]))
    answer = await message.reply("Hi")
    again = await answer.reply("And again")
    quiet = await message.reply("Psst", mention_author=False)
    assert answer.reference is not None
    assert answer.reference.message_id == message.id
    assert [it.display_name for it in answer.mentions] == ["Aoi"]
    assert quiet.mentions == []
    assert again.reference is not None
    [_, _, shown, _] = await aoi.messages()
    assert shown["referenced_message"]["content"] == "Hi"
    assert "referenced_message" not in shown["referenced_message"]  # one level, or chains grow without end


async def test_a_reply_to_nothing_is_refused_or_sent_as_asked(bot: Bot, aoi: Person) -> None:
    gone = discord.MessageReference(message_id=1, channel_id=bot.drawing.id)
    with pytest.raises(discord.HTTPException, match="50035"):
        await bot.drawing.send("Hi", reference=gone)
    gone.fail_if_not_exists = False
    await bot.drawing.send("Hi", reference=gone)
    assert [it["type"] for it in await aoi.messages()] == [0]


async def test_only_allowed_mentions_ping(bot: Bot, aoi: Person, ren: Person) -> None:
    content = f"<@{aoi.id}> <@{ren.id}> @everyone"
    await bot.drawing.send(content)
    await bot.drawing.send(content, allowed_mentions=discord.AllowedMentions.none())
    only = discord.AllowedMentions(everyone=False, users=[discord.Object(int(ren.id))])
    await bot.drawing.send(content, allowed_mentions=only)
    everybody, nobody, one = await aoi.messages()
    assert ([it["id"] for it in everybody["mentions"]], everybody["mention_everyone"]) == (
        [aoi.id, ren.id],
        True,
    )
    assert (nobody["mentions"], nobody["mention_everyone"]) == ([], False)
    assert ([it["id"] for it in one["mentions"]], one["mention_everyone"]) == ([ren.id], False)


async def test_history_comes_newest_first_and_in_pages(bot: Bot, aoi: Person) -> None:
    for number in range(5):
        await aoi.say(str(number))
    newest = [it async for it in bot.drawing.history(limit=2)]
    assert [it.author.display_name for it in newest] == ["Aoi", "Aoi"]
    before = [it async for it in bot.drawing.history(before=newest[-1], limit=2)]
    after = [it async for it in bot.drawing.history(after=before[-1], limit=1)]
    assert [len(newest), len(before)] == [2, 2]
    assert after[0].id == before[0].id


async def test_impossible_pages_are_refused(rest: Rest, aoi: Person) -> None:
    path = f"/channels/{aoi.channel_id('drawing')}/messages"
    for query in ("limit=0", "limit=101", "limit=x", "before=x"):
        assert (await rest.ask("GET", f"{path}?{query}")).code == 50035


async def test_a_deleted_message_is_gone_with_its_files(bot: Bot, aoi: Person, server: SandboxServer) -> None:
    message = await bot.drawing.send(file=file())
    url = message.attachments[0].url.removeprefix(server.base_url)
    assert (await aoi.ask("GET", url)).body == b"text"
    await message.delete()
    assert (await aoi.ask("GET", url)).status == 404
    assert server._discord.attachments._files == {}
    with pytest.raises(discord.NotFound, match="10008"):
        await message.edit(content="x")
    with pytest.raises(discord.NotFound, match="10008"):
        await message.delete()


async def test_a_thread_grows_from_a_message_once_and_takes_messages(bot: Bot, aoi: Person) -> None:
    message = await bot.drawing.send("Pictures")
    thread = await message.create_thread(name="Variations")
    await thread.send("First", file=file())
    other = await bot.drawing.create_thread(name="Free", type=discord.ChannelType.public_thread)
    assert thread.id == message.id
    assert (thread.parent_id, other.parent_id) == (bot.drawing.id, bot.drawing.id)
    assert [it["content"] for it in await aoi.messages("Variations")] == ["First"]
    with pytest.raises(discord.HTTPException, match="160004"):
        await message.create_thread(name="Again")
    assert len(await aoi.messages("Variations")) == 1
    seen = {it["name"]: it for it in (await aoi.world())["channels"]}
    assert (seen["Variations"]["type"], seen["Variations"]["parent_id"]) == (11, str(bot.drawing.id))


@pytest.mark.parametrize("name", ["", "x" * 101, None])
async def test_a_thread_needs_a_name(rest: Rest, aoi: Person, name: str | None) -> None:
    answer = await rest.ask("POST", f"/channels/{aoi.channel_id('drawing')}/threads", {"name": name})
    assert (answer.status, answer.code) == (400, 50035)


async def test_a_thread_inherits_its_parents_age_restriction_and_permissions(bot: Bot, aoi: Person) -> None:
    thread = await bot.text_channel("night-gallery").create_thread(
        name="Night", type=discord.ChannelType.public_thread
    )
    assert thread.is_nsfw()
    hall = await bot.text_channel("read-only-hall").create_thread(
        name="Hall", type=discord.ChannelType.public_thread
    )
    with pytest.raises(discord.Forbidden, match="50013"):
        await hall.send(file=file())
    assert next(it for it in (await aoi.world())["channels"] if it["name"] == "Night")["nsfw"]


async def test_direct_messages_are_seen_by_their_person_alone(bot: Bot, aoi: Person, ren: Person) -> None:
    user = await bot.fetch_user(int(aoi.id))
    await user.send("Psst", file=file())
    channel_id = str((await user.create_dm()).id)
    path = f"/people/channels/{channel_id}/messages?person="
    assert (await aoi.ask("GET", path + aoi.id)).body["messages"][0]["content"] == "Psst"
    assert (await ren.ask("GET", path + ren.id)).status == 400
    assert channel_id in [it["id"] for it in (await aoi.world())["channels"]]
    assert channel_id not in [it["id"] for it in (await ren.world())["channels"]]
    with pytest.raises(discord.HTTPException, match="50033"):
        await bot.http.start_private_message(1)


async def test_the_bot_may_not_attach_files_where_it_lacks_the_permission(
    bot: Bot, listener: Listener, rest: Rest, aoi: Person
) -> None:
    hall = bot.text_channel("read-only-hall")
    with pytest.raises(discord.Forbidden, match="50013"):
        await hall.send(file=file())
    await hall.send("Words are fine")
    act = asyncio.create_task(aoi.use("draw", "read-only-hall"))
    interaction = await listener.next_interaction()
    assert not interaction.app_permissions.attach_files
    await interaction.response.defer()
    await act
    with pytest.raises(discord.Forbidden, match="50013"):
        await interaction.edit_original_response(attachments=[file()])
    await interaction.edit_original_response(content="I may not attach files here")
    assert (await aoi.messages("read-only-hall"))[-1]["flags"] == 0


async def test_an_unseen_or_mute_channel_is_refused(rest: Rest, aoi: Person, server: SandboxServer) -> None:
    channel = server.world.channels[aoi.channel_id("drawing")]
    channel.bot_lacks = Permission.SEND_MESSAGES
    path = f"/channels/{channel.id}"
    assert (await rest.ask("POST", f"{path}/messages", {"content": "x"})).code == 50013
    assert (await rest.ask("POST", f"{path}/typing")).code == 50013
    channel.bot_lacks = Permission.VIEW_CHANNEL
    for method, below in (("GET", ""), ("GET", "/messages"), ("POST", "/messages")):
        answer = await rest.ask(method, path + below, {"content": "x"} if method == "POST" else None)
        assert (answer.status, answer.code) == (403, 50001)


async def test_others_messages_cannot_be_edited_or_deleted(rest: Rest, aoi: Person) -> None:
    said = (await aoi.say("Mine")).body
    path = f"/channels/{said['channel_id']}/messages/{said['id']}"
    assert (await rest.ask("PATCH", path, {"content": "x"})).code == 50005
    assert (await rest.ask("DELETE", path)).code == 50013


async def test_a_changed_channel_reaches_the_client(bot: Bot, server: SandboxServer, aoi: Person) -> None:
    channel = server.world.channels[aoi.channel_id("drawing")]
    channel.is_nsfw = True
    assert not bot.drawing.is_nsfw()
    server.show_channel(channel)
    await eventually(bot.drawing.is_nsfw)
