"""The look at finished pictures before anybody sees them: what is above its place's ceiling is for moderators alone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from generation.image import Image
from generation.job import Job
from generation.moderation import WithheldPictures
from generation.place import Place
from generation.rating import Rating
from generation.rating_classifier import Finding

log = logging.getLogger(__name__)


class Classifier(Protocol):
    """Tells the rating of a finished picture."""

    def look_at(self, png: bytes) -> Finding:
        """Return what a picture most likely is. Blocks."""


class OutputCheck:
    """Withholds pictures. `ceiling` says what a place allows, `clock` gives the current, time-zone-aware time."""

    def __init__(
        self,
        classifier: Classifier,
        withheld: WithheldPictures,
        ceiling: Callable[[Place], Awaitable[Rating]],
        clock: Callable[[], datetime],
    ) -> None:
        self._classifier = classifier
        self._withheld = withheld
        self._ceiling = ceiling
        self._clock = clock

    async def look_at(self, job: Job, images: Sequence[Image]) -> None:
        """Hide the pictures of `job`, if one of them is above the ceiling of its place.

        What the classifier fails on is withheld too: nobody has looked at it.
        """
        ceiling = await self._ceiling(job.place)
        try:
            findings = [await asyncio.to_thread(self._classifier.look_at, image.png) for image in images]
        except Exception:
            log.exception("The output check failed; the pictures are withheld", extra={"job": job.id})
            await self._withhold(job, "the output check failed")
            return
        strongest = max(findings, key=lambda finding: finding.rating)
        if strongest.rating > ceiling:
            await self._withhold(
                job,
                f"{strongest.label} ({strongest.score:.0%}): {strongest.rating.value}, above {ceiling.value}",
            )

    async def _withhold(self, job: Job, reason: str) -> None:
        await self._withheld.withhold(
            job_id=job.id,
            guild_id=job.place.guild_id or 0,
            asker_id=job.user_id,
            reason=reason,
            at=self._clock(),
        )
        job.is_hidden = True
        log.info("Pictures are withheld: %s", reason, extra={"job": job.id})
