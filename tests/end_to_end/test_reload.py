"""Settings changed while people draw: by `/reload` and by SIGHUP, with a mistake in them, and with another model."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from generation.tiny_checkpoint import build_tiny_checkpoint
from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Person


class Configured:
    """A bot whose settings are in a file that the test changes."""

    def __init__(self, file: Path, checkpoint: Path) -> None:
        self.file = file
        self.checkpoint = checkpoint
        self.process: BotProcess

    def write(self, text: str = "") -> None:
        model = f'[model]\nsource = "{self.checkpoint}"\n'
        self.file.write_text(model + text, encoding="utf-8")

    async def logs(self, text: str, times: int = 1) -> None:
        await until(lambda: self.process.log.count(text) >= times)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not is_so():
            await asyncio.sleep(0.05)


@pytest.fixture
async def configured(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path
) -> AsyncIterator[Configured]:
    bot = Configured(tmp_path / "config.toml", tiny_checkpoint)
    bot.write()
    async with BotProcess(server, tmp_path, {}, bot.file) as bot.process:
        await bot.process.model_is_ready()
        yield bot


async def test_a_reload_keeps_the_queue_and_its_limits_hold_for_the_next_request(
    configured: Configured, aoi: Person, mika: Person
) -> None:
    drawn = await aoi.use("imagine", tags="1girl", steps=20, seed=1)
    await aoi.waits_for(lambda it: "Drawing" in it["content"])
    waiting = await aoi.use("imagine", tags="1girl", steps=5, seed=2)
    configured.write('[limits]\nsteps = 10\n[paths]\ndata = "elsewhere"\n[policy]\nblocked = ["gun"]')
    answer = await mika.use("reload")
    told = (await mika.waits_for(lambda it: it["id"] == answer["message"]["id"] and bool(it["content"])))[
        "content"
    ]
    assert "limits.steps: 50 → 10" in told
    assert 'policy.blocked: [] → ["gun"]' in told
    assert "next start" not in told, "the environment names the data folder, and outranks the file"
    await aoi.use("imagine", tags="1girl", steps=11)
    await aoi.waits_for(lambda it: "it takes 1 – 10" in it["content"])
    await aoi.use("imagine", tags="1girl, gun")
    await aoi.waits_for(lambda it: "gun" in it["content"])
    await aoi.waits_for_picture(drawn)
    await aoi.waits_for_picture(waiting)


async def test_a_hangup_reloads_and_a_broken_file_changes_nothing_and_is_told(
    configured: Configured, aoi: Person, mika: Person
) -> None:
    configured.write("[limits]\nsteps = 0")
    os.kill(configured.process.pid, signal.SIGHUP)
    await configured.logs("changed nothing: " + str(configured.file) + ": limits.steps = 0")
    await mika.use("reload")
    message = await mika.waits_for(lambda it: "have a mistake" in it["content"])
    assert "limits.steps = 0" in message["content"]
    assert configured.process.log.count("changed nothing") == 2
    configured.write('[limits]\nsteps = 12\n[watch]\nhost = "127.0.0.2"')
    os.kill(configured.process.pid, signal.SIGHUP)
    await configured.logs("These hold now: limits.steps: 50 → 12. These wait for the next start: watch.host")
    await aoi.use("imagine", tags="1girl", steps=13)
    await aoi.waits_for(lambda it: "it takes 1 – 12" in it["content"])
    configured.write()
    os.kill(configured.process.pid, signal.SIGHUP)
    await configured.logs("limits.steps: 12 → 50")
    await aoi.waits_for_picture(await aoi.use("imagine", tags="1girl", steps=13))


async def test_another_model_comes_in_while_jobs_wait_and_run(
    configured: Configured, aoi: Person, mika: Person, tmp_path: Path
) -> None:
    configured.checkpoint = build_tiny_checkpoint(tmp_path / "other-model", seed=1)
    drawn = [await aoi.use("imagine", tags="1girl", steps=12, seed=seed) for seed in (1, 2)]
    await aoi.waits_for(lambda it: "Drawing" in it["content"])
    configured.write()
    answer = await mika.use("reload")
    told = await mika.waits_for(lambda it: it["id"] == answer["message"]["id"] and bool(it["content"]))
    assert "loading the model anew" in told["content"]
    for each in drawn:
        await aoi.waits_for_picture(each)
    assert f"The model {configured.checkpoint} is ready" in configured.process.log
