"""Pictures of entries: remembered, and gone from the vote soon after somebody hides them, in whatever process."""

from pathlib import Path

import pytest
from sqlalchemy import update

from cogs.events import entry_pictures
from cogs.events.entry_pictures import EntryPictures
from generation.past_jobs import PastJobs
from storage.database import Database
from storage.entries import Entry
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles
from storage.tables import JobRow
from tests.generation.services import AOI, HERE, finished, ready, request, running_service, utc_now


async def test_a_picture_that_is_hidden_is_shown_no_more_though_it_was_remembered(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_service(tiny_checkpoint, folder=tmp_path) as (service, _):
        await ready(service)
        job = await service.submit(request(num_inference_steps=1), AOI, HERE)
        await finished(job)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'jobs.db'}")
    pictures = EntryPictures(PastJobs(JobLedger(database, PictureFiles(tmp_path / "images"))))
    entry = Entry(
        id="0" * 16,
        contest_id="1" * 16,
        user_id=AOI,
        name="Aoi",
        job_id=job.id,
        number=0,
        entered_at=utc_now(),
    )
    content = await pictures.shown(entry)
    assert content is not None
    assert content[8:12] == b"WEBP"
    async with database.writing() as connection:
        await connection.execute(update(JobRow).where(JobRow.id == job.id).values(hidden_at=utc_now()))
    monkeypatch.setattr(entry_pictures, "REMEMBERED_FOR_S", 3_600)
    assert await pictures.shown(entry) == content, "within a moment nobody looks again"
    monkeypatch.setattr(entry_pictures, "REMEMBERED_FOR_S", -1)
    assert await pictures.shown(entry) is None
    monkeypatch.setattr(entry_pictures, "REMEMBERED_FOR_S", 3_600)
    assert await pictures.shown(entry) is None
    await database.stop()
