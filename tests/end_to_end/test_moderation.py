"""What moderators settle and whom they block, through real sockets; members don't get in their way."""

import asyncio
from pathlib import Path
from typing import Any

from generation.version import VERSION
from sandbox import SandboxServer
from sandbox.permissions import Permission
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import WAIT_S, Message, Person
from tests.end_to_end.results import answered, drawn, seeds
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


async def name_desk(mika: Person, channel: str) -> dict[str, Any]:
    """Settle where reports go; returns what the panel answered."""
    shown = await panel(mika)
    await mika.press(shown, "People and reports")
    return await mika.choose_channel(shown, "setting:log", channel)


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
    assert [it["attachments"] for it in await ren.messages() if it["attachments"]] == []


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
    # Mika owns the bot, too.
    assert "can draw here again" in (await mika.use("unblock", member=aoi))["message"]["content"]
    await bot.model_is_ready()
    await drawn(aoi)


async def test_members_open_none_of_it(bot: BotProcess, aoi: Person, ren: Person, mika: Person) -> None:
    """Discord hides the commands from them; sent all the same, the bot itself refuses."""
    offered = {command["name"] for command in (await aoi.world())["commands"]}
    assert offered.isdisjoint({"settings", "block", "unblock", "audit", "policy", "doctor"})
    commands: tuple[tuple[str, dict[str, Any]], ...] = (
        ("settings", {}),
        ("doctor", {}),
        ("policy test", {"prompt": "1girl"}),
        ("policy block", {"entry": "gun"}),
        ("policy allow", {"entry": "gun"}),
        ("policy unlist", {"entry": "gun"}),
        ("policy list", {}),
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


async def test_moderators_look_at_what_was_withheld_and_let_it_be_shown_once(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person, ren: Person, mika: Person
) -> None:
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_POLICY__CLASSIFIER": str(build_tiny_classifier(tmp_path / "classifier", "explicit")),
        "ANIM4GINE_POLICY__CLASSIFIER_RATINGS": '{"explicit": "explicit"}',
    }
    desk = "night-gallery"
    async with BotProcess(server, tmp_path, settings):
        await name_desk(mika, desk)
        await aoi.use("imagine", tags="1girl", steps=2)
        report = await mika.waits_for(lambda it: "The output check withheld" in it["content"], desk)
        assert report["attachments"] == []
        assert "Only those who manage" in (await ren.press(report, "Look at it"))["message"]["content"]
        look = await mika.press(report, "Look at it")
        seen = await mika.waits_for_picture(look, desk)
        assert [it["id"] for it in await ren.messages(desk) if it["id"] == seen["id"]] == []
        channel = server.world.channels[await aoi.channel_id(desk)]
        channel.is_nsfw = False
        server.show_channel(channel)
        async with asyncio.timeout(WAIT_S):
            while "age-restricted channels only" not in str(await mika.press(report, "Look at it")):
                await asyncio.sleep(0.05)
    # What an earlier run drew is brought at once, and nobody's death is mourned in the log.
    async with BotProcess(server, tmp_path, settings) as bot:
        await asyncio.gather(mika.press(report, "Show it"), mika.press(report, "Show it"))
        await ren.waits_for(lambda it: bool(it["attachments"]) and f"<@{aoi.id}>" in it["content"])
        await mika.waits_for(lambda it: f"Shown after all by <@{mika.id}>" in it["content"], desk)
        log = (await mika.use("audit", member=aoi))["message"]["content"]
        assert log.count("dismissed") == 1
        assert len([it for it in await ren.messages() if it["attachments"]]) == 1
        assert "Took over" not in bot.log


async def test_a_report_reaches_the_moderators_and_each_deed_is_done_once(
    bot: BotProcess, aoi: Person, ren: Person, mika: Person
) -> None:
    desk = "night-gallery"
    await name_desk(mika, desk)
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
    assert [it["id"] for it in await aoi.messages() if it["attachments"]] == []
    await asyncio.gather(mika.press(report, "Block for 7 days"), mika.press(report, "Block for 30 days"))
    await mika.waits_for(lambda it: f"Blocked by <@{mika.id}>" in it["content"], desk)
    await aoi.use("imagine", tags="1girl")
    await told(aoi, "You have been blocked")
    log = (await mika.use("audit", member=aoi))["message"]["content"]
    assert (log.count("hid a picture"), log.count(" blocked "), log.count(" reported ")) == (1, 1, 1)
    page = (await aoi.use("history"))["message"]["id"]
    await aoi.waits_for(lambda it: it["id"] == page and "This picture is hidden" in it["content"])


async def test_limits_of_a_role_hold_and_are_taken_away_again(
    server: SandboxServer, bot: BotProcess, aoi: Person, mika: Person
) -> None:
    everyone = server.world.guild_id
    shown = await panel(mika)
    await mika.press(shown, "People and reports")
    form = (await mika.choose_role(shown, "setting:role", everyone))["modal"]
    wrong = await mika.submit(form, requests_per_minute="many")
    assert "it takes 1 – 1000000" in wrong["message"]["content"]
    await mika.submit(form, requests_per_minute="1")
    await mika.waits_for(lambda it: it["id"] == shown["id"] and "Drawings a minute 1" in it["content"])
    await drawn(aoi)
    await aoi.use("imagine", tags="1girl")
    await told(aoi, "One person can ask for 1 drawing a minute")
    form = (await mika.choose_role(shown, "setting:role", everyone))["modal"]
    assert str(form).count("'value': '1'") == 1
    await mika.submit(form, requests_per_minute="")
    await drawn(aoi)
    assert "per\\_minute = 1" in (await mika.use("audit"))["message"]["content"]


async def test_a_channel_that_i_cannot_write_in_is_refused_for_reports(
    server: SandboxServer, bot: BotProcess, mika: Person
) -> None:
    channel = server.world.channels[await mika.channel_id("read-only-hall")]
    channel.bot_lacks = Permission.SEND_MESSAGES
    server.show_channel(channel)
    async with asyncio.timeout(WAIT_S):
        while "I lack **Send Messages**" not in str(await name_desk(mika, "read-only-hall")):
            await asyncio.sleep(0.05)


async def test_servers_list_tags_of_their_own_and_see_which_rule_a_prompt_meets(
    bot: BotProcess, aoi: Person, mika: Person
) -> None:
    async def tested(prompt: str, rating: str = "safe") -> str:
        answer = await mika.use("policy test", prompt=prompt, rating=rating)
        return str((await answered(mika, answer))["content"])

    assert "This may be drawn here. It counts as `safe`" in await tested("1girl, red hair")
    assert "A tag whose rating is above" in await tested("1girl, {smile|bikini}")
    assert "The rating that was chosen" in await tested("1girl", rating="explicit")
    assert "The rule on minors" in await tested("child, n u d e")
    assert "is refused here from now on" in str(await mika.use("policy block", entry="red hair"))
    assert "is refused here already" in str(await mika.use("policy block", entry="red hair"))
    assert "can't stand on a list" in str(await mika.use("policy block", entry="*"))
    assert "A tag on the server's" in await tested("1girl, long red hair")
    await aoi.use("imagine", tags="1girl, long red hair")
    await told(aoi, "isn't drawn here")
    assert "“red hair”" in str(await mika.use("policy list"))
    offered = await mika.is_offered("policy unlist", "entry", "red")
    assert [choice["value"] for choice in offered] == ["red hair"]
    assert "is off the lists" in str(await mika.use("policy unlist", entry="red hair"))
    assert "on none of the lists" in str(await mika.use("policy unlist", entry="red hair"))
    await drawn(aoi, "1girl, long red hair")
    assert "“red hair”" not in (await mika.use("policy list"))["message"]["content"]
    assert "blocked: red hair" in (await mika.use("audit"))["message"]["content"]


async def test_the_doctor_tells_moderators_what_is_there_and_what_lacks(
    bot: BotProcess, mika: Person
) -> None:
    await bot.model_is_ready()
    told_well = (await answered(mika, await mika.use("doctor")))["content"]
    for line in (
        "✅ Permissions: I have what I need",
        "⚠️ Reports: they go nowhere",
        "✅ Ratings: up to `safe` here; moderators may settle up to `sensitive`",
        "✅ Commands: Discord knows all",
        "✅ Model: Animagine XL 4.0, on `cpu`",
        "✅ Database: sqlite answers",
        "✅ Disk:",
        "✅ Queue: 0 being drawn, 0 waiting",
        f"✅ Version: Anim4gine Bot {VERSION}",
    ):
        assert line in told_well
    answer = await mika.use("doctor", "read-only-hall")
    message_id = answer["message"]["id"]
    told_ill = await mika.waits_for(
        lambda it: it["id"] == message_id and "Version" in it["content"], "read-only-hall"
    )
    assert "❌ Permissions: here I lack **Attach Files**" in told_ill["content"]


async def test_a_server_is_shown_the_terms_once_and_anybody_who_asks(
    bot: BotProcess, aoi: Person, ren: Person
) -> None:
    await drawn(aoi)
    await drawn(ren)
    terms = [it for it in await ren.messages() if "Before you draw" in str(it["embeds"])]
    assert len(terms) == 1
    assert "LICENSE.md" in str(terms[0]["embeds"])
    about = (await aoi.use("about"))["message"]
    assert f"Anim4gine Bot {VERSION}" in str(about["embeds"])
    assert "huggingface.co/cagliostrolab/animagine-xl-4.0" in str(about["embeds"])
