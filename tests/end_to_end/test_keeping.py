"""What people settle and keep: defaults, presets, lists; and drawing several ways."""

import pytest

from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Person
from tests.end_to_end.results import EPHEMERAL, answered, answers, drawn, facts, prompt, seeds


async def test_defaults_hold_where_something_is_left_open(bot: BotProcess, aoi: Person, ren: Person) -> None:
    told = (await aoi.use("defaults", aspect="square", count=2, negative="hat"))["message"]
    assert told["flags"] & EPHEMERAL
    assert "Square" in told["content"]
    message = await drawn(aoi)
    assert len(message["attachments"]) == 2
    assert facts(message)["Size"] == "1024 × 1024"
    assert "hat" in facts(message)["Your negative"]
    own = await drawn(aoi, aspect="landscape", count=1)
    assert facts(own)["Size"] == "1216 × 832"
    assert facts(await drawn(ren))["Size"] == "832 × 1216"
    await aoi.use("defaults", reset=True)
    assert facts(await drawn(aoi))["Size"] == "832 × 1216"


async def test_a_private_picture_is_seen_by_its_asker_alone(
    bot: BotProcess, aoi: Person, ren: Person
) -> None:
    message = await drawn(aoi, private=True)
    assert message["flags"] & EPHEMERAL
    again = await aoi.waits_for_picture(await aoi.press(message, "Again"))
    assert again["flags"] & EPHEMERAL
    assert await answers(ren) == []
    info = (await aoi.press(message, "Info"))["message"]["content"]
    hidden = (await ren.use("image", id=info.split("`")[-4]))["message"]
    assert "don't know this picture" in hidden["content"]


async def test_a_preset_is_saved_used_and_shared_by_moderators_alone(
    bot: BotProcess, aoi: Person, ren: Person, mika: Person
) -> None:
    await drawn(mika, "city lights, rain", aspect="landscape", year=2020, seed=7)
    await mika.use("preset save", name="Rainy")
    assert "Rainy" in (await mika.use("preset list"))["message"]["content"]
    message = await mika.waits_for_picture(await mika.use("preset use", name="rainy", tags="umbrella"))
    assert all(tag in prompt(message) for tag in ("city lights", "rain", "umbrella", "year 2020"))
    assert facts(message)["Size"] == "1216 × 832"
    assert seeds(message) != [7]
    unknown = await ren.use("preset use", name="rainy")
    assert "no preset" in unknown["message"]["content"]
    await mika.use("preset share", name="rainy")
    shared = await ren.waits_for_picture(await ren.use("preset use", name="rainy"))
    assert "city lights" in prompt(shared)
    refused = await ren.use("preset delete", name="rainy", server=True)
    assert "Only those who manage" in refused["message"]["content"]
    offered = await ren.is_offered("preset use", "name", "rai")
    assert [choice["value"] for choice in offered] == ["Rainy"]
    await mika.use("preset delete", name="rainy", server=True)
    assert await ren.is_offered("preset use", "name", "rai") == []


async def test_own_lists_and_braces_are_rolled_and_the_prompt_says_what(bot: BotProcess, aoi: Person) -> None:
    saved = await aoi.use("wildcard save", name="pet", entries="white cat; black dog")
    assert "__pet__" in saved["message"]["content"]
    message = await drawn(aoi, "__pet__, {red|blue} ribbon", count=2, seed=3)
    card = await answered(aoi, await aoi.press(message, "Picture 1"))
    assert any(pet in prompt(card) for pet in ("white cat", "black dog"))
    assert any(colour in prompt(card) for colour in ("red ribbon", "blue ribbon"))
    assert "{" not in prompt(card)
    assert "__pet__" in (await aoi.use("wildcard list"))["message"]["content"]
    await aoi.use("wildcard delete", name="pet")
    await aoi.use("imagine", tags="__pet__", steps=2)
    refused = await aoi.waits_for(lambda it: "There is no list" in it["content"])
    assert refused["flags"] & EPHEMERAL


async def test_a_prompt_changes_while_it_is_drawn_and_every_stage_is_checked(
    bot: BotProcess, aoi: Person
) -> None:
    message = await drawn(aoi, "1girl, [red:blue:0.5] hair", seed=7, steps=4)
    assert "red hair" in prompt(message)
    assert "[2] " in prompt(message)
    assert "blue hair" in prompt(message)
    await aoi.use("imagine", tags="1girl, [night:nude:0.9]", steps=4)
    refused = await aoi.waits_for(lambda it: "nude" in it["content"])
    assert refused["flags"] & EPHEMERAL


async def test_a_prompt_is_compared_over_two_options(bot: BotProcess, aoi: Person) -> None:
    answer = await aoi.use(
        "compare", tags="1girl", option="steps", values="1, 2", rows="year", row_values="2010, 2024", seed=7
    )
    message = await aoi.waits_for_picture(answer)
    assert len(message["attachments"]) == 1
    card = await answered(aoi, await aoi.press(message, "Picture 4"))
    assert (facts(card)["Steps"], "year 2024" in prompt(card)) == ("2", True)


@pytest.mark.parametrize(
    ("values", "told"), [("many", "can't be many"), ("0, 4", "can't be 0"), ("1,2,3,4,5,6,7,8,9,10", "cells")]
)
async def test_a_range_that_cannot_be_drawn_is_told(
    bot: BotProcess, aoi: Person, values: str, told: str
) -> None:
    await aoi.use("compare", tags="1girl", option="steps", values=values)
    refused = await aoi.waits_for(lambda it: told in it["content"])
    assert refused["flags"] & EPHEMERAL
