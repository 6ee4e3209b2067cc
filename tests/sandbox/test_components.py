"""Buttons, selects, forms, autocomplete and menus, from a person's hand to a real client and back."""

import asyncio
import re
from typing import Any, Self

import discord
from discord import app_commands, ui

from sandbox.world import EPHEMERAL
from tests.sandbox.client import Bot, Listener, online
from tests.sandbox.doors import Person, Rest


class Again(ui.DynamicItem[ui.Button[Any]], template=r"again:(?P<seed>\d+)"):
    """A button whose custom_id is all that is known of it."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        super().__init__(ui.Button(label="Again", custom_id=f"again:{seed}"))

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["seed"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=f"Seed {self.seed}", view=None)


class Note(ui.Modal, title="A note"):
    """One text, one file."""

    text: ui.Label[Self] = ui.Label(text="Text", component=ui.TextInput(custom_id="text", max_length=20))
    file: ui.Label[Self] = ui.Label(
        text="File", component=ui.FileUpload(custom_id="file", required=False), description="Any"
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.text.component, ui.TextInput)
        assert isinstance(self.file.component, ui.FileUpload)
        files = [it.filename for it in self.file.component.values]
        source = interaction.message.content if interaction.message else None
        await interaction.response.send_message(f"{self.text.component.value} {files} {source}")


def note_components(text: str, *files: str) -> list[dict[str, Any]]:
    return [
        {"type": 18, "id": 1, "component": {"type": 4, "id": 2, "custom_id": "text", "value": text}},
        {"type": 18, "id": 3, "component": {"type": 19, "id": 4, "custom_id": "file", "values": [*files]}},
    ]


async def test_a_persistent_button_works_after_a_restart(bot: Bot, aoi: Person) -> None:
    view = ui.View(timeout=None)
    view.add_item(Again(7))
    await bot.drawing.send("Picture", view=view)
    await bot.close()
    other = Bot()
    other.add_dynamic_items(Again)
    async with online(other):
        [message] = await aoi.messages()
        answer = await aoi.press(message, "again:7")
    assert answer.body["callback_type"] == 7
    assert (answer.message["content"], answer.message["components"]) == ("Seed 7", [])


async def test_a_button_can_leave_its_message_as_it_is_or_be_deferred(bot: Bot, aoi: Person) -> None:
    view = ui.View(timeout=None)
    button: ui.Button[Any] = ui.Button(label="Later", custom_id="later")
    pressed: list[discord.Interaction] = []

    async def press(interaction: discord.Interaction) -> None:
        pressed.append(interaction)
        await interaction.response.defer()
        await interaction.followup.send("For you", ephemeral=True)
        await interaction.edit_original_response(content="Changed")

    button.callback = press  # type: ignore[method-assign]  # as discord.py's own documentation does
    view.add_item(button)
    sent = await bot.drawing.send("Picture", view=view)
    answer = await aoi.press((await aoi.messages())[0], "later")
    assert (answer.body["callback_type"], answer.message["id"]) == (6, str(sent.id))
    async with asyncio.timeout(20):
        while len(messages := await aoi.messages()) < 2 or messages[0]["content"] != "Changed":
            await asyncio.sleep(0.01)
    assert messages[1]["flags"] == EPHEMERAL
    assert messages[0]["flags"] == 0
    assert pressed[0].message is not None
    assert pressed[0].message.id == sent.id


async def test_a_pressed_button_must_be_there_and_enabled(bot: Bot, aoi: Person) -> None:
    view = ui.View(timeout=None)
    view.add_item(ui.Button(label="Off", custom_id="off", disabled=True))
    await bot.drawing.send("Picture", view=view)
    [message] = await aoi.messages()
    for custom_id in ("off", "other"):
        answer = await aoi.press(message, custom_id)
        assert (answer.status, answer.body["error"]) == (400, "This message has no such button any more.")
    answer = await aoi.press(message | {"id": "1"}, "off")
    assert (answer.status, answer.body["error"]) == (400, "This message is gone.")


async def test_selects_bring_what_was_chosen(bot: Bot, aoi: Person, ren: Person) -> None:
    view = ui.View(timeout=None)
    words: ui.Select[Any] = ui.Select(
        custom_id="words", options=[discord.SelectOption(label=it) for it in ("red", "blue")], max_values=2
    )
    people: ui.UserSelect[Any] = ui.UserSelect(custom_id="people")

    async def choose(interaction: discord.Interaction) -> None:
        chosen = [*words.values, *(it.display_name for it in people.values)]
        await interaction.response.send_message(" ".join(chosen))

    for select in (words, people):
        select.callback = choose  # type: ignore[method-assign]  # as discord.py's own documentation does
        view.add_item(select)
    await bot.drawing.send("Choose", view=view)
    [message] = await aoi.messages()
    both = await aoi.press(message, "words", component_type=3, values=["red", "blue"])
    assert both.message["content"] == "red blue"
    person = await aoi.press(message, "people", component_type=5, values=[ren.id])
    assert person.message["content"].split()[-1] == "Ren"
    nobody = await aoi.press(message, "people", component_type=5, values=["1"])
    assert (nobody.status, nobody.body["error"]) == (400, "There is no such person.")


async def test_a_form_opens_and_is_sent_off(bot: Bot, aoi: Person) -> None:
    @bot.tree.command(description="Write a note")
    async def note(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Note(custom_id="note"))

    await bot.tree.sync()
    closed = await aoi.submit("note", note_components("Too early"))
    assert (closed.status, closed.body["error"]) == (400, "This form isn't open.")
    opened = await aoi.use("note")
    assert (opened.body["callback_type"], opened.body["modal"]["title"]) == (9, "A note")
    file = (await aoi.upload(b"text", "notes.txt", "text/plain")).body
    sent = await aoi.submit("note", note_components("Hello", file["id"]))
    assert sent.message["content"] == "Hello ['notes.txt'] None"


async def test_a_form_from_a_button_knows_its_message_for_each_person(
    listener: Listener, rest: Rest, aoi: Person, ren: Person
) -> None:
    button = {"type": 2, "style": 1, "label": "Note", "custom_id": "open"}
    body = {"content": "Picture", "components": [{"type": 1, "components": [button]}]}
    form = {
        "title": "A note",
        "custom_id": "note",
        "components": [{"type": 10, "content": "Nothing to fill"}],
    }
    for _ in range(2):
        await rest.ask("POST", f"/channels/{aoi.channel_id('drawing')}/messages", body)
    sources = await aoi.messages()
    for person, source in zip((aoi, ren), sources, strict=True):
        pressing = asyncio.create_task(person.press(source, "open"))
        assert (await rest.respond(await listener.next_interaction(), 9, form)).status == 204
        await pressing
    for person, source in zip((aoi, ren), sources, strict=True):
        sending = asyncio.create_task(person.submit("note", []))
        interaction = await listener.next_interaction()
        assert interaction.message is not None
        assert str(interaction.message.id) == source["id"]
        assert (await rest.respond(interaction, 7, {"content": person.id})).status == 204
        assert (await sending).message["id"] == source["id"]


async def test_an_option_completes_itself(bot: Bot, aoi: Person) -> None:
    @bot.tree.command(description="Draw")
    async def draw(interaction: discord.Interaction, style: str, tags: str) -> None:
        await interaction.response.send_message(f"{style} {tags}")

    @draw.autocomplete("style")
    async def styles(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        assert interaction.namespace.tags == "1girl"
        return [app_commands.Choice(name=it.title(), value=it) for it in ("ink", "oil") if typed in it]

    await bot.tree.sync()
    offered = await aoi.type("draw", "style", "i", tags="1girl")
    assert offered.body["callback_type"] == 8
    assert [it["value"] for it in offered.body["choices"]] == ["ink", "oil"]
    assert (await aoi.use("draw", style="anything", tags="x")).message["content"] == "anything x"


async def test_options_bring_people_channels_roles_and_files(bot: Bot, aoi: Person, ren: Person) -> None:
    @bot.tree.command(description="All kinds")
    async def kinds(
        interaction: discord.Interaction,
        who: discord.Member,
        where: discord.TextChannel,
        role: discord.Role,
        file: discord.Attachment,
    ) -> None:
        content = f"{who.display_name} {where.name} {role.name} {file.filename} {await file.read()!r}"
        await interaction.response.send_message(content)

    await bot.tree.sync()
    world = aoi.server.world
    file = (await aoi.upload(b"text", "notes.txt", "text/plain")).body
    given = {"where": ren.channel_id("drawing"), "role": world.moderator_role_id, "file": file["id"]}
    answer = await aoi.use("kinds", who=ren.id, **given)
    assert answer.message["content"] == "Ren drawing Moderator notes.txt b'text'"
    for name in ("who", "where", "role", "file"):
        unknown = await aoi.use("kinds", **(given | {"who": ren.id, name: "1"}))
        assert unknown.status == 400
        assert unknown.body["error"].startswith("There is no such")


async def test_menus_bring_their_target(bot: Bot, aoi: Person, ren: Person) -> None:
    @bot.tree.context_menu(name="Who is this")
    async def who(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(f"This is {member.display_name}")

    @bot.tree.context_menu(name="Quote")
    async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"“{message.content}” by {message.author.display_name}")

    await bot.tree.sync()
    said = (await ren.say("Hello")).body
    assert (await aoi.choose_menu("Who is this", ren.id)).message["content"] == "This is Ren"
    assert (await aoi.choose_menu("Quote", said["id"])).message["content"] == "“Hello” by Ren"
    assert (await aoi.choose_menu("Quote", "1")).status == 400


async def test_a_subcommand_is_found_below_its_group(bot: Bot, aoi: Person) -> None:
    group = app_commands.Group(name="model", description="The model")

    @group.command(name="retry", description="Again")
    async def retry(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("Retrying")

    bot.tree.add_command(group)
    await bot.tree.sync()
    assert (await aoi.use("model retry")).message["content"] == "Retrying"
    bare = await aoi.use("model")
    assert (bare.status, bare.body["error"]) == (400, "Choose one of its commands.")


async def test_a_layout_shows_its_files(bot: Bot, aoi: Person) -> None:
    view = ui.LayoutView(timeout=None)
    container: ui.Container[Any] = ui.Container(ui.TextDisplay(f"Drawn for <@{aoi.id}>"))
    container.add_item(ui.File("attachment://notes.txt"))
    view.add_item(container)
    await bot.drawing.send(view=view, file=discord.File(__file__, "notes.txt"))
    [message] = await aoi.messages()
    shown = message["components"][0]["components"]
    assert shown[1]["file"]["url"] == message["attachments"][0]["url"]
    assert [it["id"] for it in message["mentions"]] == [aoi.id]
