"""`/privacy`: a person's data given to them and removed, in the sandbox."""

import io
import json
import zipfile
from pathlib import Path

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Message, Person

EPHEMERAL = 64


async def draws(person: Person, seed: int) -> bytes:
    message = await person.waits_for_picture(await person.use("imagine", tags="1girl", steps=1, seed=seed))
    return await person.download(message["attachments"][0])


async def exported(person: Person) -> zipfile.ZipFile:
    answer = await person.use("privacy export")

    def has_file(message: Message) -> bool:
        return message["id"] == answer["message"]["id"] and bool(message["attachments"])

    message = await person.waits_for(has_file)
    assert message["flags"] & EPHEMERAL
    return zipfile.ZipFile(io.BytesIO(await person.download(message["attachments"][0])))


async def test_a_person_gets_what_is_stored_of_them_and_nothing_of_others(
    bot: BotProcess, aoi: Person, ren: Person
) -> None:
    pictures = [await draws(aoi, 1), await draws(aoi, 2)]
    await draws(ren, 3)
    await aoi.use("defaults", negative="hat")
    await aoi.use("wildcard save", name="pet", entries="cat; dog")
    posted = await aoi.waits_for(lambda it: bool(it["attachments"]))
    await aoi.chooses_from_menu_of(posted, "Use as reference")
    await aoi.waits_for(lambda it: "/remix" in it["content"])
    archive = await exported(aoi)
    kept = json.loads(archive.read("kept.json"))
    assert kept["people"][0]["defaults"]["negative"] == "hat"
    assert kept["wildcards"][0]["entries"] == ["cat", "dog"]
    assert archive.read("reference.webp")[8:12] == b"WEBP"
    jobs = json.loads(archive.read("jobs.json"))
    assert [job["record"]["request"]["seed"] for job in jobs] == [1, 2]
    files = [archive.read(name) for name in archive.namelist() if name.endswith(".png")]
    assert sorted(files) == sorted(pictures)
    assert "token" not in archive.read("jobs.json").decode()


async def test_what_is_removed_is_gone_from_disk_and_others_keep_theirs(
    bot: BotProcess, aoi: Person, ren: Person, server: SandboxServer, tmp_path: Path
) -> None:
    await draws(aoi, 1)
    kept = await draws(ren, 2)
    asked = await aoi.use("privacy delete")
    assert asked["message"]["flags"] & EPHEMERAL
    await aoi.press(asked["message"], "Remove everything")
    done = await aoi.waits_for(lambda it: "are removed" in it["content"] or "is removed" in it["content"])
    assert "1 picture" in done["content"]
    assert not done["components"]
    assert [path.read_bytes() for path in (tmp_path / "data" / "images").rglob("*.png")] == [kept]
    archive = await exported(aoi)
    assert json.loads(archive.read("jobs.json")) == []
    assert archive.namelist() == ["jobs.json", "kept.json"]
    assert not any(json.loads(archive.read("kept.json")).values())
    assert len(json.loads((await exported(ren)).read("jobs.json"))) == 1
