"""The doctor looks at the real things, and says of each what to do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from generation.model_source import ModelSource
from sandbox import SandboxServer
from storage.database import Database
from terminal import doctor
from terminal.doctor import Finding, Health
from tests.test_command_line import start


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    sandbox = SandboxServer(port=0)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def found(examination: doctor.Examination) -> dict[str, Finding]:
    return {finding.subject: finding async for finding in doctor.examine(examination)}


async def test_a_model_that_is_there_fits_and_one_that_is_not_is_named(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    findings = await found(doctor.model(ModelSource(source=str(tiny_checkpoint), device="cpu")))
    assert findings["model"].health is Health.OK
    absent = await found(doctor.model(ModelSource(source=str(tmp_path / "absent.safetensors"), device="cpu")))
    assert absent["model"].health is Health.BROKEN
    assert "absent.safetensors" in absent["model"].told


async def test_a_device_that_is_not_there_is_told() -> None:
    findings = await found(doctor.torch_for(ModelSource(source="x", device="cuda:7")))
    assert findings["torch"].health is Health.BROKEN


async def test_a_database_is_looked_at_and_not_made(tmp_path: Path) -> None:
    database_url = f"sqlite+aiosqlite:///{tmp_path / 'there.db'}"
    database = Database(database_url)
    await database.start()
    await database.stop()
    assert (await found(doctor.database(database_url)))["database"].health is Health.OK
    absent = tmp_path / "absent.db"
    findings = await found(doctor.database(f"sqlite+aiosqlite:///{absent}"))
    assert "will be made" in findings["database"].told
    assert not absent.exists()
    lost = await found(doctor.database("postgresql+asyncpg://me:secret@127.0.0.1:1/nothing"))
    assert lost["database"].health is Health.BROKEN
    assert "secret" not in lost["database"].told


async def test_the_command_looks_at_all_and_ends_with_1_where_something_is_broken(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    settings = {
        "ANIM4GINE_DISCORD__API_BASE": server.api_base,
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_PATHS__DATA": str(tmp_path),
    }
    good, bad = await asyncio.gather(
        asyncio.to_thread(start, "doctor", DISCORD_TOKEN="a-good-one", **settings),
        asyncio.to_thread(start, "doctor", DISCORD_TOKEN="invalid-one", **settings),
    )
    assert good.returncode == 0, good.stderr
    for line in (
        "ok    Python",
        "ok    model",
        "ok    token",
        "ok    clock",
        "look  commands",
        "database",
        "disk",
    ):
        assert line in good.stdout
    assert bad.returncode == 1
    assert "BAD   token       Discord refuses it" in bad.stdout
    assert "invalid-one" not in bad.stdout + bad.stderr
