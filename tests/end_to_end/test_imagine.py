"""`/imagine` from the command to the picture, as people live it."""

import asyncio
import io
import re
import signal
from pathlib import Path

import pytest
import sd_parsers
from PIL import Image

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Person
from tests.end_to_end.results import facts, labels

EPHEMERAL = 64
FEW_STEPS = 2


async def test_tags_alone_bring_a_picture_with_all_that_it_was_drawn_from(
    bot: BotProcess, aoi: Person, tmp_path: Path, server: SandboxServer
) -> None:
    answer = await aoi.use("imagine", tags="silver_hair, smile, (night:1.2)")
    assert answer["callback_type"] == 5
    message = await aoi.waits_for_picture(answer)

    (attachment,) = message["attachments"]
    assert re.fullmatch(r"[a-z0-9-]+-\d+\.png", attachment["filename"])
    assert "silver hair" in attachment["description"]
    picture = await aoi.download(attachment)
    assert Image.open(io.BytesIO(picture)).size == (832, 1216)

    shown = facts(message)
    assert shown["Size"] == "832 × 1216"
    assert (shown["Steps"], shown["Guidance"]) == ("25", "6")
    assert re.fullmatch(r"\d+\.\d s", shown["Time"])
    assert "silver hair, smile, (night:1.2)" in message["embeds"][0]["description"]
    assert "Again" in labels(message)

    path = tmp_path / "picture.png"
    path.write_bytes(picture)
    read = sd_parsers.ParserManager().parse(path)
    assert read is not None
    assert f"`{read.samplers[0].parameters['seed']}`" == shown["Seed"]
    assert "masterpiece, high score, great score, absurdres" in str(read.prompts[0].value)
    assert "lowres, bad anatomy" in str(read.negative_prompts[0].value)
    assert server.statistics.refusals == []


async def test_every_option_reaches_the_picture(bot: BotProcess, aoi: Person) -> None:
    answer = await aoi.use(
        "imagine", "night-gallery", tags="casual, smile", subject="1girl", character="firefly (honkai: star rail)",
        series="honkai (series)", rating="sensitive", year=2020, quality="lighter", negative="hat",
        aspect="landscape", steps=FEW_STEPS, guidance=5.5, seed=99, count=2,
    )  # fmt: skip
    message = await aoi.waits_for_picture(answer, "night-gallery")
    shown = facts(message)
    assert shown["Size"] == "1216 × 832"
    assert (shown["Steps"], shown["Guidance"], shown["Seeds"]) == (str(FEW_STEPS), "5.5", "`99`, `100`")
    assert len(message["attachments"]) == 2
    prompt = message["embeds"][0]["description"]
    in_order = ["1girl", r"firefly \(honkai: star rail\)", r"honkai \(series\)", "casual, smile", "year 2020"]
    places = [prompt.index(part) for part in in_order]
    assert places == sorted(places)
    assert "sensitive" in prompt
    assert "masterpiece" not in prompt


async def test_the_same_seed_gives_the_same_picture(bot: BotProcess, aoi: Person, ren: Person) -> None:
    pictures = []
    for person in (aoi, ren):
        answer = await person.use("imagine", tags="1girl", seed=5, steps=FEW_STEPS)
        message = await person.waits_for_picture(answer)
        pictures.append(await person.download(message["attachments"][0]))
    assert pictures[0] == pictures[1]


async def test_progress_is_shown_and_then_gone(bot: BotProcess, aoi: Person) -> None:
    await bot.model_is_ready()
    answer = await aoi.use("imagine", tags="1girl", count=2, steps=50)
    waiting = await aoi.waits_for(lambda it: "Drawing" in it["content"])
    assert re.search(r"[▰▱]+ \d+% \(step \d+ of 100\)", waiting["content"])
    assert waiting["id"] == answer["message"]["id"]
    message = await aoi.waits_for_picture(answer)
    assert "Drawing" not in message["content"]


async def test_the_asker_cancels_and_nobody_else_can(bot: BotProcess, aoi: Person, ren: Person) -> None:
    await aoi.use("imagine", tags="1girl", count=4, steps=50)
    waiting = await aoi.waits_for(lambda it: bool(it["components"]))
    refused = await ren.press(waiting, "Cancel")
    assert refused["message"]["flags"] & EPHEMERAL
    assert "person who asked" in refused["message"]["content"]
    await aoi.press(waiting, "Cancel")
    cancelled = await aoi.waits_for(lambda it: "Cancelled" in it["content"])
    assert cancelled["id"] == waiting["id"]
    assert not cancelled["components"]


async def test_a_button_from_before_a_crash_calls_off_the_drawing_that_went_on_after_it(
    server: SandboxServer, bot: BotProcess, tiny_checkpoint: Path, tmp_path: Path, aoi: Person
) -> None:
    await aoi.use("imagine", tags="1girl", count=4, steps=50)
    waiting = await aoi.waits_for(lambda it: bool(it["components"]))
    await bot.kill()
    async with BotProcess(server, tmp_path, {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint)}):
        await aoi.press(waiting, "Cancel")
        cancelled = await aoi.waits_for(lambda it: "Cancelled" in it["content"])
    assert cancelled["id"] == waiting["id"]


@pytest.mark.parametrize(
    ("channel", "options", "words"),
    [
        ("drawing", {"tags": " , ,"}, "at least one tag"),
        ("drawing", {"tags": "1girl", "steps": 60}, "1 – 50"),
        ("drawing", {"tags": "1girl", "rating": "explicit"}, "isn't allowed in this channel"),
        ("night-gallery", {"tags": "1girl", "rating": "explicit"}, "isn't allowed in this channel"),
        ("drawing", {"tags": "nude"}, "would be rated"),
        ("drawing", {"tags": "child, bikini", "rating": "sensitive"}, "suggests a minor"),
        ("drawing", {"tags": ", ".join(f"very special tag {n}" for n in range(100))}, "225 is the most"),
        ("read-only-hall", {"tags": "1girl"}, "**Attach Files**"),
    ],
)
async def test_what_cannot_be_drawn_is_told_to_the_asker_alone(
    bot: BotProcess, aoi: Person, ren: Person, channel: str, options: dict[str, str], words: str
) -> None:
    await bot.model_is_ready()
    await aoi.use("imagine", channel, unchecked=True, **options)
    refusal = await aoi.waits_for(lambda it: words in it["content"], channel)
    assert refusal["flags"] & EPHEMERAL
    assert [it["id"] for it in await aoi.messages(channel)] == [refusal["id"]]
    assert await ren.messages(channel) == []


async def test_prose_is_drawn_with_a_hint_how_tags_work(bot: BotProcess, aoi: Person) -> None:
    prose = "a girl who is walking through the city at night while it is raining"
    message = await aoi.waits_for_picture(await aoi.use("imagine", tags=prose, steps=FEW_STEPS))
    assert "I read tags best" in message["embeds"][0]["description"]


async def test_peoples_text_pings_nobody_and_breaks_no_markdown(
    bot: BotProcess, aoi: Person, ren: Person
) -> None:
    hostile = f"1girl, @everyone, <@{ren.id}>, ```, **bold, `tick"
    message = await aoi.waits_for_picture(await aoi.use("imagine", tags=hostile, steps=FEW_STEPS))
    assert not message["mention_everyone"]
    assert message["mentions"] == []
    assert message["embeds"][0]["description"].count("```") == 2


async def test_a_person_over_the_limit_reads_privately_when_to_return(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person, ren: Person
) -> None:
    limits = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_LIMITS__REQUESTS_PER_MINUTE": "1",
    }
    async with BotProcess(server, tmp_path, limits):
        first = await aoi.use("imagine", tags="1girl", steps=FEW_STEPS)
        await aoi.waits_for(lambda it: it["id"] == first["message"]["id"] and bool(it["content"]))
        await aoi.use("imagine", tags="1girl", steps=FEW_STEPS)
        refusal = await aoi.waits_for(lambda it: "a minute" in it["content"])
        assert refusal["flags"] & EPHEMERAL
        assert re.search(r"<t:\d+:R>", refusal["content"])
        await aoi.waits_for_picture(first)
        await ren.waits_for_picture(await ren.use("imagine", tags="1girl", steps=FEW_STEPS))


async def test_a_request_made_while_the_model_loads_waits_for_it(
    server: SandboxServer, bot: BotProcess, aoi: Person
) -> None:
    answer = await aoi.use("imagine", tags="1girl", steps=FEW_STEPS)
    assert answer["acknowledged_after_ms"] < 3000
    if "is ready on" not in bot.log:
        await aoi.waits_for(lambda it: "loading the model" in it["content"])
    await aoi.waits_for_picture(answer)


async def test_without_a_model_people_get_a_clear_sentence_and_the_owner_a_retry(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person
) -> None:
    model = tmp_path / "model"
    async with (
        BotProcess(server, tmp_path, {"ANIM4GINE_MODEL__SOURCE": str(model)}) as bot,
        Person.called("Mika", server) as mika,
    ):
        while "could not be loaded" not in bot.log:
            await asyncio.sleep(0.1)
        await aoi.use("imagine", tags="1girl")
        refusal = await aoi.waits_for(lambda it: "no model" in it["content"])
        assert refusal["flags"] & EPHEMERAL
        assert str(model) not in refusal["content"]
        assert str(model) in bot.log
        model.symlink_to(tiny_checkpoint)
        await mika.use("model retry")
        await bot.model_is_ready()
        await aoi.waits_for_picture(await aoi.use("imagine", tags="1girl", steps=FEW_STEPS))


async def test_secrets_and_prompts_stay_out_of_the_log(bot: BotProcess, aoi: Person) -> None:
    await aoi.waits_for_picture(await aoi.use("imagine", tags="a very private tag", steps=FEW_STEPS))
    assert "a-token-for-the-sandbox" not in bot.log
    assert "private tag" not in bot.log


async def test_a_signal_ends_the_bot_cleanly(bot: BotProcess, aoi: Person) -> None:
    await bot.model_is_ready()
    await aoi.use("imagine", tags="1girl", count=4, steps=50)
    await aoi.waits_for(lambda it: "Drawing" in it["content"])
    assert await asyncio.wait_for(bot.end(signal.SIGTERM), 10) == 0
    told = await aoi.waits_for(lambda it: "restarted" in it["content"])
    assert not told["components"]
    assert "Traceback" not in bot.log, bot.log
