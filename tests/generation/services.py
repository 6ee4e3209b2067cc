"""What the service's tests share: a service with the real engine, its ledger, and the tiny checkpoint."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from generation.engine.engine import EngineState
from generation.engine.local_engine import LocalEngine
from generation.engine_options import EngineOptions
from generation.gatekeeper import Gatekeeper
from generation.job import Finished, Job
from generation.limits import Limits, LimitTable
from generation.model_profile import ANIMAGINE_XL_4, ModelProfile
from generation.model_source import ModelSource
from generation.place import Place
from generation.request import GenerationRequest
from generation.service import GenerationService
from generation.terms import RequestBounds, Terms
from storage.database import Database
from storage.job_leases import Lease
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles

HERE = Place(guild_id=1, channel_id=2)
AOI, REN = 11, 12


def utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def running_service(
    source: Path,
    *,
    queue_length: int = 20,
    waiting_at_once: int = 20,
    load_when: threading.Event | None = None,
    folder: Path | None = None,
    database_url: str | None = None,
    profile: ModelProfile = ANIMAGINE_XL_4,
    lease: Lease | None = None,
    **options: Any,
) -> AsyncIterator[tuple[GenerationService, LocalEngine]]:
    """Run a service with its ledger and pictures; a second one with the same goes on where the first ended."""
    with TemporaryDirectory() as temporary:
        place = folder or Path(temporary)
        database = Database(database_url or f"sqlite+aiosqlite:///{place / 'jobs.db'}")
        await database.start()
        ledger = JobLedger(database, PictureFiles(place / "images"), lease)
        limits = Limits(
            queue_length=queue_length, requests_per_minute=100, waiting_per_person=waiting_at_once, weight=1.0
        )
        async with _service(source, ledger, limits, profile, load_when, options) as parts:
            yield parts
        await database.stop()


@asynccontextmanager
async def _service(
    source: Path,
    ledger: JobLedger,
    limits: Limits,
    profile: ModelProfile,
    load_when: threading.Event | None,
    options: dict[str, Any],
) -> AsyncIterator[tuple[GenerationService, LocalEngine]]:
    engine = LocalEngine(ModelSource(source=str(source), device="cpu"), EngineOptions(**options))
    if load_when is not None:
        engine._inbox.put(load_when.wait)
    service = GenerationService(
        engine=engine,
        terms=terms_with(limits, profile, EngineOptions(**options).precision),
        store=ledger,
        clock=utc_now,
    )
    service.start()
    try:
        yield service, engine
    finally:
        await service.stop()


def terms_with(limits: Limits, profile: ModelProfile = ANIMAGINE_XL_4, precision: str = "") -> Terms:
    """The terms of a service, with these limits for everybody."""
    return Terms(
        profile=profile,
        model_name="tiny",
        precision=precision,
        gatekeeper=Gatekeeper(profile=profile, clock=utc_now),
        limits=LimitTable(everybody=limits),
        bounds=RequestBounds(prompt_tokens=225, steps=50),
    )


def request(tags: str = "1girl, solo", **options: Any) -> GenerationRequest:
    return GenerationRequest(**{"tags": tags, "num_inference_steps": 2, "seed": 7, **options})


async def ready(service: GenerationService) -> None:
    while service.engine_state is EngineState.LOADING:
        await asyncio.sleep(0.02)


async def finished(job: Job) -> Finished:
    ending = await job.ending()
    assert isinstance(ending, Finished), ending
    return ending


def before_each_unet_call(engine: LocalEngine, hook: Callable[[], None]) -> Any:
    """Run `hook` on the engine's thread before every call of the UNet; returns a handle to take it off."""
    assert engine._model is not None
    return engine._model.pipeline.unet.register_forward_pre_hook(lambda *_: hook())


def held_up(engine: LocalEngine) -> tuple[threading.Event, threading.Event]:
    """Have the engine wait in the middle of a picture: one event tells that it does, the other lets it go on."""
    reached, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        go_on.wait()

    before_each_unet_call(engine, hold)
    return reached, go_on


def pixels(job: Finished) -> np.ndarray[Any, Any]:
    return np.asarray(PillowImage.open(io.BytesIO(job.images[0].png)), dtype=int)
