"""What stands around the client: what ends it, and that it is gone when the client is."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
import torch

from generation.engine import sdxl_model
from generation.errors import ModelUnavailable
from generation.model_errors import DeviceUnavailable
from generation.model_source import ModelSource
from storage.database import Database
from storage.picture_files import PictureFiles
from storage.upkeep import Upkeep
from tests.generation.services import AOI, HERE, before_each_unet_call, ready, request, running_service
from wiring.service import utc_now
from wiring.serving import tidied, until_device_is_gone


async def test_upkeep_that_is_called_off_has_let_its_connection_go_before_the_database_stops(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'jobs.db'}")
    await database.start()
    keep_for = timedelta(days=1)
    upkeep = Upkeep(database, PictureFiles(tmp_path), keep_for=keep_for, keep_bytes=1, clock=utc_now)
    before = asyncio.all_tasks()
    async with tidied(upkeep):
        await asyncio.sleep(0.001)
    assert asyncio.all_tasks() == before
    await database.stop()


async def test_the_client_is_ended_when_the_device_is_gone_and_the_caller_told(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lose_it() -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    def fail(source: ModelSource) -> None:
        raise DeviceUnavailable(source.source, "CUDA error: an illegal memory access", source.device)

    was_cancelled: list[bool] = []

    async def client() -> None:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            was_cancelled.append(True)
            raise

    async with running_service(tiny_checkpoint) as (service, engine):
        await ready(service)
        before_each_unet_call(engine, lose_it)
        monkeypatch.setattr(sdxl_model, "device_for", fail)
        await service.submit(request(), AOI, HERE)
        with pytest.raises(ModelUnavailable):
            await asyncio.wait_for(until_device_is_gone(client(), service), 60)
    assert was_cancelled == [True]
    assert "only a new process can draw again" in caplog.text


async def test_a_client_that_ends_by_itself_ends_as_it_does(tiny_checkpoint: Path) -> None:
    async def client() -> None:
        raise RuntimeError("Discord refused")

    async with running_service(tiny_checkpoint) as (service, _):
        with pytest.raises(RuntimeError, match="Discord refused"):
            await until_device_is_gone(client(), service)
        await until_device_is_gone(asyncio.sleep(0), service)
