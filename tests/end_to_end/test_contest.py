"""A whole contest, from its announcement to the podium, with either way of voting."""

from pathlib import Path

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.contest import (
    TITLE,
    draws,
    ends_now,
    enters,
    holds_contest,
    options_of,
    reads,
    sees_picture,
    until_shown,
)
from tests.end_to_end.person import Person


async def test_a_contest_with_ballots_from_announcement_to_winner(
    bot: BotProcess, aoi: Person, ren: Person, mika: Person, server: SandboxServer
) -> None:
    await bot.model_is_ready()
    card = await holds_contest(
        mika, required="lantern", forbidden="gun*", seed=7, aspect="square", drawings=3
    )
    assert "gun" in str(card["embeds"])

    # A rule that hinders is named; what can be seen to is.
    form = (await aoi.press(card, "Draw"))["modal"]
    refused = await aoi.submit(form, tags="1girl, g_u_n")
    assert "goes without" in refused["message"]["content"]
    form = (await aoi.press(card, "Draw"))["modal"]
    picture = await sees_picture(aoi, await aoi.submit(form, tags="1girl, red hair"))
    (embed,) = picture["embeds"]
    assert "lantern" in embed["description"]
    assert {"1024 × 1024", "`7`"} <= {field["value"] for field in embed["fields"]}

    # Nobody else sees it, and nobody else can enter it.
    assert picture["flags"] & 64
    assert all(message["id"] != picture["id"] for message in await ren.messages())
    assert "Entered" in await enters(aoi, picture)
    assert "already" in await enters(aoi, picture)

    # One entry a person: another takes its place only where the person says so.
    second = await draws(aoi, "1girl, blue hair")
    full = await aoi.press(second, "Enter")
    replaced = await aoi.press(full["message"], "Replace my entry")
    assert "Entered" in replaced["message"]["content"]
    await draws(aoi, "1girl, green hair")
    form = (await aoi.press(card, "Draw"))["modal"]
    await aoi.submit(form, tags="1girl")
    await aoi.waits_for(lambda it: "each person may have 3 pictures drawn" in it["content"])

    # Withdrawn, and entered again.
    stands = (await aoi.press(card, "How it stands"))["message"]
    assert "1 entry so far by 1 person" in stands["content"]
    withdrawn = (await aoi.press(stands, "Withdraw"))["message"]
    assert "0 entries" in withdrawn["content"]
    assert "Entered" in await enters(aoi, second)
    assert "Entered" in await enters(ren, await draws(ren))
    assert "Entered" in await enters(mika, await draws(mika))

    # Blind: numbers, no names, and in each ballot all but one's own.
    too_early = await ren.press(card, "How it stands")
    assert "takes entries until" in too_early["message"]["content"]
    poll = await ends_now(mika, "The vote on")
    shown = await until_shown(aoi, "entry-3.webp")
    assert [embed["title"] for embed in shown["embeds"]] == ["Entry 1", "Entry 2", "Entry 3"]
    assert not {"Aoi", "Ren", "Mika"} & set(str(shown["embeds"]).replace('"', " ").split())
    late = await aoi.press(card, "Draw")
    assert "over" in late["message"]["content"]
    ballots = {person: (await person.press(poll, "Vote"))["message"] for person in (aoi, ren, mika)}
    offered = {person: options_of(ballot) for person, ballot in ballots.items()}
    assert [len(options) for options in offered.values()] == [2, 2, 2]
    every = {option["value"]: option["label"] for options in offered.values() for option in options}
    (aois,) = set(every) - {option["value"] for option in offered[aoi]}

    # Ren and Mika find Aoi's best; Ren changes his mind twice.
    await ren.choose(ballots[ren], "ballot:", next(it["label"] for it in offered[ren] if it["value"] != aois))
    await ren.choose(ballots[ren], "ballot:", every[aois])
    marked = await mika.choose(ballots[mika], "ballot:", every[aois])
    assert "On your ballot" in marked["message"]["content"]
    looked = await mika.press(ballots[mika], "Look one by one")
    page = await reads(mika, looked, "(1 of 2)", TITLE)
    assert [it["filename"].startswith("entry-") for it in page["attachments"]] == [True]

    # Nobody votes for themselves, whatever they send.
    menu = next(
        menu["custom_id"]
        for row in ballots[aoi]["components"]
        for menu in row["components"]
        if "options" in menu
    )
    forged = await aoi.forges_choice(ballots[aoi], menu, aois)
    assert "your own entry" in forged["message"]["content"]

    result = await ends_now(mika, "Congratulations")
    assert "podium.png" in str(result)
    assert f"<@{aoi.id}>" in result["content"]
    assert "**1.** Aoi — 2 votes" in result["embeds"][0]["description"]
    assert "2 people voted" in result["embeds"][0]["description"]
    told = await reads(ren, await ren.use("event results"), "podium.png")
    assert "**1.** Aoi" in str(told["embeds"])
    files = await reads(mika, await mika.use("contest export", event=TITLE), "gallery.html")
    page_file, entries, votes = [await mika.download(it) for it in files["attachments"]]
    assert b"Autumn Lanterns" in page_file
    assert entries.decode().count("\r\n") == 4
    assert votes.decode().count("\r\n") == 3
    assert server.statistics.refusals == []
    assert "Traceback" not in bot.log


async def test_a_contest_that_is_voted_on_two_at_a_time(
    bot: BotProcess, aoi: Person, ren: Person, mika: Person, server: SandboxServer, tmp_path: Path
) -> None:
    await bot.model_is_ready()
    await holds_contest(mika, voting="pairwise", entries=2)
    for person, tags in ((aoi, "1girl, lantern"), (aoi, "1girl, moon"), (ren, "1girl, river")):
        assert "Entered" in await enters(person, await draws(person, tags))
    poll = await ends_now(mika, "The vote on")
    # Ren may compare Aoi's two, Mika all three pairs.
    answer = await ren.press(poll, "Vote")
    pair = await reads(ren, answer, "left.webp", TITLE)
    done = await reads(ren, await ren.press(pair, "Left"), "There are no others", TITLE)
    assert "1 pair" in done["content"]
    answer = await mika.press(poll, "Vote")
    for count in range(3):
        pair = await reads(mika, answer, f"compared {count} pair", TITLE)
        assert [it["filename"] for it in pair["attachments"]] == ["left.webp", "right.webp"]
        await mika.press(pair, "Right")
    await reads(mika, answer, "You have compared 3 pairs. There are no others", TITLE)
    result = await ends_now(mika, "Congratulations")
    assert "2 people voted" in result["embeds"][0]["description"]
    votes = await reads(mika, await mika.use("contest export", event=TITLE), "votes.csv")
    table = await mika.download(next(it for it in votes["attachments"] if it["filename"] == "votes.csv"))
    assert table.decode().count("\r\n") == 5
    assert "Traceback" not in bot.log


async def test_moderators_remove_disqualify_extend_and_cancel_and_the_audit_tells(
    bot: BotProcess, aoi: Person, ren: Person, mika: Person
) -> None:
    await bot.model_is_ready()
    await holds_contest(mika)
    for person in (aoi, ren, mika):
        assert "Entered" in await enters(person, await draws(person))
    hindered = await aoi.forges(await mika.typed("contest cancel"))
    assert "Only those who" in hindered["message"]["content"]
    await mika.use("contest extend", by="1h")
    await until_shown(mika, "Entries are taken until")
    await ends_now(mika, "The vote on")
    first = await until_shown(mika, "entry-3.webp")
    await mika.use("contest remove", entry="2", reason="not by the theme")
    await mika.waits_for(lambda it: "entry-3.webp" in str(it) and "entry-2.webp" not in str(it), TITLE)
    assert all(message["id"] != first["id"] for message in await mika.messages(TITLE))
    await reads(mika, await mika.use("contest disqualify", member=aoi, reason="two accounts"), "Done")
    await mika.use("contest cancel", reason="too few")
    await until_shown(ren, "is called off")
    deeds = (await mika.use("audit"))["message"]["content"]
    for deed in ("started an event", "extended an event", "ended an event early", "removed an entry of",
                 "disqualified", "cancelled an event"):  # fmt: skip
        assert deed in deeds
    assert "Traceback" not in bot.log
