"""People are answered in the language of their Discord, in channels and in direct messages."""

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Person
from tests.end_to_end.results import EPHEMERAL, answered, drawn, labels


async def test_who_speaks_japanese_is_answered_in_japanese_from_the_command_to_the_picture(
    bot: BotProcess, server: SandboxServer, aoi: Person, ren: Person
) -> None:
    server.world.person(aoi.id).locale = "ja"
    command = next(it for it in (await aoi.world())["commands"] if it["name"] == "imagine")
    assert command["name_localizations"]["ja"] == "描く"
    assert "ja" in command["description_localizations"]
    message = await drawn(aoi, seed=7)
    assert {field["name"] for field in message["embeds"][0]["fields"]} >= {"シード", "サイズ", "レーティング"}
    assert "もう一度" in labels(message)
    assert "AIが生成した絵" in message["attachments"][0]["description"]
    refused = (await ren.press(message, "削除"))["message"]
    assert "Only the person who asked" in refused["content"]
    await aoi.use("imagine", tags="__no-such-list__")
    told = await aoi.waits_for(lambda it: "リスト" in it["content"])
    assert told["flags"] & EPHEMERAL
    page = await answered(aoi, await aoi.use("history"))
    assert "1 ページ中 1 ページ" in page["content"]


async def test_commands_are_there_for_those_who_installed_the_bot_for_themselves(
    bot: BotProcess, aoi: Person
) -> None:
    for command in (await aoi.world())["commands"]:
        assert set(command["integration_types"]) == {0, 1}, command["name"]
        assert set(command["contexts"]) == {0, 1, 2}, command["name"]


async def test_a_picture_is_drawn_in_direct_messages(
    bot: BotProcess, server: SandboxServer, aoi: Person
) -> None:
    server.world.direct_channel(server.world.person(aoi.id))
    direct = server.world.application_name
    answer = await aoi.use("imagine", direct, tags="1girl", steps=2, seed=7)
    message = await aoi.waits_for_picture(answer, direct)
    again = await aoi.waits_for_picture(await aoi.press(message, "Again"), direct)
    assert len(again["attachments"]) == 1
    await aoi.use("preset share", direct, name="night")
    told = await aoi.waits_for(lambda it: "in a server only" in it["content"], direct)
    assert told["flags"] & EPHEMERAL
