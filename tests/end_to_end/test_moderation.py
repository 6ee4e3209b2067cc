"""What moderators settle and whom they block, through real sockets; members don't get in their way."""

import asyncio
from pathlib import Path
from typing import Any

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import WAIT_S, Message, Person
from tests.end_to_end.results import drawn, seeds
from tests.tiny_classifier import build_tiny_classifier


async def told(person: Person, words: str, times: int = 1) -> Message:
    """Wait until this person has read so in `times` messages; returns the last."""
    async with asyncio.timeout(WAIT_S):
        while len(found := [it for it in await person.messages() if words in it["content"]]) < times:
            await asyncio.sleep(0.05)
    return found[-1]


async def accepted(person: Person, answer: dict[str, Any], channel: str = "drawing") -> Message:
    """Wait until a request stands in the line."""
    message_id = answer["message"]["id"]
    return await person.waits_for(lambda it: it["id"] == message_id and bool(it["components"]), channel)


async def panel(mika: Person) -> Message:
    message: Message = (await mika.use("settings"))["message"]
    return message


async def test_moderators_allow_sensitive_and_take_it_back_while_a_picture_is_drawn(
    bot: BotProcess, aoi: Person, mika: Person
) -> None:
    await aoi.use("imagine", tags="1girl", rating="sensitive")
    await told(aoi, "`safe` is the most")
    shown = await panel(mika)
    assert "`sensitive` at most in ordinary channels" in shown["content"]
    await mika.choose(shown, "setting:ceiling", "sensitive")
    await mika.waits_for(
        lambda it: it["id"] == shown["id"] and "Rating at most: `sensitive`" in it["content"]
    )
    await drawn(aoi, rating="sensitive")
    waiting = await accepted(
        aoi, await aoi.use("imagine", tags="1girl", rating="sensitive", count=4, steps=25)
    )
    await mika.choose(shown, "setting:ceiling", "safe")
    answer = await aoi.waits_for(
        lambda it: it["id"] == waiting["id"] and "rules for this place changed" in it["content"]
    )
    assert answer["attachments"] == []


async def test_a_channel_that_loses_its_age_restriction_gets_no_picture(
    server: SandboxServer, bot: BotProcess, aoi: Person
) -> None:
    await bot.model_is_ready()
    place = "night-gallery"
    asked = await aoi.use("imagine", place, tags="1girl", rating="sensitive", count=4, steps=25)
    waiting = await accepted(aoi, asked, place)
    channel = server.world.channels[await aoi.channel_id(place)]
    channel.is_nsfw = False
    server.show_channel(channel)
    answer = await aoi.waits_for(
        lambda it: it["id"] == waiting["id"] and "rules for this place changed" in it["content"],
        place,
    )
    assert answer["attachments"] == []


async def test_only_who_asked_sees_pictures_where_moderators_settle_it(
    bot: BotProcess, aoi: Person, ren: Person, mika: Person
) -> None:
    await mika.choose(await panel(mika), "setting:visibility", "Only who asked")
    await drawn(aoi)
    assert await ren.messages() == []


async def test_who_is_blocked_draws_nothing_until_it_is_lifted(
    bot: BotProcess, aoi: Person, ren: Person, mika: Person
) -> None:
    await bot.model_is_ready()
    waiting = await accepted(ren, await ren.use("imagine", tags="1girl", count=4, steps=25))
    answer = await mika.use("block", member=ren, days=3, reason="spam")
    assert "can't draw here; it ends" in answer["message"]["content"]
    answer = await ren.waits_for(
        lambda it: it["id"] == waiting["id"] and "rules for this place changed" in it["content"]
    )
    assert answer["attachments"] == []
    await ren.use("imagine", tags="1girl")
    await told(ren, "You have been blocked")
    await drawn(aoi)
    assert "again" in (await mika.use("unblock", member=ren))["message"]["content"]
    assert "isn't blocked" in (await mika.use("unblock", member=ren))["message"]["content"]
    await drawn(ren)
    log = (await mika.use("audit", member=ren))["message"]["content"]
    assert f"<@{mika.id}> unblocked <@{ren.id}>" in log
    assert f"<@{mika.id}> blocked <@{ren.id}>: spam" in log


async def test_repeated_attempts_at_what_is_never_drawn_block_a_person_and_stand_in_the_audit(
    bot: BotProcess, aoi: Person, mika: Person
) -> None:
    for times in (1, 2, 3):
        await aoi.use("imagine", tags="child, bikini")
        await told(aoi, "suggests a minor", times)
    await aoi.use("imagine", tags="1girl")
    await told(aoi, "You have been blocked")
    log = (await mika.use("audit"))["message"]["content"]
    assert log.count("asked for what is never drawn: child, bikini") == 3
    assert f"the bot blocked <@{aoi.id}>" in log


async def test_members_open_none_of_it(bot: BotProcess, aoi: Person, ren: Person, mika: Person) -> None:
    """Discord hides the commands from them; sent all the same, the bot itself refuses."""
    offered = {command["name"] for command in (await aoi.world())["commands"]}
    assert offered.isdisjoint({"settings", "block", "unblock", "audit"})
    commands: tuple[tuple[str, dict[str, Any]], ...] = (
        ("settings", {}),
        ("block", {"member": ren}),
        ("unblock", {"member": ren}),
        ("audit", {}),
    )
    for command, options in commands:
        refused = await aoi.forges(await mika.typed(command, **options))
        assert "Only those who manage this server" in refused["message"]["content"]


async def test_what_the_output_check_takes_for_more_than_allowed_is_seen_by_nobody(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person, mika: Person
) -> None:
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_POLICY__CLASSIFIER": str(build_tiny_classifier(tmp_path / "classifier", "explicit")),
        "ANIM4GINE_POLICY__CLASSIFIER_RATINGS": '{"explicit": "explicit"}',
    }
    async with BotProcess(server, tmp_path, settings):
        answer = await aoi.use("imagine", tags="1girl", steps=2)
        hidden = await aoi.waits_for(
            lambda it: it["id"] == answer["message"]["id"] and "This picture is hidden" in it["content"]
        )
        assert hidden["attachments"] == []
        page = (await aoi.use("history"))["message"]["id"]
        shown = await aoi.waits_for(lambda it: it["id"] == page and "This picture is hidden" in it["content"])
        assert shown["attachments"] == []
        log = (await mika.use("audit"))["message"]["content"]
        assert f"the bot withheld a picture of <@{aoi.id}>" in log


async def test_a_report_reaches_the_moderators_and_each_deed_is_done_once(
    bot: BotProcess, aoi: Person, ren: Person, mika: Person
) -> None:
    desk = "night-gallery"
    await mika.choose_channel(await panel(mika), "setting:log", desk)
    picture = await drawn(aoi)
    form = (await ren.press(picture, "Report"))["modal"]
    thanks = await ren.submit(form, reason="rude @everyone")
    await ren.waits_for(lambda it: it["id"] == thanks["message"]["id"] and "Thank you" in it["content"])
    report = await mika.waits_for(lambda it: "reported a picture" in it["content"], desk)
    assert f"<@{ren.id}> reported a picture of <@{aoi.id}>" in report["content"]
    shown = str(report["embeds"][0])
    assert "silver hair" in shown
    assert "rude" in shown
    assert f"`{seeds(picture)[0]}`" in shown
    refused = await aoi.press(report, "Hide")
    assert "Only those who manage this server" in refused["message"]["content"]
    await asyncio.gather(mika.press(report, "Hide"), mika.press(report, "Hide"))
    await mika.waits_for(lambda it: f"Hidden by <@{mika.id}>" in it["content"], desk)
    assert [it["id"] for it in await aoi.messages()] == []
    await asyncio.gather(mika.press(report, "Block for 7 days"), mika.press(report, "Block for 30 days"))
    await mika.waits_for(lambda it: f"Blocked by <@{mika.id}>" in it["content"], desk)
    await aoi.use("imagine", tags="1girl")
    await told(aoi, "You have been blocked")
    log = (await mika.use("audit", member=aoi))["message"]["content"]
    assert (log.count("hid a picture"), log.count(" blocked "), log.count(" reported ")) == (1, 1, 1)
    page = (await aoi.use("history"))["message"]["id"]
    await aoi.waits_for(lambda it: it["id"] == page and "This picture is hidden" in it["content"])
