"""What a job costs in the database: bytes a row with its indexes, as the real tables grow, in SQLite and PostgreSQL.

    python -m bench.storage_cost --jobs 5000
    python -m bench.storage_cost --postgres postgresql+asyncpg://me@host/an_empty_database

Jobs are made by the real gatekeeper, with prompts of some length, and go all the way: accepted, drawn, delivered. The
baseline is what of it is told by people: the prompt, and a picture's seed and size.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlalchemy import text

from generation.gatekeeper import Gatekeeper
from generation.job_factory import JobFactory
from generation.job_store import JobEntry, ReplyAddress
from generation.model_profile import ANIMAGINE_XL_4
from generation.place import Place
from generation.request import GenerationRequest
from generation.tag_dictionary import load_dictionary
from storage.database import Database
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles

TAGS_A_PROMPT = (5, 20)
PEOPLE, GUILDS = 500, 50
TOKEN_LENGTH = 220
"""Characters of an interaction's token, roughly; it is emptied when the job is delivered."""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--jobs", default=5000, show_default=True)
@click.option("--postgres", help="The address of an empty PostgreSQL database, to measure that too.")
def main(jobs: int, postgres: str | None) -> None:
    """Fill the tables and print what they grew by."""
    asyncio.run(_measure_all(jobs, postgres))


async def _measure_all(jobs: int, postgres: str | None) -> None:
    entries, plain_bytes = await _entries(jobs)
    print(
        f"{jobs} jobs of one picture each; the prompts and seeds alone are {plain_bytes / jobs:.0f} bytes a job\n"
    )
    print("| database | bytes a job | times the plain text | jobs in a gigabyte |")
    print("| --- | ---: | ---: | ---: |")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.db"
        measured = {
            "SQLite": await _measure(f"sqlite+aiosqlite:///{file}", entries, Path(folder), _sqlite_size)
        }
        if postgres is not None:
            measured["PostgreSQL"] = await _measure(postgres, entries, Path(folder), _postgres_size)
    for name, size_bytes in measured.items():
        each = size_bytes / jobs
        print(f"| {name} | {each:.0f} | {each * jobs / plain_bytes:.1f} | {1e9 / each:,.0f} |")


async def _entries(jobs: int) -> tuple[list[JobEntry], int]:
    chance = random.Random(1)
    names = [tag.name for tag in load_dictionary().tags]
    now = BEGIN

    def clock() -> datetime:
        return now

    gatekeeper = Gatekeeper(profile=ANIMAGINE_XL_4, clock=clock)
    factory = JobFactory(ANIMAGINE_XL_4, "cagliostrolab/animagine-xl-4.0", "float16", clock)
    entries: list[JobEntry] = []
    plain_bytes = 0
    while len(entries) < jobs:
        now = BEGIN + timedelta(seconds=len(entries))
        tags = ", ".join(chance.sample(names, chance.randint(*TAGS_A_PROMPT)))
        place = Place(
            guild_id=chance.randrange(2**62, 2**62 + GUILDS), channel_id=chance.randrange(2**62, 2**63)
        )
        user_id = chance.randrange(2**62, 2**62 + PEOPLE)
        request = GenerationRequest(tags=tags, seed=chance.randrange(2**32))
        pictures, _ = await gatekeeper.admit(request, user_id, place, {})
        reply = ReplyAddress(
            token="t" * TOKEN_LENGTH,
            token_ends_at=now + timedelta(minutes=15),
            message_id=chance.randrange(2**62, 2**63),
            file_limit_bytes=10 * 2**20,
        )
        job = factory.make(request, pictures, user_id, place, 1.0, reply, "en-US")
        entries.append(factory.entry(job))
        plain_bytes += len(tags.encode()) + 12  # seed, width and height as numbers of four bytes
    return entries, plain_bytes


async def _measure(
    url: str, entries: list[JobEntry], folder: Path, size_of: Callable[[Database], Awaitable[int]]
) -> int:
    """Let all jobs live their life; returns by how many bytes the database grew."""
    database = Database(url)
    await database.start()
    before = await size_of(database)
    ledger = JobLedger(database, PictureFiles(folder / "images"))
    for number, entry in enumerate(entries):
        await ledger.accept(entry, {})
        await ledger.mark_running(entry.id)
        await ledger.mark_finished(entry.id, [number.to_bytes(8, "big")], entry.accepted_at, 5.0)
        await ledger.mark_delivered(entry.id, entry.accepted_at, (entry.channel_id, entry.message_id or 0))
    after = await size_of(database)
    await database.stop()
    return after - before


async def _sqlite_size(database: Database) -> int:
    async with database.reading() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        return int(pages * (await connection.execute(text("PRAGMA page_size"))).scalar_one())


async def _postgres_size(database: Database) -> int:
    """The tables of jobs, without the room that earlier versions of rows have left: autovacuum gives that back."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        sizes = 0
        for table in ("jobs", "images"):
            await connection.execute(text(f"VACUUM FULL {table}"))
            size = await connection.execute(text(f"SELECT pg_total_relation_size('{table}')"))
            sizes += size.scalar_one()
        return sizes


if __name__ == "__main__":
    main()
