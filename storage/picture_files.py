"""Finished pictures as files: named by their content, there whole or not at all, cleaned by age and size."""

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

SUFFIX = ".png"
TEMPORARY_PREFIX = ".unfinished-"


class PictureFiles:
    """A folder of PNG files. All methods block on the disk: call them on a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, file_hash: str) -> Path:
        """Where the picture of this hash lies, if it is there. Folders of 256, so that none grows too large."""
        return self._folder / file_hash[:2] / (file_hash + SUFFIX)

    def write(self, content: bytes) -> str:
        """Keep `content` and return its SHA-256 in hex; the same content is kept once.

        Raises:
            OSError: the disk is full, or can't be written; nothing half-written is left.
        """
        file_hash = hashlib.sha256(content).hexdigest()
        path = self.path(file_hash)
        if path.is_file():
            os.utime(path)
            return file_hash
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = None
        try:
            with NamedTemporaryFile(dir=path.parent, prefix=TEMPORARY_PREFIX, delete=False) as file:
                temporary = Path(file.name)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            if temporary is not None:
                with suppress(OSError):
                    temporary.unlink()
            raise
        return file_hash

    def read(self, file_hash: str) -> bytes:
        """Return the picture of this hash.

        Raises:
            FileNotFoundError: it was cleaned away.
            OSError: it can't be read.
        """
        return self.path(file_hash).read_bytes()

    def remove(self, file_hash: str) -> None:
        """Remove the picture of this hash, if it is there."""
        self.path(file_hash).unlink(missing_ok=True)

    def clean(self, *, older_than: datetime, size_limit_bytes: int, kept: Collection[str] = ()) -> list[str]:
        """Remove files from before `older_than`, then the oldest until the rest fits; return their hashes.

        Those of the hashes `kept` stay in any case. What a killed process left half-written goes too.
        """
        files = []
        for path in self._all():
            with suppress(FileNotFoundError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        files.sort()
        total = sum(size for _, size, _ in files)
        removed = []
        for changed_at, size, path in files:
            is_old = changed_at < older_than.timestamp()
            is_finished = not path.name.startswith(TEMPORARY_PREFIX)
            if path.stem in kept:
                continue
            if is_old or (is_finished and total > size_limit_bytes):
                path.unlink(missing_ok=True)
                total -= size
                if is_finished:
                    removed.append(path.stem)
        return removed

    def _all(self) -> Iterator[Path]:
        yield from (path for path in self._folder.glob("??/*") if path.is_file())
