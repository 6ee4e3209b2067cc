"""Pictures on disk: whole or not at all, and no more than there is room for."""

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from storage.database import Database
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles
from storage.upkeep import Upkeep
from tests.storage.test_job_ledger import NOON, PNG, entry


@pytest.fixture
def files(tmp_path: Path) -> PictureFiles:
    return PictureFiles(tmp_path / "images")


def age(files: PictureFiles, file_hash: str, written_at: datetime) -> None:
    os.utime(files.path(file_hash), (written_at.timestamp(), written_at.timestamp()))


def test_a_picture_is_kept_under_its_hash_and_once(files: PictureFiles, tmp_path: Path) -> None:
    first, again = files.write(PNG[0]), files.write(PNG[0])
    assert first == again == sha256(PNG[0]).hexdigest()
    assert files.read(first) == PNG[0]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{first}.png"]


def test_a_full_disk_leaves_nothing_half_written(
    files: PictureFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        files.write(PNG[0])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert files.read(files.write(PNG[0])) == PNG[0]


def test_old_pictures_and_what_is_half_written_are_cleared_away(files: PictureFiles) -> None:
    old, new = files.write(b"old"), files.write(b"new")
    half = files.path(old).with_name(".unfinished-x")
    half.write_bytes(b"half")
    age(files, old, NOON)
    os.utime(half, (NOON.timestamp(), NOON.timestamp()))
    assert files.clean(older_than=NOON + timedelta(days=1), size_limit_bytes=10**9) == [old]
    assert not half.exists()
    assert files.read(new) == b"new"


def test_when_they_take_too_much_room_the_oldest_go(files: PictureFiles) -> None:
    hashes = [files.write(bytes([number]) * 100) for number in range(4)]
    for number, file_hash in enumerate(hashes):
        age(files, file_hash, NOON + timedelta(hours=number))
    assert files.clean(older_than=NOON - timedelta(days=1), size_limit_bytes=250) == hashes[:2]


async def test_upkeep_forgets_dead_tokens_and_marks_what_it_removed(
    database: Database, files: PictureFiles
) -> None:
    ledger = JobLedger(database, files)
    for number in (1, 2):
        await ledger.accept(entry(number), {})
    await ledger.mark_finished(entry(1).id, PNG[:1], NOON, 1.0)
    age(files, sha256(PNG[0]).hexdigest(), NOON)
    now = NOON + timedelta(minutes=15)
    upkeep = Upkeep(
        database, files, keep_for=timedelta(minutes=10), keep_bytes=10**9, clock=lambda: now.astimezone(UTC)
    )
    await upkeep.tidy()
    (undelivered,), (unfinished,) = await ledger.undelivered(), await ledger.unfinished()
    assert undelivered.interaction_token is None
    assert unfinished.interaction_token is None
    assert await ledger.pictures(undelivered.id) == []
