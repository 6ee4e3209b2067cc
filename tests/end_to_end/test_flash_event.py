"""Hundreds press a contest's buttons at once: all are answered in time, each vote counts once.

`python -m bench.flash_event` holds the same with a thousand within a minute.
"""

from collections import Counter
from pathlib import Path

import pytest

from sandbox import SandboxServer
from storage.ballots import BallotStore
from storage.contests import ContestStore
from storage.database import Database
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.crowd import crowded_world
from tests.end_to_end.flash_event import ENTRANTS, begin_vote, everybody_draws, everybody_votes, open_contest

PEOPLE, WITHIN_S = 300, 30.0


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_hundreds_draw_and_vote_within_half_a_minute(tiny_checkpoint: Path, tmp_path: Path) -> None:
    database_url = f"sqlite+aiosqlite:///{tmp_path / 'flash.db'}"
    server = SandboxServer(port=0, world=crowded_world(PEOPLE))
    await server.start()
    settings = {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint), "ANIM4GINE_DATABASE__URL": database_url}
    try:
        async with BotProcess(server, tmp_path, settings) as bot:
            await bot.model_is_ready()
            card = await open_contest(server)
            drew = await everybody_draws(server, card, PEOPLE, WITHIN_S)
            poll = await begin_vote(server)
            voted = await everybody_votes(server, poll, PEOPLE, WITHIN_S)
            assert "Traceback" not in bot.log
    finally:
        await server.stop()
    database = Database(database_url)
    contest = (await ContestStore(database).of_guild(int(server.world.guild_id)))[0]
    cast = await BallotStore(database).ballots(contest.id)
    await database.stop()
    assert (drew.forms, drew.unanswered, voted.unanswered) == (PEOPLE, 0, 0)
    assert server.statistics.never_acknowledged == server.statistics.acknowledged_late == 0
    assert len(voted.picked) == PEOPLE
    assert {str(voter): picks for voter, picks in cast.items()} == {
        voter: [pick] for voter, pick in voted.picked.items()
    }
    assert Counter(pick for picks in cast.values() for pick in picks) == voted.votes_told
    assert len(voted.votes_told) == len(ENTRANTS)
    # Nothing that all see is edited, so no limit of Discord's is met.
    for message in (card, poll):
        found = server.world.find_message(message["id"])
        assert found is not None
        assert found["edited_timestamp"] is None
    assert not server.statistics.rate_limited
