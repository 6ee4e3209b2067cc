"""Results as messages of their own: only who holds a job posts its result, however long the line was."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from cogs.job_message import JobMessage
from cogs.result_posts import MessageKey, NotOurs, ResultPosts, _Result
from generation.service import GenerationService
from tests.cogs.processes import processes_in
from tests.generation.services import utc_now

RESULT = JobMessage(content="A result")


class HeardPosts(ResultPosts):
    """Remembers which jobs' results would go to Discord together."""

    def __init__(self, service: GenerationService) -> None:
        super().__init__(cast("Any", None), service)
        self.sent: list[list[str]] = []

    async def _send(self, group: Sequence[_Result]) -> list[MessageKey | None]:
        self.sent.append([result.job.id for result in group])
        return [(2, 3)] * len(group)


async def test_a_result_whose_job_another_process_took_meanwhile_is_left_to_that_one(tmp_path: Path) -> None:
    async with processes_in(tmp_path) as start:
        silent, living = start("silent", timedelta(0)), start("living", timedelta(minutes=1))
        taken, kept = await silent.ended(), await silent.ended()
        assert await living.ledger.take(taken.id, utc_now())
        posts = HeardPosts(silent.service)
        with pytest.raises(NotOurs):
            await posts.post((taken, RESULT), (kept, RESULT))
        assert posts.sent == [[kept.id]]
        with pytest.raises(NotOurs):
            await posts.post((taken, RESULT))
        assert posts.sent == [[kept.id]]
        assert await posts.post((kept, RESULT)) == [(2, 3)]
