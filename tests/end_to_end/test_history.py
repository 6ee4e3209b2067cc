"""`/history`: people look through their own pictures, in the sandbox."""

from pathlib import Path

from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Message, Person

EPHEMERAL = 64


async def draws(person: Person, seed: int, count: int = 1) -> Message:
    answer = await person.use("imagine", tags="1girl", steps=1, seed=seed, count=count)
    return await person.waits_for_picture(answer)


async def opens_history(person: Person) -> Message:
    answer = await person.use("history")
    return await person.waits_for(
        lambda it: (
            it["id"] == answer["message"]["id"] and "thinking" not in it["content"] and it["content"] != ""
        )
    )


async def turns(person: Person, page: Message, label: str, heading: str) -> Message:
    await person.press(page, label)
    return await person.waits_for(lambda it: it["id"] == page["id"] and f"Page {heading}" in it["content"])


def seeds_of(page: Message) -> list[int]:
    return [int(file["filename"].removesuffix(".png").rsplit("-", 1)[1]) for file in page["attachments"]]


async def test_a_person_looks_back_page_by_page_and_sees_nothing_of_others(
    bot: BotProcess, aoi: Person, ren: Person
) -> None:
    await draws(aoi, 1)
    await draws(ren, 2)
    await draws(aoi, 3, count=2)
    page = await opens_history(aoi)
    assert page["flags"] & EPHEMERAL
    assert "Page 2 of 2" in page["content"]
    assert seeds_of(page) == [3, 4]
    page = await turns(aoi, page, "◀ Older", "1 of 2")
    assert seeds_of(page) == [1]
    # A press on the button at the end, which the page shows as disabled, stays where it is.
    page = await turns(aoi, page, "◀ Older", "1 of 2")
    page = await turns(aoi, page, "Newer ▶", "2 of 2")
    assert seeds_of(page) == [3, 4]


async def test_whose_pictures_were_cleaned_away_still_sees_what_they_were_drawn_from(
    bot: BotProcess, aoi: Person, tmp_path: Path
) -> None:
    await draws(aoi, 77)
    for file in (tmp_path / "data" / "images").rglob("*.png"):
        file.unlink()
    page = await opens_history(aoi)
    assert "cleaned away" in page["content"]
    assert "77" in str(page["embeds"][0]["fields"])
    assert page["attachments"] == []


async def test_who_has_drawn_nothing_is_told_how_to_begin(bot: BotProcess, aoi: Person) -> None:
    page = await opens_history(aoi)
    assert "/imagine" in page["content"]
