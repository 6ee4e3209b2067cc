"""Settings read again: what counts as changed, what holds at once, what waits, and what a mistake does."""

import asyncio
import logging
import re
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cogs.errors import ReloadRefused
from generation.engine.engine import Engine
from generation.engine.local_engine import LocalEngine
from generation.errors import InvalidRequest
from generation.job_store import ForgetfulStore
from generation.moderation import Moderation
from settings.reading import SettingsReader, load_settings
from settings.settings import Settings
from storage.blocks import BlockStore
from storage.database import Database
from storage.picture_files import PictureFiles
from storage.upkeep import Upkeep
from tests.generation.services import AOI, HERE, finished, ready, request
from tests.tiny_classifier import build_tiny_classifier
from wiring import engine
from wiring.engine import build_engine
from wiring.reload import LIVE_KEYS, LIVE_SECTIONS, LiveParts, Reloader, changes, needs_other_engine, taken_on
from wiring.service import build_service, terms_of, utc_now


def settings(folder: Path, text: str = "") -> Settings:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


def test_every_changed_setting_is_told_with_its_values_and_whether_it_waits(tmp_path: Path) -> None:
    former = settings(
        tmp_path, '[limits]\nsteps = 50\n[limits.roles.7]\nweight = 2.0\n[paths]\ndata = "here"'
    )
    now = settings(tmp_path, '[limits]\nsteps = 30\n[policy]\nblocked = ["gun"]\n[paths]\ndata = "there"')
    found = {change.told: change.is_live for change in changes(former, now)}
    assert found == {
        'paths.data: "here" → "there"': False,
        "limits.steps: 50 → 30": True,
        "limits.roles.7.weight: 2.0 → –": True,
        'policy.blocked: [] → ["gun"]': True,
    }
    assert not list(changes(now, now))


def test_addresses_that_may_hold_a_password_are_not_repeated(tmp_path: Path) -> None:
    now = settings(tmp_path, '[database]\nurl = "postgresql+asyncpg://bot:hunter2@db/bot"')
    (change,) = changes(settings(tmp_path), now)
    assert (change.told, change.is_live) == ("database.url", False)


def test_what_waits_for_the_next_start_stays_and_is_told_again(tmp_path: Path) -> None:
    former = settings(tmp_path)
    now = settings(tmp_path, '[paths]\ndata = "there"\nwildcards = "lists"\n[watch]\nport = 9000\n[logging]\n'
                             'level = "DEBUG"\nformat = "json"')  # fmt: skip
    held = taken_on(former, now)
    assert (held.paths.data, held.paths.wildcards) == (Path("data"), Path("lists"))
    assert (held.watch.port, held.logging.level, held.logging.format) == (0, "DEBUG", "text")
    assert [change.told for change in changes(held, now)] == [
        'paths.data: "data" → "there"',
        'logging.format: "text" → "json"',
        "watch.port",
    ]


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ('[model]\nsource = "other/model"', True),
        ('[model]\ndevice = "cpu"', True),
        ("[drawing]\ncompile = true", True),
        ("[drawing]\nmax_batch_slots = 3", True),
        ('[model]\nprofile = "animagine-xl-4.0-opt"', False),
        ("[limits]\nprompt_tokens = 150", False),
        ('[policy]\nblocked = ["gun"]', False),
    ],
)
def test_only_what_the_model_is_made_of_loads_it_anew(tmp_path: Path, text: str, needs: bool) -> None:
    assert needs_other_engine(settings(tmp_path), settings(tmp_path, text)) is needs


def test_the_shipped_file_names_all_that_waits_for_the_next_start() -> None:
    shipped = (Path(__file__).parents[2] / "config.toml").read_text(encoding="utf-8").replace("\n# ", " ")
    sentence = re.search(r"stays in line; (.*?) wait for the next start\.", shipped)
    assert sentence is not None
    sections = {
        f"[{section}]" for section in Settings.model_fields if section not in {*LIVE_SECTIONS, *LIVE_KEYS}
    }
    keys = {
        f"{section}.{key}"
        for section, live in LIVE_KEYS.items()
        for key in type(getattr(Settings(), section)).model_fields
        if key not in live
    }
    assert set(re.split(r", | and ", sentence[1])) == sections | keys


class Bot:
    """The parts of a bot that a reload reaches, with a real engine, its settings in a file."""

    def __init__(self, folder: Path, checkpoint: Path) -> None:
        self.folder = folder
        self.checkpoint = checkpoint
        self.write()
        self._reader = SettingsReader(lambda: self.file)
        self.has_read, self.may_apply = threading.Event(), threading.Event()
        self.may_apply.set()
        settings = self._reader.read()
        database = Database(f"sqlite+aiosqlite:///{folder / 'jobs.db'}")
        self.blocks = BlockStore(database, attempts=3, block_for=timedelta(days=7))
        self.upkeep = Upkeep(
            database,
            PictureFiles(folder),
            keep_for=timedelta(days=1),
            keep_bytes=1,
            clock=utc_now,
        )
        moderation = Moderation()
        self.service = build_service(settings, ForgetfulStore(), utc_now, moderation=moderation)
        live = LiveParts(
            service=self.service,
            blocks=self.blocks,
            upkeep=self.upkeep,
            classifier=None,
            terms_of=lambda settings, classifier: terms_of(settings, classifier, utc_now, moderation),
            engine_of=self.engine_of,
        )
        self.may_load = threading.Event()
        self.may_load.set()
        self.reloader = Reloader(settings, self.read, live)

    def read(self) -> Settings:
        """Read the settings, and be slow with what has been read where somebody wants that."""
        settings = self._reader.read()
        self.has_read.set()
        self.may_apply.wait(60)
        return settings

    @property
    def file(self) -> Path:
        return self.folder / "config.toml"

    def engine_of(self, settings: Settings) -> Engine:
        """The engine of the settings, whose model is loaded once it `may_load`."""
        engine = build_engine(settings)
        assert isinstance(engine, LocalEngine)
        engine._inbox.put(self.may_load.wait)
        return engine

    async def reloads(self, *texts: str) -> None:
        """Reload with each text in the file, one after another while the first one's model is being loaded."""
        self.may_load.clear()
        for text in texts:
            self.file.write_text(text, encoding="utf-8")
            assert (await self.reloader.reload()).loads_model
        self.may_load.set()
        assert self.service._loading is not None
        await self.service._loading

    async def draws_as(self, text: str) -> None:
        """Assert that pictures come, and that the settings are those of `text`."""
        await finished(await self.service.submit(request(), AOI, HERE))
        self.file.write_text(text, encoding="utf-8")
        report = await self.reloader.reload()
        assert (report.holds, report.loads_model) == ([], False)

    def text(self, text: str = "", source: Path | None = None) -> str:
        return f'[model]\nsource = "{source or self.checkpoint}"\ndevice = "cpu"\n{text}'

    def write(self, text: str = "", source: Path | None = None) -> None:
        self.file.write_text(self.text(text, source), encoding="utf-8")


@pytest.fixture
async def bot(tmp_path: Path, tiny_checkpoint: Path) -> AsyncIterator[Bot]:
    bot = Bot(tmp_path, tiny_checkpoint)
    level = logging.getLogger().level
    bot.service.start()
    await ready(bot.service)
    yield bot
    await bot.service.stop()
    logging.getLogger().setLevel(level)


async def test_limits_policy_catalogues_and_the_logs_level_hold_at_once(bot: Bot) -> None:
    (bot.folder / "lists").mkdir()
    (bot.folder / "lists" / "sky.txt").write_text("night sky\n", encoding="utf-8")
    gatekeeper = bot.service.gatekeeper
    bot.write(
        f'[limits]\nsteps = 5\n[policy]\nblocked = ["gun"]\nattempts_before_block = 9\n[paths]\nwildcards = '
        f'"{bot.folder / "lists"}"\n[logging]\nlevel = "WARNING"\n[images]\nkeep_days = 2\n'
        '[loras.ink]\ntitle = "Ink wash"'
    )
    report = await bot.reloader.reload()
    assert not report.loads_model
    assert not report.waits
    assert len(report.holds) == 10
    with pytest.raises(InvalidRequest):
        await bot.service.submit(request(num_inference_steps=6), AOI, HERE)
    expansion = bot.service.gatekeeper.expansion
    assert bot.service.gatekeeper is not gatekeeper
    assert expansion.loras.entry("ink").title == "Ink wash"
    assert expansion.wildcards.names({}) == ["sky"]
    assert bot.blocks._attempts == 9
    assert bot.upkeep._keep_for == timedelta(days=2)
    assert logging.getLogger().level == logging.WARNING


async def test_a_broken_file_changes_nothing_and_says_where(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    terms = bot.service._terms
    for text, reason in (
        ("[limits]\nsteps = 0", "limits.steps = 0"),
        ("[limits\n", "not valid TOML"),
        ('[policy]\nclassifier = "nowhere"', "policy.classifier: there is no folder nowhere"),
    ):
        bot.write(text)
        with pytest.raises(ReloadRefused) as refused:
            await bot.reloader.reload()
        assert reason in refused.value.reason
        assert refused.value.reason in caplog.text
    bot.file.unlink()
    with pytest.raises(ReloadRefused, match="isn't any more"):
        await bot.reloader.reload()
    assert bot.service._terms is terms
    bot.write("[limits]\nsteps = 40")
    assert (await bot.reloader.reload()).holds == ["limits.steps: 50 → 40"]


async def test_an_engine_that_cannot_be_made_is_refused_before_anything_changes(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda _name: None)
    terms, before = bot.service._terms, bot.service._engine
    bot.write('[drawing]\nengine = "ray"\n[limits]\nsteps = 30')
    with pytest.raises(ReloadRefused) as refused:
        await bot.reloader.reload()
    assert "requirements-ray.txt" in refused.value.reason
    assert bot.service._terms is terms
    assert bot.service._engine is before
    bot.write("[limits]\nsteps = 30")
    assert (await bot.reloader.reload()).holds == ["limits.steps: 50 → 30"]


async def test_of_two_reloads_at_once_the_later_one_has_the_last_word(bot: Bot) -> None:
    bot.may_apply.clear()
    bot.write("[limits]\nsteps = 30")
    first = asyncio.create_task(bot.reloader.reload())
    await asyncio.to_thread(bot.has_read.wait, 60)
    slow, bot.may_apply = bot.may_apply, threading.Event()
    bot.may_apply.set()
    bot.write("[limits]\nsteps = 20")
    second = asyncio.create_task(bot.reloader.reload())
    await asyncio.wait({second}, timeout=0.5)  # it would be over, if it didn't wait for the first one
    slow.set()
    assert (await first).holds == ["limits.steps: 50 → 30"]
    assert (await second).holds == ["limits.steps: 30 → 20"]
    assert bot.service._terms.bounds.steps == 20


async def test_a_classifier_is_loaded_before_anything_changes_and_once(bot: Bot, tmp_path: Path) -> None:
    folder = build_tiny_classifier(tmp_path / "classifier", "general")
    text = f'[policy]\nclassifier = "{folder}"'
    bot.write(text)
    await bot.reloader.reload()
    classifier = bot.reloader._classifier
    assert classifier is not None
    bot.write(text + "\nblock_days = 3")
    await bot.reloader.reload()
    assert bot.reloader._classifier is classifier


async def test_a_model_that_cannot_be_loaded_leaves_the_former_one_and_the_jobs(bot: Bot) -> None:
    job = await bot.service.submit(request(num_inference_steps=40), AOI, HERE)
    bot.write(source=bot.folder / "nowhere")
    assert (await bot.reloader.reload()).loads_model
    later = await bot.service.submit(request(seed=8), AOI, HERE)
    await finished(job)
    await finished(later)
    # Until the file is mended it is told, and tried, each time.
    bot.write(source=bot.folder / "nowhere")
    assert (await bot.reloader.reload()).loads_model
    bot.write()
    await bot.reloader.reload()
    await finished(await bot.service.submit(request(seed=9), AOI, HERE))


async def test_of_two_models_the_newest_is_drawn_with_though_the_one_before_it_could_not_be_loaded(
    bot: Bot,
) -> None:
    bad, good = bot.text(source=bot.folder / "nowhere"), bot.text("[drawing]\nmax_batch_slots = 3")
    await bot.reloads(bad, good)
    await bot.draws_as(good)


async def test_of_two_models_the_first_goes_on_where_the_newest_cannot_be_loaded(bot: Bot) -> None:
    good, bad = bot.text("[drawing]\nmax_batch_slots = 3"), bot.text(source=bot.folder / "nowhere")
    await bot.reloads(good, bad)
    await bot.draws_as(good)


async def test_where_neither_of_two_models_can_be_loaded_the_one_that_was_there_goes_on(bot: Bot) -> None:
    job = await bot.service.submit(request(num_inference_steps=40), AOI, HERE)
    former = bot.file.read_text(encoding="utf-8")
    await bot.reloads(*(bot.text(source=bot.folder / name) for name in ("nowhere", "nor-here")))
    await finished(job)
    await bot.draws_as(former)


async def test_a_model_that_goes_on_keeps_the_length_that_its_pictures_repeat_with(bot: Bot) -> None:
    replays = "[drawing]\nexact_replay = true\n"
    former = bot.text(replays + "[limits]\nprompt_tokens = 150\nsteps = 20")
    await bot.reloads(former)
    longer = replays + "[limits]\nprompt_tokens = 300\nsteps = 20"
    await bot.reloads(bot.text(longer, source=bot.folder / "nowhere"))
    await bot.draws_as(former)
