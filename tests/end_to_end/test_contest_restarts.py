"""Contests across kills, restarts and two processes on one database: everything once, nothing lost."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from sandbox import SandboxServer
from storage.ballots import BallotStore
from storage.contests import ANNOUNCE, Contest, ContestState, ContestStore, Voting
from storage.database import Database
from storage.deadlines import set_deadline
from storage.event_tables import ContestRow
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.contest import (
    TITLE,
    draws,
    ends_now,
    enters,
    holds_contest,
    options_of,
    until_shown,
)
from tests.end_to_end.crowd import Crowd, crowded_world
from tests.end_to_end.person import Named, Person

CONTESTS = 8


async def test_killed_in_the_middle_of_the_vote_a_contest_ends_with_every_vote_that_was_counted(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str
) -> None:
    server = SandboxServer(port=0, world=crowded_world(0))
    await server.start()
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_DATABASE__URL": database_url,
    }
    async with (
        Person.called("Aoi", server) as aoi,
        Person.called("Ren", server) as ren,
        Person.called("Mika", server) as mika,
    ):
        bot = BotProcess(server, tmp_path, settings)
        await bot.__aenter__()
        await bot.model_is_ready()
        card = await holds_contest(mika, reward=Named.role(server, "Champion"))
        for person in (aoi, ren):
            assert "Entered" in await enters(person, await draws(person))
        poll = await ends_now(mika, "The vote on")
        ballot = (await mika.press(poll, "Vote"))["message"]
        labels = [option["label"] for option in options_of(ballot)]
        assert len(labels) == 2
        marked = await mika.choose(ballot, "ballot:", labels[0])
        assert "On your ballot" in marked["message"]["content"]
        # Killed while somebody else presses: either it is counted, or they are not told that it was.
        rens = (await ren.press(poll, "Vote"))["message"]
        voting = asyncio.create_task(ren.choose(rens, "ballot:", options_of(rens)[0]["label"]))
        await asyncio.sleep(0.01)
        await bot.kill()
        outcome = (await asyncio.gather(voting, return_exceptions=True))[0]
        database = Database(database_url)
        contests, ballots = ContestStore(database), BallotStore(database)
        (contest,) = await contests.of_guild(int(server.world.guild_id))
        assert contest.state is ContestState.VOTING
        cast = await ballots.ballots(contest.id)
        assert len(cast[int(mika.id)]) == 1
        assert isinstance(outcome, AssertionError) or len(cast[int(ren.id)]) == 1
        # The buttons of before the kill still work, and a changed mind replaces what was counted.
        async with BotProcess(server, tmp_path, settings):
            await ren.choose(rens, "ballot:", options_of(rens)[0]["label"])
            await mika.choose(ballot, "ballot:", labels[1])
            looked = (await mika.press(card, "How it stands"))["message"]
            assert "2 people have voted" in looked["content"]
        # What falls due while the bot is away is done when it is back.
        now = datetime.now(UTC)
        assert await contests.move(contest, 0, now, now - contest.voting_ends_at)
        async with BotProcess(server, tmp_path, settings) as bot:
            result = await until_shown(mika, "people voted")
            assert "2 people voted" in result["embeds"][0]["description"]
            shown = [it for it in await mika.messages(TITLE) if "people voted" in str(it)]
            assert len(shown) == 1
            ended = await contests.find(contest.id)
            assert ended is not None
            assert ended.state is ContestState.ENDED
            assert "Traceback" not in bot.log
        winners = [person for person in server.world.people if person.role_ids]
        assert {person.name for person in winners} <= {"Aoi", "Ren"}
        assert winners
        await database.stop()
    await server.stop()


async def test_of_two_processes_on_one_database_each_deadline_is_done_by_one_also_late(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str, server: SandboxServer
) -> None:
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_DATABASE__URL": database_url,
    }
    database = Database(database_url)
    await database.start()
    contests = ContestStore(database)
    made = [overdue_contest(server, number) for number in range(CONTESTS)]

    async def all_ended() -> bool:
        found = [await contests.find(contest.id) for contest in made]
        return all(it is not None and it.state is ContestState.ENDED for it in found)

    def told(what: str) -> Counter[str]:
        return Counter(
            contest.title
            for channel in server.world.channels.values()
            for message in channel.messages.values()
            for contest in made
            if contest.title in str(message["embeds"]) + message["content"] and what in str(message)
        )

    async with BotProcess(server, tmp_path, settings), BotProcess(server, tmp_path, settings) as bot:
        await Crowd(server).until(lambda: bot.log.count("Logged in as") == 2, timeout_s=60)
        for contest in made:
            await contests.create(contest)
        await Crowd(server).until(all_ended, timeout_s=90)
        await Crowd(server).until(lambda: len(told("Nothing was entered")) == CONTESTS, timeout_s=30)
        assert "Traceback" not in bot.log
    once = dict.fromkeys((contest.title for contest in made), 1)
    assert told("Entries until") == once
    assert told("takes entries now") == once
    assert told("Nothing was entered") == once
    threads = Counter(channel.name for channel in server.world.channels.values() if channel.parent_id)
    assert threads == once
    await database.stop()


async def test_what_was_posted_before_a_kill_is_found_again_and_not_made_twice(
    tiny_checkpoint: Path, tmp_path: Path, database_url: str, server: SandboxServer
) -> None:
    """Neither a forum's post nor a scheduled event takes a nonce that would tell Discord of the repetition."""
    settings = {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint), "ANIM4GINE_DATABASE__URL": database_url}
    database = Database(database_url)
    contests = ContestStore(database)
    async with Person.called("Mika", server) as mika:
        async with BotProcess(server, tmp_path, settings):
            await holds_contest(mika, found_in=TITLE, where=Named.channel(server, "art-events"))
        (made,) = await contests.of_guild(int(server.world.guild_id))
        assert made.scheduled_event_id is not None
        # As if it had died after Discord's answers and before they were noted.
        async with database.writing() as connection:
            nothing = {"thread_id": None, "card_message_id": None, "scheduled_event_id": None}
            await connection.execute(update(ContestRow).values(**nothing))
            await set_deadline(connection, made.id, ANNOUNCE, datetime.now(UTC))

        async def is_known_again() -> bool:
            contest = await contests.find(made.id)
            return contest is not None and contest.scheduled_event_id is not None

        async with BotProcess(server, tmp_path, settings):
            await Crowd(server).until(is_known_again, timeout_s=60)
    assert await contests.find(made.id) == made
    assert sum(channel.name == TITLE for channel in server.world.channels.values()) == 1
    assert len(server.world.scheduled_events) == 1
    assert [it for it in server.statistics.refusals if it.status >= 400] == []
    await database.stop()


def overdue_contest(server: SandboxServer, number: int) -> Contest:
    """A contest all of whose moments were while no bot was there."""
    now = datetime.now(UTC)
    channel = next(it for it in server.world.channels.values() if it.name == "drawing")
    contest = Contest(
        id=f"{number:016x}",
        guild_id=int(server.world.guild_id),
        channel_id=int(channel.id),
        title=f"Lanterns of night {number:03d}",
        theme="A night",
        rules={},
        access={},
        voting=Voting.BALLOT,
        state=ContestState.ANNOUNCED,
        starts_at=now - timedelta(minutes=30),
        ends_at=now - timedelta(minutes=20),
        voting_ends_at=now - timedelta(minutes=10),
        created_by=1,
        created_at=now - timedelta(hours=1),
    )
    return replace(contest, locale="en-US")
