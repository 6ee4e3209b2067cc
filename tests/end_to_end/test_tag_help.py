"""Tags at hand: completed while they are typed, searched, browsed, left to chance."""

from pathlib import Path

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Person
from tests.end_to_end.results import EPHEMERAL, drawn, prompt


def values(offered: list[dict[str, str]]) -> list[str]:
    return [choice["value"] for choice in offered]


async def test_the_last_tag_is_completed_and_the_rest_kept(bot: BotProcess, aoi: Person) -> None:
    offered = await aoi.is_offered("imagine", "tags", "1girl, (silver hair:1.2), cherry bl")
    assert values(offered)[0] == "1girl, (silver hair:1.2), cherry blossoms"
    assert "hatsune miku, vocaloid" in values(await aoi.is_offered("imagine", "tags", "hatsne mi"))
    assert values(await aoi.is_offered("imagine", "negative", "hat, sole_fem")) == ["hat, solo"]
    assert values(await aoi.is_offered("imagine", "series", "vocal")) == ["vocaloid"]
    long = "1girl, " * 20
    assert await aoi.is_offered("imagine", "tags", long + "blue") == []


async def test_a_character_brings_its_series(bot: BotProcess, aoi: Person) -> None:
    assert values(await aoi.is_offered("imagine", "character", "hatsune"))[0] == "hatsune miku"
    message = await drawn(aoi, "smile", character="hatsune miku")
    assert "hatsune miku, vocaloid" in prompt(message)
    own = await drawn(aoi, "smile", character="hatsune miku", series="project sekai")
    assert "vocaloid" not in prompt(own)


async def test_what_may_not_be_drawn_here_is_not_offered(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person
) -> None:
    (tmp_path / "data").mkdir()
    listed = "nude,0,9000000,\nnude_filter,0,5,\nnight,0,8000000,\n"
    (tmp_path / "data" / "tags.csv").write_text(listed, encoding="utf-8")
    async with BotProcess(server, tmp_path, {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint)}):
        offered = values(await aoi.is_offered("imagine", "tags", "n"))
    assert "night" in offered
    assert "nude" not in offered


async def test_tags_are_searched_browsed_and_picked_by_chance(bot: BotProcess, aoi: Person) -> None:
    found = (await aoi.use("tags search", text="nekomimi"))["message"]
    assert found["flags"] & EPHEMERAL
    assert "cat ears" in found["content"]
    assert "`" in (await aoi.use("tags random"))["message"]["content"]
    guide = (await aoi.use("tags guide"))["message"]
    await aoi.choose(guide, "tag-groups:", "Hair colour")
    shown = await aoi.waits_for(lambda it: it["id"] == guide["id"] and "Hair colour" in it["content"])
    assert "blonde hair" in shown["content"]


async def test_a_surprise_is_a_picture(bot: BotProcess, aoi: Person) -> None:
    message = await aoi.waits_for_picture(await aoi.use("surprise"))
    assert prompt(message).count(",") > 8
