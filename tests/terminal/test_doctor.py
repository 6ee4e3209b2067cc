"""The doctor looks at the real things, and says of each what to do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from events.fonts import fonts_in
from generation.engine import placement
from generation.engine_options import EngineOptions
from generation.model_source import ModelSource
from sandbox import SandboxServer
from settings.sections import DrawingSettings, ModelSettings
from settings.settings import Settings
from storage.database import Database
from terminal import doctor
from terminal.doctor import Finding, Health
from tests.test_command_line import start
from wiring.checkup import examinations


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    sandbox = SandboxServer(port=0)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def found(examination: doctor.Examination) -> dict[str, Finding]:
    return {finding.subject: finding async for finding in doctor.examine({"it": examination})}


def tiny(checkpoint: Path) -> ModelSource:
    return ModelSource(source=str(checkpoint), device="cpu")


async def test_a_model_that_is_there_fits_and_one_that_is_not_is_named(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    assert (await found(doctor.model(tiny(tiny_checkpoint))))["model"].health is Health.OK
    memory = (await found(doctor.memory(tiny(tiny_checkpoint), EngineOptions())))["memory"]
    assert memory.health is Health.OK
    assert "cpu: The whole model fits" in memory.told
    absent = await found(doctor.model(tiny(tmp_path / "absent.safetensors")))
    assert absent["model"].health is Health.BROKEN
    assert "absent.safetensors" in absent["model"].told


async def test_settings_that_ask_for_more_than_there_is_are_told(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    options = EngineOptions(max_batch_slots=64)
    findings = await found(doctor.memory(tiny(tiny_checkpoint), options))
    assert "max_batch_slots = 64" in findings["slots"].told
    assert findings["memory"].health is Health.OK
    folder = await found(doctor.lora_folder(tmp_path / "absent"))
    assert folder["LoRAs"].health is Health.LOOK
    assert await found(doctor.lora_folder(tmp_path)) == {}


async def test_memory_that_others_have_now_is_no_fault_of_the_model_and_copies_share_it(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def has(total_gb: float, free_gb: float) -> None:
        memory = placement.DeviceMemory(int(total_gb * 1e9), int(free_gb * 1e9))
        monkeypatch.setattr(placement, "device_memory", lambda _device: memory)

    examination = doctor.memory(tiny(tiny_checkpoint), EngineOptions())
    has(total_gb=4, free_gb=0.1)  # the bot runs there, and has the rest
    busy = (await found(examination))["memory"]
    assert busy.health is Health.LOOK
    assert "It doesn't fit" in busy.told
    assert "With all that it has: The whole model fits" in busy.told
    has(total_gb=0.3, free_gb=0.3)
    assert (await found(examination))["memory"].health is Health.BROKEN
    has(total_gb=1, free_gb=1)
    assert (await found(examination))["memory"].health is Health.OK
    shared = doctor.memory(tiny(tiny_checkpoint), EngineOptions(), copies=4)
    assert (await found(shared))["memory"].health is Health.BROKEN


async def test_each_device_is_looked_at_and_with_ray_none() -> None:
    several = Settings(model=ModelSettings(device=("cuda:0", "cuda:0", "cuda:1")))
    subjects = set(examinations(several))
    assert {"torch on cuda:0", "torch on cuda:1", "memory of cuda:0", "memory of cuda:1"} <= subjects
    cluster = set(examinations(Settings(drawing=DrawingSettings(engine="ray"))))
    assert "Ray" in cluster
    assert not any(subject.startswith(("torch", "memory", "driver", "model")) for subject in cluster)


async def test_an_examination_that_breaks_is_a_finding_and_the_next_one_is_made() -> None:
    async def breaks() -> list[Finding]:
        raise ZeroDivisionError("nobody foresaw this")

    findings = [finding async for finding in doctor.examine({"luck": breaks, "Python": doctor.python})]
    assert [(finding.subject, finding.health) for finding in findings] == [
        ("luck", Health.BROKEN),
        ("Python", Health.OK),
    ]
    assert "nobody foresaw this" in findings[0].told


async def test_the_driver_is_told_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await found(doctor.driver) == {}
    program = tmp_path / "nvidia-smi"
    line = "| NVIDIA-SMI 570.86.15    Driver Version: 570.86.15      CUDA Version: 12.8     |"
    program.write_text(f"#!/bin/sh\n[ -n \"$1\" ] && echo 570.86.15 || echo '{line}'\n")
    program.chmod(0o755)
    assert "570.86.15, for CUDA up to 12.8" in (await found(doctor.driver))["driver"].told
    program.write_text("#!/bin/sh\nexit 9\n")
    assert (await found(doctor.driver))["driver"].health is Health.BROKEN


async def test_fonts_that_lack_are_told_with_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "system_fonts", lambda: fonts_in([tmp_path]))
    lacking = (await found(doctor.fonts))["fonts"]
    assert lacking.health is Health.LOOK
    assert "Japanese" in lacking.told
    assert "fonts-noto-cjk" in lacking.told


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
        "ANIM4GINE_DISCORD__SERVERS": "[123456789012345678]",
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
        "look  servers     it isn't in 123456789012345678",
        "database",
        "disk",
        "fonts",
        "ok    invitation  https://discord.com/oauth2/authorize",
    ):
        assert line in good.stdout
    assert bad.returncode == 1
    assert "BAD   token       Discord refuses it" in bad.stdout
    assert "invalid-one" not in bad.stdout + bad.stderr
