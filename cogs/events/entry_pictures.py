"""The pictures of entries, as they are shown to voters: without a name, and without what a file may tell."""

import asyncio
import io
import time
from collections import OrderedDict
from dataclasses import dataclass

from PIL import Image as PillowImage

from generation.errors import JobUnknown
from generation.job import Finished, Job
from generation.past_jobs import PastJobs
from storage.entries import Entry

SIDE_PX, QUALITY = 1024, 88
REMEMBERED = 64
"""Pictures that are kept in memory, of some 150 kB each: those of one contest are looked at by many at once."""

REMEMBERED_FOR_S = 1.0
"""How long a look at the ledger holds: so long a hidden picture may still be shown in the vote, in every process."""


@dataclass(slots=True)
class _Shown:
    content: bytes
    looked_at: float


class EntryPictures:
    """Reads entries' pictures out of the ledger."""

    def __init__(self, past_jobs: PastJobs) -> None:
        self._past_jobs = past_jobs
        self._shown: OrderedDict[tuple[str, int], _Shown] = OrderedDict()

    async def png(self, entry: Entry) -> bytes | None:
        """The picture's own file; None where it is hidden or gone."""
        job = await self._unhidden(entry)
        if job is None or not isinstance(job.latest, Finished):
            return None
        return job.latest.images[entry.number].png

    async def shown(self, entry: Entry) -> bytes | None:
        """A WebP of it without metadata; None where it is hidden or gone."""
        key = entry.job_id, entry.number
        if (known := self._shown.get(key)) is not None:
            if time.monotonic() - known.looked_at > REMEMBERED_FOR_S:
                if await self._unhidden(entry, with_pictures=False) is None:
                    self.forget(entry)
                    return None
                known.looked_at = time.monotonic()
            self._shown.move_to_end(key)
            return known.content
        png = await self.png(entry)
        if png is None:
            return None
        content = await asyncio.to_thread(_without_metadata, png)
        self._shown[key] = _Shown(content, time.monotonic())
        while len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)
        return content

    async def _unhidden(self, entry: Entry, *, with_pictures: bool = True) -> Job | None:
        """The entry's job, while everybody may see what came of it."""
        try:
            job = await self._past_jobs.find(entry.job_id, entry.user_id, with_pictures=with_pictures)
        except (JobUnknown, ValueError):
            return None
        return None if job.is_hidden else job

    def forget(self, entry: Entry) -> None:
        """It isn't shown any more."""
        self._shown.pop((entry.job_id, entry.number), None)


def _without_metadata(png: bytes) -> bytes:
    pixels = PillowImage.open(io.BytesIO(png)).convert("RGB")
    pixels.thumbnail((SIDE_PX, SIDE_PX))
    content = io.BytesIO()
    pixels.save(content, "WEBP", quality=QUALITY, method=2)
    return content.getvalue()
