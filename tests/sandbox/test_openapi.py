"""Real traffic of discord.py against Discord's own description of its API, where a copy of that is at hand."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import pytest
from discord import app_commands, ui

from sandbox import SandboxServer
from tests.sandbox.client import Bot, Listener, point_at
from tests.sandbox.doors import Json, Person, Rest

DOCUMENT = Path(__file__).parents[3] / "shared" / "data" / "discord-openapi.json"

pytestmark = pytest.mark.skipif(not DOCUMENT.exists(), reason=f"Discord's API document isn't at {DOCUMENT}")


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SandboxServer]:
    sandbox = SandboxServer(port=0, openapi_path=DOCUMENT)
    await sandbox.start()
    point_at(sandbox, monkeypatch)
    yield sandbox
    await sandbox.stop()


def file() -> discord.File:
    return discord.File(io.BytesIO(b"text"), "notes.txt", description="Notes")


class Form(ui.Modal, title="Form"):
    """Something of every kind."""

    text: ui.Label[ui.Modal] = ui.Label(text="Text", component=ui.TextInput(custom_id="text"))
    upload: ui.Label[ui.Modal] = ui.Label(text="Files", component=ui.FileUpload(custom_id="files"))
    kind: ui.Label[ui.Modal] = ui.Label(
        text="Kind",
        component=ui.Select(custom_id="kind", options=[discord.SelectOption(label="a", emoji="🎨")]),
    )


async def test_real_traffic_has_the_shape_that_discord_describes(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    @bot.tree.command(description="Draw", nsfw=False)
    @app_commands.choices(size=[app_commands.Choice(name="Wide", value="wide")])
    async def draw(
        interaction: discord.Interaction,
        tags: app_commands.Range[str, 1, 100],
        size: str = "wide",
        steps: app_commands.Range[int, 1, 50] = 28,
        scale: app_commands.Range[float, 1.0, 20.0] = 5.0,
        reference: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.defer(thinking=True)
        view = ui.View(timeout=None)
        view.add_item(ui.Button(label="Again", custom_id="again", emoji="🎲"))
        view.add_item(ui.Select(custom_id="s", options=[discord.SelectOption(label="a", value="a")]))
        embed = discord.Embed(title="t", description="d", colour=0xFF0000).add_field(name="n", value="v")
        await interaction.edit_original_response(content="50 %", view=view, embed=embed)
        await interaction.edit_original_response(content=None, attachments=[file()], view=None)
        await interaction.followup.send("Here", ephemeral=True, file=file())

    @draw.autocomplete("tags")
    async def offers(_interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=typed or "x", value=typed or "x")]

    @bot.tree.command(description="Form")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def form(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    @bot.tree.command(description="Layout")
    async def layout(interaction: discord.Interaction) -> None:
        view = ui.LayoutView(timeout=None)
        gallery: ui.MediaGallery[ui.LayoutView] = ui.MediaGallery()
        gallery.add_item(media="attachment://notes.txt", description="Notes", spoiler=True)
        box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=discord.Colour.red())
        box.add_item(ui.TextDisplay("# Hi"))
        box.add_item(gallery)
        box.add_item(ui.Separator())
        box.add_item(ui.Section(ui.TextDisplay("x"), accessory=ui.Button(label="x", custom_id="x")))
        view.add_item(box)
        await interaction.response.send_message(view=view, file=file(), silent=True)

    @bot.tree.context_menu(name="Say who")
    async def who(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(
            member.mention, allowed_mentions=discord.AllowedMentions.none()
        )

    await bot.tree.sync()
    await bot.tree.sync(guild=bot.guilds[0])
    await aoi.use("draw", tags="1girl")
    async with asyncio.timeout(20):
        while len(messages := await aoi.messages()) < 2:
            await asyncio.sleep(0.01)
    assert messages[0]["attachments"]
    await aoi.type("draw", "tags", "x")
    async with Person.called("Mika", server) as mika:
        assert (await mika.use("form")).body["modal"]["title"] == "Form"
    assert (await aoi.use("layout")).status == 200
    assert (await aoi.choose_menu("Say who", aoi.id)).status == 200

    sent = await bot.drawing.send("Hi", nonce="job-1", file=file(), suppress_embeds=True)
    await sent.reply("Re", mention_author=False)
    await sent.edit(content="Hi!", attachments=[sent.attachments[0], file()])
    thread = await sent.create_thread(name="Thread", auto_archive_duration=60)
    await thread.send("x")
    await (await bot.fetch_user(int(aoi.id))).send("Psst")
    async with bot.drawing.typing():
        pass
    assert server.statistics.shape_errors == []
    assert server.statistics.refusals == []
    assert bot.errors == []


async def test_events_posts_and_roles_have_the_shape_that_discord_describes(
    bot: Bot, aoi: Person, server: SandboxServer
) -> None:
    guild = bot.guilds[0]
    start = datetime.now(UTC) + timedelta(hours=1)
    event = await guild.create_scheduled_event(
        name="Contest",
        start_time=start,
        end_time=start + timedelta(hours=1),
        entity_type=discord.EntityType.external,
        privacy_level=discord.PrivacyLevel.guild_only,
        location="#art-events",
    )
    await event.edit(description="Draw the sea", end_time=start + timedelta(hours=2))
    await (await event.start()).end()
    view = ui.View(timeout=None)
    view.add_item(ui.Button(label="Draw", custom_id="draw"))
    thread, _ = await guild.forums[0].create_thread(name="Contest", content="x", file=file(), view=view)
    await thread.edit(archived=True)
    role = next(it for it in guild.roles if it.name == "Champion")
    await bot.http.add_role(guild.id, int(aoi.id), role.id, reason="Won")
    assert server.statistics.shape_errors == []
    assert server.statistics.refusals == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"content": ["x"]}, "content"),
        ({"content": "x", "embeds": {"title": "x"}}, "embeds"),
        ({"content": "x", "embeds": [{"title": "x", "color": "red"}]}, "color"),
        ({"content": "x", "components": [{"type": 1, "components": [{"type": 2, "style": "big"}]}]}, "style"),
        ({"content": "x", "tts": "no"}, "tts"),
        ({"content": "x", "message_reference": {"message_id": "one"}}, "message_reference"),
    ],
)
async def test_a_body_of_a_wrong_shape_is_caught_and_told_where(
    rest: Rest, aoi: Person, server: SandboxServer, body: Json, where: str
) -> None:
    answer = await rest.ask("POST", f"/channels/{aoi.channel_id('drawing')}/messages", body)
    assert (answer.status, answer.code) == (400, 50035)
    [error] = server.statistics.shape_errors
    assert where in error
    assert error.startswith("POST /channels/{channel_id}/messages: ")
    assert await aoi.messages() == []


async def test_a_wrong_callback_is_caught_without_its_token_in_the_statistics(
    listener: Listener, rest: Rest, aoi: Person, server: SandboxServer
) -> None:
    act = asyncio.create_task(aoi.use("draw"))
    interaction = await listener.next_interaction()
    assert (await rest.respond(interaction, 4, {"content": {"text": "x"}})).code == 50035
    [error] = server.statistics.shape_errors
    assert interaction.token not in error
    assert (await rest.respond(interaction, 4, {"content": "x"})).status == 204
    assert (await act).status == 200


async def test_ids_may_be_numbers_and_unknown_fields_pass(
    rest: Rest, aoi: Person, server: SandboxServer
) -> None:
    body = {"content": "x", "attachments": [{"id": 0}], "allowed_mentions": {"users": [1]}, "unknown": 1}
    assert (await rest.ask("POST", f"/channels/{aoi.channel_id('drawing')}/messages", body)).status == 200
    assert server.statistics.shape_errors == []
