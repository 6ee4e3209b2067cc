"""Processes on one database, their models still to be loaded, for what goes on between processes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from generation.engine.local_engine import LocalEngine
from generation.engine_options import EngineOptions
from generation.job import Job
from generation.limits import Limits
from generation.model_source import ModelSource
from generation.service import GenerationService
from storage.database import Database
from storage.job_leases import Lease
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles
from tests.generation.services import AOI, HERE, request, terms_with, utc_now


class Process:
    """A service and its ledger."""

    def __init__(self, folder: Path, database: Database, lease: Lease) -> None:
        self.ledger = JobLedger(database, PictureFiles(folder / "images"), lease)
        self.service = GenerationService(
            engine=LocalEngine(ModelSource(source="nowhere", device="cpu"), EngineOptions()),
            terms=terms_with(Limits(queue_length=20, waiting_per_person=20)),
            store=self.ledger,
            clock=utc_now,
        )

    async def asked(self) -> Job:
        """A job that waits here."""
        return await self.service.submit(request(), AOI, HERE)

    async def ended(self) -> Job:
        """A job that is over, since its asker called it off."""
        job = await self.asked()
        await self.service.cancel(job.id, AOI)
        await job.ending()
        return job


Start = Callable[[str, timedelta], Process]


@asynccontextmanager
async def processes_in(folder: Path) -> AsyncIterator[Start]:
    """Start processes by name, each with how long it may be silent."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
    await database.start()
    started: list[Process] = []

    def start(instance: str, lasts: timedelta) -> Process:
        started.append(Process(folder, database, Lease(instance=instance, lasts=lasts)))
        return started[-1]

    yield start
    for process in started:
        await process.service.stop()
    await database.stop()
