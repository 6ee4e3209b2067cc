"""The buttons and menus under pictures, as people use them; also after a restart, and by the wrong people."""

import io
from pathlib import Path

from PIL import Image

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.forger import Forger, press
from tests.end_to_end.person import Message, Person
from tests.end_to_end.results import EPHEMERAL, answered, answers, drawn, facts, labels, prompt, seeds


async def says(person: Person, message_id: str, text: str) -> None:
    """Wait until a message says so."""
    await person.waits_for(lambda it: it["id"] == message_id and text in it["content"])


async def size_of(person: Person, message: Message) -> tuple[int, int]:
    (attachment,) = message["attachments"]
    return Image.open(io.BytesIO(await person.download(attachment))).size


async def test_again_draws_the_same_with_another_seed_for_whoever_presses(
    bot: BotProcess, aoi: Person, ren: Person
) -> None:
    first = await drawn(aoi, seed=7, aspect="landscape")
    again = await ren.waits_for_picture(await ren.press(first, "Again"))
    assert again["id"] != first["id"]
    assert seeds(again) != [7]
    assert (prompt(again), facts(again)["Size"]) == (prompt(first), facts(first)["Size"])
    page = await answered(ren, await ren.use("history"))
    assert seeds(page) == seeds(again)


async def test_variations_start_from_the_picture_and_enlargements_are_larger(
    bot: BotProcess, aoi: Person
) -> None:
    first = await drawn(aoi, seed=7, steps=4)
    for label in ("Vary a little", "Vary a lot"):
        varied = await aoi.waits_for_picture(await aoi.press(first, label))
        assert (prompt(varied), seeds(varied) == [7]) == (prompt(first), False)
    larger = await aoi.waits_for_picture(await aoi.press(first, "Enlarge ×1.5"))
    assert seeds(larger) == [7]
    assert await size_of(aoi, larger) == (1248, 1824)
    assert "Enlarge ×2" in labels(first)
    assert "Enlarge ×2" not in labels(larger)


async def test_a_form_changes_texts_numbers_shape_and_rating(bot: BotProcess, aoi: Person) -> None:
    place = "night-gallery"
    first = await drawn(aoi, channel=place, seed=7, negative="hat")
    opened = await aoi.press(first, "Edit")
    form = opened["modal"]
    changed = await aoi.submit(
        form, place, tags="1girl, red hair", numbers="99, 5.5", aspect="square", rating="sensitive"
    )
    message = await aoi.waits_for_picture(changed, place)
    shown = facts(message)
    assert "red hair" in prompt(message)
    assert "silver hair" not in prompt(message)
    assert (seeds(message), shown["Guidance"], shown["Size"]) == ([99], "5.5", "1024 × 1024")
    assert (shown["Rating"], "hat" in shown["Your negative"]) == ("sensitive", True)
    same = await aoi.waits_for_picture(await aoi.submit(form, place), place)
    assert (prompt(same), seeds(same)) == (prompt(first), [7])


async def test_what_a_form_cannot_mean_is_told_to_the_one_who_sent_it(bot: BotProcess, aoi: Person) -> None:
    form = (await aoi.press(await drawn(aoi), "Edit"))["modal"]
    await aoi.submit(form, numbers="many, few")
    refused = await aoi.waits_for(lambda it: "many, few" in it["content"])
    assert refused["flags"] & EPHEMERAL


async def test_of_several_pictures_each_has_a_card_of_its_own(bot: BotProcess, aoi: Person) -> None:
    batch = await drawn(aoi, seed=7, count=3)
    assert labels(batch)[:3] == ["Picture 1", "Picture 2", "Picture 3"]
    card = await answered(aoi, await aoi.press(batch, "Picture 2"))
    assert card["flags"] & EPHEMERAL
    assert seeds(card) == [8]
    larger = await aoi.waits_for_picture(await aoi.press(card, "Enlarge ×1.5"))
    assert seeds(larger) == [8]
    assert not larger["flags"] & EPHEMERAL


async def test_one_tag_is_varied_in_a_labelled_grid(bot: BotProcess, aoi: Person) -> None:
    first = await drawn(aoi, seed=7)
    grid = await aoi.waits_for_picture(await aoi.choose(first, "tags:", "silver hair"))
    assert facts(grid)["Seed"] == "`7`"
    width, height = await size_of(aoi, grid)
    assert width > height
    card = await answered(aoi, await aoi.press(grid, "Picture 2"))
    assert "silver hair" not in prompt(card)
    assert "night" in prompt(card)


async def test_info_tells_every_parameter_to_the_presser_alone_and_image_finds_it_again(
    bot: BotProcess, aoi: Person, ren: Person
) -> None:
    first = await drawn(aoi, seed=7)
    info = (await ren.press(first, "Info"))["message"]
    assert info["flags"] & EPHEMERAL
    assert "Seed: 7" in info["content"]
    picture_id = info["content"].split("`")[-4]
    found = await answered(ren, await ren.use("image", id=picture_id))
    assert seeds(found) == [7]


async def test_saved_pictures_are_favourites_until_they_are_let_go(
    bot: BotProcess, aoi: Person, ren: Person
) -> None:
    first = await drawn(aoi, seed=7, count=2)
    card = await answered(ren, await ren.press(first, "Picture 2"))
    await ren.press(card, "Save")
    page = await answered(ren, await ren.use("favourites"))
    assert seeds(page) == [8]
    await ren.press(page, "Let go")
    empty = await answered(ren, await ren.use("favourites"))
    assert "haven't saved" in empty["content"]


async def test_only_the_asker_and_moderators_delete_and_then_it_is_gone_everywhere(
    bot: BotProcess, aoi: Person, ren: Person, mika: Person, tmp_path: Path
) -> None:
    first, second = await drawn(aoi, seed=7), await drawn(aoi, seed=8)
    refused = await ren.press(first, "Delete")
    assert "Only the person who asked" in refused["message"]["content"]
    for person, message in ((aoi, first), (mika, second)):
        asked = (await person.press(message, "Delete"))["message"]
        await person.press(asked, "Delete for good")
        await says(person, asked["id"], "Removed")
        assert message["id"] not in [it["id"] for it in await aoi.messages()]
    assert list((tmp_path / "data" / "images").rglob("*.png")) == []
    assert "haven't drawn" in (await answered(aoi, await aoi.use("history")))["content"]


async def test_a_picture_that_was_removed_since_is_told(bot: BotProcess, aoi: Person, ren: Person) -> None:
    first = await drawn(aoi, seed=7, count=2)
    card = await answered(ren, await ren.press(first, "Picture 1"))
    asked = (await aoi.press(first, "Delete"))["message"]
    await aoi.press(asked, "Delete for good")
    await says(aoi, asked["id"], "Removed")
    told = (await ren.press(card, "Again"))["message"]
    assert "don't know this picture" in told["content"]
    assert told["flags"] & EPHEMERAL


async def test_buttons_and_open_forms_work_after_a_restart(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person
) -> None:
    settings = {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint)}
    async with BotProcess(server, tmp_path, settings):
        first = await drawn(aoi, seed=7)
        form = (await aoi.press(first, "Edit"))["modal"]
    async with BotProcess(server, tmp_path, settings):
        again = await aoi.waits_for_picture(await aoi.press(first, "Again"))
        edited = await aoi.waits_for_picture(await aoi.submit(form, numbers="11, 5"))
    assert len(again["attachments"]) == 1
    assert seeds(edited) == [11]


async def test_no_button_shows_a_rating_where_it_may_not_be_shown(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person
) -> None:
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_POLICY__AGE_RESTRICTED_CEILING": "nsfw",
    }
    async with BotProcess(server, tmp_path, settings):
        answer = await aoi.use("imagine", "night-gallery", tags="1girl", rating="nsfw", steps=2, seed=7)
        shown = await aoi.waits_for_picture(answer, "night-gallery")
        info = (await aoi.press(shown, "Info"))["message"]
        picture_id = info["content"].split("`")[-4]
        await drawn(aoi, seed=8)
        assert "isn't allowed" in (await aoi.use("image", id=picture_id))["message"]["content"]
        page = await answered(aoi, await aoi.use("history"))
        page = await answered(aoi, {"message": page})
        await aoi.press(page, "◀ Older")
        hidden = await aoi.waits_for(lambda it: it["id"] == page["id"] and "1 of 2" in it["content"])
        assert hidden["attachments"] == []
        assert "isn't allowed" in hidden["content"]
        # The channel's mark may go while pictures from before stand in it.
        channel = server.world.channels[await aoi.channel_id("night-gallery")]
        channel.is_nsfw = False
        server.show_channel(channel)
        for label in ("Again", "Vary a little", "Edit", "Info", "Save"):
            refused = await aoi.press(shown, label)
            assert "isn't allowed in this channel" in refused["message"]["content"]


async def test_ids_that_nobody_gave_out_do_nothing(
    server: SandboxServer, bot: BotProcess, aoi: Person, ren: Person
) -> None:
    first = await drawn(aoi, seed=7)
    own = first["components"][0]["components"][0]["custom_id"]
    forged = (
        own.replace("again", "delete-surely"),
        own.replace("again", "nonsense"),
        own[:-1] + "9",
        "picture:x",
    )
    for custom_id in forged:
        answer = await Forger(server, "Ren").sends(press(custom_id, first, is_there=False))
        assert answer is not None
        assert "doesn't work any more" in answer["message"]["content"]
    assert [it["id"] for it in await answers(aoi)] == [first["id"]]
