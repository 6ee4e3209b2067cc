"""A guessing game from its start to the board: secret while it runs, through a kill, exactly once."""

import asyncio
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Message, Person
from tests.end_to_end.quick_profile import QUICK


class Ledger:
    """The bot's own database, to know what nobody is told, and to let time pass."""

    def __init__(self, folder: Path) -> None:
        [self._file] = (folder / "data").glob("*.db")

    def ask(self, query: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self._file, timeout=20)) as connection, connection:
            return connection.execute(query, values).fetchall()

    def tags(self) -> list[str]:
        """The hidden tags of the newest game."""
        [(secret,), *_] = self.ask("SELECT secret FROM guessing_games ORDER BY created_at DESC")
        return [tag["name"] for tag in json.loads(secret)["tags"]]

    def hasten(self, kind: str, step: int | None = None) -> None:
        """Let what is due of a kind be due now."""
        self.ask(
            "UPDATE deadlines SET due_at = '2026-01-01 00:00:00.000000' "
            "WHERE kind = ? AND coalesce(?, step) = step AND done_at IS NULL",
            kind,
            step,
        )


@pytest.fixture
async def bot(server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """The bot, which draws in two steps."""
    settings = {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint), **QUICK}
    async with BotProcess(server, tmp_path, settings) as process:
        await draws(process)
        yield process


async def draws(process: BotProcess, starts: int = 1) -> None:
    """Wait until the model is there, after so many starts; a busy machine takes its time."""
    async with asyncio.timeout(180):
        while process.log.count("is ready on") < starts:
            await asyncio.sleep(0.1)


def is_game(message: Message) -> bool:
    return bool(message["attachments"]) and "Guess the tags" in str(message["embeds"])


def tags_told(messages: list[Message], tags: list[str]) -> list[str]:
    """The tags that stand as words in what the messages say, or in the names and descriptions of their files."""
    told = json.dumps(
        [
            (
                it["content"],
                it["embeds"],
                [(file["filename"], file.get("description")) for file in it["attachments"]],
            )
            for it in messages
        ],
        ensure_ascii=False,
    )
    return [tag for tag in tags if re.search(rf"(?<!\w){re.escape(tag)}(?!\w)", told, re.IGNORECASE)]


async def guesses(person: Person, game: Message, text: str) -> dict[str, Any]:
    form = (await person.press(game, "Guess"))["modal"]
    return await person.submit(form, guesses=text)


async def text_of(person: Person, *, containing: str) -> str:
    message = await person.waits_for(lambda it: containing in it["content"])
    return str(message["content"])


async def test_a_game_keeps_its_secret_lives_through_a_kill_and_ends_once(
    bot: BotProcess, server: SandboxServer, aoi: Person, ren: Person, mika: Person, tmp_path: Path
) -> None:
    started = await aoi.use("guess start", tags=3, minutes=30)  # no hint falls due by itself
    game = await ren.waits_for(is_game)
    ledger = Ledger(tmp_path)
    tags = ledger.tags()
    assert len(tags) == 3
    assert "3 hidden tags" in (await text_of(ren, containing="starts a guessing game"))
    assert started["message"]

    # Nothing that is posted betrays a tag, nor does anything that the starter may look at.
    [file] = game["attachments"]
    content = await ren.download(file)
    picture = Image.open(io.BytesIO(content))
    assert file["filename"] == "guess.webp"
    assert (picture.format, dict(picture.getexif())) == ("WEBP", {})
    assert not {"exif", "xmp", "comment"} & picture.info.keys()
    assert ", ".join(tags).encode() not in content
    assert tags_told(await ren.messages(), tags) == []
    await aoi.use("history")
    page = await aoi.waits_for(lambda it: "being guessed" in it["content"])
    assert not page["attachments"]
    assert "being guessed" in (await aoi.use("preset save", name="mine"))["message"]["content"]
    await aoi.use("privacy export")
    exported = await aoi.waits_for(
        lambda it: any(it["filename"] == "your-data.zip" for it in it["attachments"])
    )
    with zipfile.ZipFile(io.BytesIO(await aoi.download(exported["attachments"][0]))) as archive:
        assert archive.namelist() == ["jobs.json", "kept.json"]
        assert json.loads(archive.read("jobs.json")) == []
        kept = archive.read("kept.json").decode()
        assert not any(f'"{tag}"' in kept for tag in tags)

    refused = await ren.use("guess start")
    assert refused["callback_type"] == 5
    await text_of(ren, containing="A guessing game is on in this channel")

    # Guesses: wrong, with a typing error, a second time, from the message's menu.
    answer = await guesses(ren, game, "xyzzy, qwerty")
    assert "Not among the hidden tags" in answer["message"]["content"]
    assert answer["message"]["flags"] & 64
    typo = tags[0][:-1] + ("q" if len(tags[0]) > 4 else tags[0][-1])
    found = await guesses(ren, game, typo)
    assert f"found **{tags[0]}**" in found["message"]["content"]
    assert not found["message"]["flags"] & 64
    assert "was found before" in (await guesses(aoi, game, tags[0]))["message"]["content"]
    assert "guessed this before" in (await guesses(ren, game, typo))["message"]["content"]
    form = (await aoi.chooses_from_menu_of(game, "Guess the tags"))["modal"]

    # The bot is killed in the middle; the form that is open and the buttons go on after it.
    await bot.kill()
    async with BotProcess(server, tmp_path, bot.environment) as again:
        found = await aoi.submit(form, guesses=tags[1].upper().replace(" ", "_"))
        assert f"found **{tags[1]}**" in found["message"]["content"]
        # It was away when two hints were due, and is back at the time of the third: one is enough.
        began = datetime.now(UTC) - timedelta(minutes=24)
        ledger.ask("UPDATE guessing_games SET begun_at = ?", began.strftime("%Y-%m-%d %H:%M:%S.%f"))
        ledger.hasten("guess-hint")
        await text_of(ren, containing="The last hint")
        # Hammering counts once.
        form = (await ren.press(game, "Guess"))["modal"]
        told = await asyncio.gather(*(ren.submit(form, guesses=tags[2]) for _ in range(8)))
        texts = [each["message"]["content"] for each in told]
        assert sum("That was the last one!" in text for text in texts) == 1
        board = await ren.waits_for(lambda it: "All tags are found!" in str(it["embeds"]))
        description = board["embeds"][0]["description"]
        assert all(tag in description for tag in tags)
        shown = await ren.waits_for(lambda it: any(a["filename"].endswith(".png") for a in it["attachments"]))
        labels = {button.get("label") for row in shown["components"] for button in row["components"]}
        assert {"Again", "Info", "Report"} <= labels
        assert "Enter" not in labels
        over = await ren.waits_for(lambda it: it["id"] == game["id"] and not it["components"])
        assert not over["attachments"]
        assert "being guessed" not in str(await aoi.use("history"))
        leaders = (await ren.use("leaderboard"))["message"]["embeds"][0]["description"]
        assert leaders.index(ren.id) < leaders.index(aoi.id)
        await asyncio.sleep(5)  # nothing comes twice
        everything = await ren.messages()
        assert sum("All tags are found!" in str(it["embeds"]) for it in everything) == 1
        assert sum("💡" in it["content"] for it in everything) == 1

        await draws(again, starts=2)
        # A game that a moderator ends, in a season of their own; and what a person deletes is gone.
        await mika.use("season start", name="Winter cup")
        await aoi.use("guess start", tags=3, minutes=5)
        second = await ren.waits_for(lambda it: is_game(it) and it["id"] != game["id"])
        await guesses(aoi, second, ledger.tags()[0])
        await guesses(ren, second, "xyzzy")
        await mika.use("referee guessing", reason="bedtime")
        await ren.waits_for(lambda it: "Time is up!" in str(it["embeds"]))
        assert "bedtime" in (await mika.use("audit"))["message"]["content"]
        now = (await aoi.use("leaderboard"))["message"]["embeds"][0]
        assert "Winter cup" in now["title"]
        assert aoi.id in now["description"]
        [before, *_] = await aoi.is_offered("leaderboard", "season", "Q")
        deletion = (await aoi.use("privacy delete"))["message"]
        await aoi.press(deletion, "Remove everything")
        await aoi.waits_for(lambda it: it["content"].startswith("Done"))
        left = (await ren.use("leaderboard", season=before["value"]))["message"]["embeds"][0]["description"]
        assert aoi.id not in left
        assert ren.id in left
    assert [it for it in server.statistics.refusals if it.status >= 400] == []


async def test_a_game_without_a_picture_frees_its_channel(
    bot: BotProcess, server: SandboxServer, aoi: Person, ren: Person, tmp_path: Path
) -> None:
    await aoi.use("guess start", channel="night-gallery", rating="explicit")
    await aoi.waits_for(lambda it: "explicit" in it["content"], "night-gallery")
    # It was refused, so nothing is on; a game that waits for its picture is given up in time.
    await ren.use("guess start", channel="night-gallery")
    await ren.waits_for(lambda it: "starts a guessing game" in it["content"], "night-gallery")
    ledger = Ledger(tmp_path)
    ledger.hasten("guess-drawn")
    ended = await ren.waits_for(
        lambda it: "so there is none" in it["content"] or is_game(it), "night-gallery"
    )
    assert ended
