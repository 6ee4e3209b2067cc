"""Pictures that people bring: drawn over, drawn in part, read; and files that are not what they seem."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Person
from tests.end_to_end.results import EPHEMERAL, answered, drawn, facts, seeds


def picture(size: tuple[int, int] = (600, 400), kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(content, kind, **options)
    return content.getvalue()


def half_transparent() -> bytes:
    image = Image.new("RGBA", (512, 512), "red")
    image.paste((0, 0, 0, 0), (0, 0, 256, 512))
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def animated() -> bytes:
    content = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])
    return content.getvalue()


async def test_a_picture_is_drawn_over_in_the_shape_that_is_nearest_to_its_own(
    bot: BotProcess, aoi: Person
) -> None:
    image = await aoi.uploads(picture())
    answer = await aoi.use("remix", tags="1girl, night", image=image, strength=0.1, seed=7)
    message = await aoi.waits_for_picture(answer)
    assert facts(message)["Size"] == "1216 × 832"
    drawn_over = Image.open(io.BytesIO(await aoi.download(message["attachments"][0]))).convert("L")
    top, bottom = drawn_over.crop((0, 0, 1216, 200)), drawn_over.crop((0, 632, 1216, 832))
    brightness = [np.asarray(part).mean() for part in (top, bottom)]
    assert brightness[0] < brightness[1], "the gradient of what was drawn over is gone"


@pytest.mark.parametrize("way", ["mask", "transparent"])
async def test_a_part_of_a_picture_is_drawn_anew(bot: BotProcess, aoi: Person, way: str) -> None:
    files: dict[str, Any] = {"image": await aoi.uploads(half_transparent())}
    if way == "mask":
        mask = Image.new("L", (64, 64))
        mask.paste(255, (0, 0, 32, 64))
        content = io.BytesIO()
        mask.save(content, "PNG")
        files["mask"] = await aoi.uploads(content.getvalue())
        files["image"] = await aoi.uploads(picture((512, 512)))
    message = await aoi.waits_for_picture(await aoi.use("inpaint", tags="1girl", strength=0.3, **files))
    assert facts(message)["Size"] == "1024 × 1024"


@pytest.mark.parametrize(
    ("content", "kind", "told"),
    [
        (b"<html>no picture</html>", "image/png", "no picture, or a broken one"),
        (picture()[:500], "image/png", "no picture, or a broken one"),
        (picture(), "text/plain", "no picture, or a broken one"),
        (animated(), "image/gif", "moves"),
        (picture((16, 16)), "image/png", "too small"),
        (picture((12_000, 6_000), "WEBP"), "image/webp", "too many pixels"),
    ],
    ids=["html", "cut off", "text", "animated", "tiny", "bomb"],
)
async def test_a_file_that_cannot_be_drawn_over_is_told_to_its_owner_alone(
    bot: BotProcess, aoi: Person, content: bytes, kind: str, told: str
) -> None:
    await aoi.use("remix", tags="1girl", image=await aoi.uploads(content, "picture.png", kind))
    message = await aoi.waits_for(lambda it: told in it["content"])
    assert message["flags"] & EPHEMERAL
    assert len(await aoi.messages()) == 1


async def test_a_picture_that_lies_on_its_side_is_turned_upright(bot: BotProcess, aoi: Person) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = await aoi.uploads(picture((900, 600), "JPEG", exif=exif), "photo.jpg", "image/jpeg")
    message = await aoi.waits_for_picture(await aoi.use("remix", tags="1girl", image=image, strength=0.1))
    assert facts(message)["Size"] == "832 × 1216"


async def test_a_messages_menu_remixes_reads_and_keeps_its_picture(bot: BotProcess, aoi: Person) -> None:
    first = await drawn(aoi, seed=7)
    form = (await aoi.chooses_from_menu_of(first, "Remix this"))["modal"]
    remixed = await aoi.waits_for_picture(await aoi.submit(form, tags="1girl, red hair", strength="0.2"))
    assert seeds(remixed) != [7]
    read = await answered(aoi, await aoi.chooses_from_menu_of(first, "Read parameters"))
    assert "silver hair" in read["content"]
    assert read["flags"] & EPHEMERAL
    await answered(aoi, await aoi.chooses_from_menu_of(first, "Use as reference"))
    again = await aoi.waits_for_picture(await aoi.use("remix", tags="1girl", strength=0.1))
    assert len(again["attachments"]) == 1


async def test_without_a_picture_or_with_one_that_says_nothing_the_next_step_is_told(
    bot: BotProcess, aoi: Person, ren: Person, server: SandboxServer
) -> None:
    await ren.use("remix", tags="1girl")
    told = await ren.waits_for(lambda it: "Use as reference" in it["content"])
    assert told["flags"] & EPHEMERAL
    private = await aoi.use("history")
    refused = await aoi.chooses_from_menu_of(await answered(aoi, private), "Read parameters")
    assert "no picture to work with" in refused["message"]["content"]
    assert server.statistics.refusals == []
