"""Answers to interactions: first responses, edits of the original, follow-ups, and what they show."""

import asyncio
import io

import discord
import pytest
from PIL import Image

from sandbox import SandboxServer
from sandbox.world import EPHEMERAL, LOADING
from tests.sandbox.client import Bot, Listener
from tests.sandbox.doors import Answer, Json, Person, Rest


def picture(colour: str = "red", name: str = "picture.png") -> discord.File:
    buffer = io.BytesIO()
    Image.new("RGB", (6, 4), colour).save(buffer, "PNG")
    buffer.seek(0)
    return discord.File(buffer, name, description=f"A {colour} picture")


def buttons() -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button[discord.ui.View](label="Again", custom_id="again"))
    return view


def using(person: Person, channel: str = "drawing") -> asyncio.Task[Answer]:
    """Let a person use /draw while the test answers it."""
    return asyncio.create_task(person.use("draw", channel))


async def test_a_deferred_answer_is_thinking_until_it_is_filled(listener: Listener, aoi: Person) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.defer(thinking=True)
    first = await act
    assert first.body["callback_type"] == 5
    assert first.message["flags"] == LOADING
    assert first.message["interaction_metadata"]["name"] == "draw"
    assert first.message["interaction_metadata"]["user"]["id"] == aoi.id
    assert first.body["acknowledged_after_ms"] >= 0
    await interaction.edit_original_response(content="Done", attachments=[picture()], view=buttons())
    [message] = await aoi.messages()
    assert (message["flags"], message["edited_timestamp"], message["content"]) == (0, None, "Done")
    [attachment] = message["attachments"]
    assert (attachment["width"], attachment["height"]) == (6, 4)
    assert attachment["description"] == "A red picture"
    assert attachment["content_type"] == "image/png"


async def test_an_edit_changes_only_what_it_names(listener: Listener, aoi: Person) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.send_message(
        "First", file=picture(), embed=discord.Embed(title="Seed"), view=buttons()
    )
    first = (await act).message
    await interaction.edit_original_response(content="Second")
    [second] = await aoi.messages()
    assert second == first | {"content": "Second", "edited_timestamp": second["edited_timestamp"]}
    assert second["edited_timestamp"] is not None
    await interaction.edit_original_response(embeds=[], view=None)
    [third] = await aoi.messages()
    assert (third["embeds"], third["components"]) == ([], [])
    assert third["attachments"] == first["attachments"]


async def test_attachments_are_kept_replaced_and_removed_by_their_list(
    listener: Listener, aoi: Person
) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.send_message("Text", file=picture("red", "red.png"))
    red = (await act).message["attachments"][0]
    message = await interaction.original_response()
    both = await message.add_files(picture("blue", "blue.png"))
    assert [it.filename for it in both.attachments] == ["red.png", "blue.png"]
    assert str(both.attachments[0].id) == red["id"]
    green = await interaction.edit_original_response(attachments=[picture("green", "green.png")])
    assert [it.filename for it in green.attachments] == ["green.png"]
    with pytest.raises(discord.NotFound):
        await both.attachments[0].read()  # its file went with it
    assert Image.open(io.BytesIO(await green.attachments[0].read())).getpixel((0, 0)) == (0, 128, 0)
    assert (await interaction.edit_original_response(attachments=[])).attachments == []


async def test_a_message_cannot_be_emptied(listener: Listener, aoi: Person) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.send_message("Text")
    await act
    with pytest.raises(discord.HTTPException, match="50006"):
        await interaction.edit_original_response(content=None)
    assert [it["content"] for it in await aoi.messages()] == ["Text"]


async def test_embeds_show_files_of_their_message(
    listener: Listener, aoi: Person, server: SandboxServer
) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    embed = discord.Embed().set_image(url="attachment://picture.png")
    await interaction.response.send_message(embed=embed, file=picture())
    message = (await act).message
    assert message["embeds"][0]["image"]["url"] == message["attachments"][0]["url"]
    with pytest.raises(discord.HTTPException, match="50035"):
        await interaction.edit_original_response(
            embed=discord.Embed().set_image(url="attachment://other.png"), attachments=[picture("blue")]
        )
    assert len(server._discord.attachments._files) == 1  # the refused edit left nothing behind


async def test_the_first_follow_up_after_a_deferral_takes_its_place(listener: Listener, aoi: Person) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.defer(thinking=True)
    deferred = (await act).message
    filled = await interaction.followup.send("First", wait=True)
    second = await interaction.followup.send("Second", wait=True)
    assert str(filled.id) == deferred["id"]
    assert filled.edited_at is None
    assert [it["content"] for it in await aoi.messages()] == ["First", "Second"]
    assert second.reference is not None
    assert second.reference.message_id == filled.id


async def test_a_deleted_original_leaves_room_for_an_ephemeral_follow_up(
    listener: Listener, aoi: Person, ren: Person
) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.defer(thinking=True)
    await act
    await interaction.delete_original_response()
    sent = await interaction.followup.send("Only for you", ephemeral=True, wait=True)
    [message] = await aoi.messages()
    assert (message["id"], message["flags"]) == (str(sent.id), EPHEMERAL)
    assert await ren.messages() == []
    with pytest.raises(discord.NotFound, match="10008"):
        await interaction.edit_original_response(content="Too late")


async def test_a_follow_up_is_edited_and_deleted_by_its_id(listener: Listener, aoi: Person) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.send_message("Original")
    await act
    sent = await interaction.followup.send("Follow-up", wait=True)
    assert (await sent.edit(content="Changed")).content == "Changed"
    assert (await interaction.followup.fetch_message(sent.id)).content == "Changed"
    await sent.delete()
    assert [it["content"] for it in await aoi.messages()] == ["Original"]


async def test_a_token_reaches_its_own_messages_only(listener: Listener, aoi: Person) -> None:
    for _ in range(2):
        act = using(aoi)
        interaction = await listener.next_interaction()
        await interaction.response.send_message("Mine")
        await act
    first, _ = await aoi.messages()
    with pytest.raises(discord.NotFound, match="10008"):
        await interaction.followup.edit_message(int(first["id"]), content="Not mine")


async def test_the_callbacks_response_tells_the_message(listener: Listener, aoi: Person) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    response = await interaction.response.defer(ephemeral=True, thinking=True)
    message = (await act).message
    assert response is not None
    assert (str(response.message_id), response.is_thinking()) == (message["id"], True)
    assert response.is_ephemeral()


async def test_a_message_is_rebuilt_from_a_stored_token(listener: Listener, aoi: Person, bot: Bot) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.defer(thinking=True)
    message_id = int((await act).message["id"])
    webhook = discord.Webhook.partial(interaction.application_id, interaction.token, client=bot)
    await webhook.edit_message(message_id, content="After a restart", attachments=[picture()])
    [message] = await aoi.messages()
    assert (message["content"], message["flags"]) == ("After a restart", 0)


async def test_an_ephemeral_answer_never_reaches_others_nor_the_channel_routes(
    listener: Listener, aoi: Person, ren: Person, rest: Rest
) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.send_message("Secret", ephemeral=True)
    message = (await act).message
    path = f"/channels/{message['channel_id']}/messages"
    assert await ren.messages() == []
    assert (await rest.ask("GET", path)).body == []
    assert (await rest.ask("GET", f"{path}/{message['id']}")).code == 10008
    assert (await rest.ask("PATCH", f"{path}/{message['id']}", {"content": "x"})).code == 10008


async def test_interactions_carry_what_a_bot_reads(listener: Listener, aoi: Person) -> None:
    act = using(aoi, "night-gallery")
    interaction = await listener.next_interaction()
    await interaction.response.send_message("Yes")
    await act
    assert interaction.filesize_limit == 10 * 2**20
    assert interaction.locale is discord.Locale.american_english
    assert interaction.app_permissions.attach_files
    assert interaction.permissions.send_messages
    assert not interaction.permissions.manage_guild
    assert isinstance(interaction.channel, discord.TextChannel)
    assert interaction.channel.is_nsfw()
    assert isinstance(interaction.user, discord.Member)
    assert interaction.user.display_name == "Aoi"
    assert interaction.context.guild
    assert interaction.is_guild_integration()


async def test_a_second_response_is_refused(
    listener: Listener, aoi: Person, rest: Rest, server: SandboxServer
) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    await interaction.response.send_message("Yes")
    await act
    again = await rest.respond(interaction, 4, {"content": "Again"})
    assert (again.status, again.code) == (400, 40060)
    assert len(await aoi.messages()) == 1
    assert server.statistics.refusals[-1].code == 40060


async def test_a_refused_response_was_none(
    listener: Listener, aoi: Person, rest: Rest, server: SandboxServer
) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    assert (await rest.respond(interaction, 4, {"content": "x" * 2001})).code == 50035
    assert (await rest.respond(interaction, 4, {})).code == 50006
    assert (await rest.respond(interaction, 8, {"choices": []})).code == 50035
    assert (await rest.respond(interaction, 4, {"content": "Short"})).status == 204
    assert (await act).message["content"] == "Short"
    assert len(server.statistics.acknowledgement_ms) == 1


async def test_unknown_tokens_and_ids_are_refused(
    listener: Listener, aoi: Person, rest: Rest, server: SandboxServer
) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    path = f"/webhooks/{server.world.application_id}"
    assert (await rest.ask("POST", f"{path}/nonsense", {"content": "x"})).code == 10015
    too_early = await rest.follow_up(interaction, {"content": "x"})
    assert (too_early.status, too_early.code) == (404, 10015)
    elsewhere = await rest.ask("POST", f"/interactions/1/{interaction.token}/callback", {"type": 5})
    assert (elsewhere.status, elsewhere.code) == (404, 10062)
    await interaction.response.send_message("Yes")
    await act
    assert (await rest.ask("PATCH", f"/webhooks/1/{interaction.token}/messages/@original", {})).code == 10015


@pytest.mark.parametrize("body", [None, [], {"type": "x"}, {"type": 4, "data": 7}, {"type": 99}, {}])
async def test_a_malformed_response_is_refused_and_answers_nothing(
    listener: Listener, aoi: Person, rest: Rest, body: Json | None
) -> None:
    act = using(aoi)
    interaction = await listener.next_interaction()
    answer = await rest.ask("POST", f"/interactions/{interaction.id}/{interaction.token}/callback", body)
    assert (answer.status, answer.code) == (400, 50035)
    await interaction.response.send_message("Yes")
    assert (await act).status == 200
