"""The bot with several devices, and with an engine on Ray: people get their pictures, operators see who draws."""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Person
from tests.end_to_end.results import drawn
from tests.generation.engine.replicas import replica_pids

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

READY = "draws 0 of 1 at once"


async def status(person: Person) -> str:
    return str((await person.use("model status"))["message"]["content"])


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose name leaves room for those of Ray's sockets."""
    with TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def ray_node(environment: dict[str, str], *arguments: str) -> AsyncIterator[Process]:
    """A host of a cluster, as `ray start` makes it, somewhere where the bot's code isn't."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1", "--node-ip-address=127.0.0.1",
        f"--dashboard-agent-listen-port={free_port()}", *arguments,
        cwd="/", env={**os.environ, **environment}, stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def raylet_of(node: Process) -> int:
    """The process by which a host belongs to its cluster: all of Ray on that host ends with it."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (folder / "stat").exists():
            name, _, rest = (folder / "stat").read_text(encoding="utf-8").rpartition(")")
            if name.endswith("(raylet") and int(rest.split()[1]) == node.pid:
                return int(folder.name)
    raise AssertionError("the node has no raylet")


async def test_two_devices_draw_and_are_told_of(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, mika: Person
) -> None:
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_MODEL__DEVICE": json.dumps(["cpu", "cuda:7", "cpu"]),
        "ANIM4GINE_DRAWING__MAX_BATCH_SLOTS": "1",
    }
    async with BotProcess(server, tmp_path, settings) as bot:
        await drawn(mika, "1girl", steps=1)
        while (await status(mika)).count(READY) < 2:
            assert bot.returncode is None, bot.log
            await asyncio.sleep(0.2)
        told = (await status(mika)).splitlines()
    assert told[1:] == [
        f"`cpu #1`: {READY}",
        "`cuda:7`: failed; the log has the cause",
        f"`cpu #2`: {READY}",
    ]


async def test_replicas_draw_and_a_stop_ends_them_and_the_bot(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, mika: Person
) -> None:
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_DRAWING__ENGINE": "ray",
        "ANIM4GINE_DRAWING__MAX_BATCH_SLOTS": "1",
        "ANIM4GINE_RAY__GPUS_PER_REPLICA": "0",
        "ANIM4GINE_RAY__APPLICATION": "end-to-end",
    }
    async with BotProcess(server, tmp_path, settings) as bot:
        while "is ready" not in await status(mika):
            assert bot.returncode is None, bot.log
            await asyncio.sleep(0.2)
        await drawn(mika, "1girl", steps=1)
        assert await bot.end(signal.SIGTERM) == 0


async def test_a_cluster_of_two_hosts_draws_on_when_one_of_them_dies_and_is_left_without_replicas(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, short_folder: Path, mika: Person
) -> None:
    """A bot that was killed before left replicas behind; and one always waits for room that there never is."""
    secret = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    head, application = f"127.0.0.1:{free_port()}", f"hosts-{os.getpid()}"
    settings = {
        **secret,
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_DRAWING__ENGINE": "ray",
        "ANIM4GINE_DRAWING__MAX_BATCH_SLOTS": "1",
        "ANIM4GINE_RAY__ADDRESS": head,
        "ANIM4GINE_RAY__GPUS_PER_REPLICA": "0",
        "ANIM4GINE_RAY__APPLICATION": application,
        "ANIM4GINE_RAY__MIN_REPLICAS": "3",
        "ANIM4GINE_RAY__MAX_REPLICAS": "3",
    }
    async with (
        ray_node(
            secret, "--head", f"--port={head.partition(':')[2]}", "--include-dashboard=false",
            f"--ray-client-server-port={free_port()}", f"--temp-dir={short_folder}",
        ),
        ray_node(secret, f"--address={head}") as worker,
    ):  # fmt: skip
        async with BotProcess(server, tmp_path, settings) as bot:
            while len(left_behind := replica_pids(application)) < 2:
                await asyncio.sleep(0.2)
            await bot.kill()
        async with BotProcess(server, tmp_path, settings) as bot:
            while (await status(mika)).count(READY) < 2:
                assert bot.returncode is None, bot.log
                await asyncio.sleep(0.2)
            assert not {*left_behind} & {*replica_pids(application)}
            asked = [await mika.use("imagine", tags="1girl", steps=6, seed=seed) for seed in range(3)]
            os.kill(raylet_of(worker), signal.SIGKILL)
            for answer in asked:
                assert len((await mika.waits_for_picture(answer))["attachments"]) == 1
            assert replica_pids(application)
            assert await bot.end(signal.SIGTERM) == 0
        while replica_pids(application):
            await asyncio.sleep(0.2)
