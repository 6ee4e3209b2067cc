"""A flash event in the sandbox: a thousand people press a contest's Draw, then Vote, within a minute each.

    python -m bench.flash_event --people 1000

The bot runs in a process of its own, as on Discord, with Discord's rate limits on. The baseline, in the same run and
against the same limits, is the plain way of keeping a card's numbers live: an edit of the card at every press.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import aiohttp
import click

from bench.machine import describe_machine
from bench.table import verdict
from generation.tiny_checkpoint import build_tiny_checkpoint
from sandbox import SandboxServer
from storage.ballots import BallotStore
from storage.contests import ContestStore
from storage.database import Database
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.crowd import crowded_world
from tests.end_to_end.flash_event import begin_vote, everybody_draws, everybody_votes, open_contest
from tests.end_to_end.person import Message

ACKNOWLEDGED_WITHIN_MS = 3000


@dataclass(frozen=True)
class Outcome:
    """What was measured; the baseline's are edits of a card at every press."""

    draw_ms: Sequence[float]
    vote_ms: Sequence[float]
    unanswered: int
    presses: int
    voters: int
    votes_lost_or_doubled: int
    refused: int
    baseline_edits: int
    baseline_refused: int


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--people", default=1000, show_default=True)
@click.option("--within", "within_s", default=60.0, show_default=True, help="Seconds in which they press.")
@click.option("--folder", type=click.Path(path_type=Path), default="data/bench", show_default=True)
@click.option("--database", "database_url", default="", help="A PostgreSQL database (SQLite unless given).")
def main(people: int, within_s: float, folder: Path, database_url: str) -> None:
    """Hold the event, and print what happened."""
    checkpoint = build_tiny_checkpoint(folder / "practice")
    click.echo(describe_machine("cpu"))
    with TemporaryDirectory() as temporary:
        url = database_url or f"sqlite+aiosqlite:///{temporary}/flash.db"
        outcome = asyncio.run(hold(people, within_s, checkpoint, Path(temporary), url))
    for name, times in (("Draw", outcome.draw_ms), ("Vote and picks", outcome.vote_ms)):
        latest = max(times)
        click.echo(
            f"{name}: {len(times)} presses, acknowledged p50 {quantiles(times, n=2)[0]:.0f} ms, "
            f"p99 {quantiles(times, n=100)[-1]:.0f} ms, latest {latest:.0f} ms "
            f"{verdict(latest < ACKNOWLEDGED_WITHIN_MS)}"
        )
    click.echo(f"unanswered              {outcome.unanswered} {verdict(not outcome.unanswered)}")
    lost = outcome.votes_lost_or_doubled
    click.echo(f"votes lost or doubled   {lost} of {outcome.voters} {verdict(not lost)}")
    click.echo(f"requests refused (429)  {outcome.refused} {verdict(not outcome.refused)}")
    refused = outcome.baseline_refused / outcome.baseline_edits
    click.echo(
        f"baseline, a card edited at every press: {outcome.baseline_refused} of {outcome.baseline_edits} "
        f"edits refused (429), {refused:.0%}; ours edits no card, and refused are "
        f"{outcome.refused / outcome.presses:.0%} of its {outcome.presses} presses"
    )


async def hold(people: int, within_s: float, checkpoint: Path, folder: Path, database_url: str) -> Outcome:
    """Hold the event and then the baseline."""
    server = SandboxServer(port=0, world=crowded_world(people))
    await server.start()
    settings = {"ANIM4GINE_MODEL__SOURCE": str(checkpoint), "ANIM4GINE_DATABASE__URL": database_url}
    statistics = server.statistics
    try:
        async with BotProcess(server, folder, settings) as bot:
            await bot.model_is_ready()
            card = await open_contest(server)
            begin = len(statistics.acknowledgement_ms)
            drew = await everybody_draws(server, card, people, within_s)
            draw_ms = statistics.acknowledgement_ms[begin:]
            poll = await begin_vote(server)
            begin = len(statistics.acknowledgement_ms)
            voted = await everybody_votes(server, poll, people, within_s)
            vote_ms = statistics.acknowledgement_ms[begin:]
        refused = sum(statistics.rate_limited.values())
        counted = await _counted(database_url, int(server.world.guild_id))
        told = Counter(dict.fromkeys(voted.picked.items(), 1))
        wrong = (told - counted) + (counted - told)
        edits, edits_refused = await edit_at_every_press(server, card, people, within_s)
        return Outcome(
            draw_ms=draw_ms,
            vote_ms=vote_ms,
            unanswered=drew.unanswered + voted.unanswered + statistics.never_acknowledged,
            presses=drew.pressed + voted.pressed,
            voters=len(voted.picked),
            votes_lost_or_doubled=sum(wrong.values()),
            refused=refused,
            baseline_edits=edits,
            baseline_refused=edits_refused,
        )
    finally:
        await server.stop()


async def edit_at_every_press(
    server: SandboxServer, card: Message, people: int, within_s: float
) -> tuple[int, int]:
    """Edit the card at each of so many presses; returns how many edits were sent, and how many refused."""
    url = f"{server.api_base}/channels/{card['channel_id']}/messages/{card['id']}"
    statuses: Counter[int] = Counter()
    begin = time.monotonic()
    async with aiohttp.ClientSession(headers={"Authorization": "Bot a-token"}) as session:

        async def edit(number: int) -> None:
            await asyncio.sleep(begin + within_s * number / people - time.monotonic())
            async with session.patch(url, json={"content": f"{number} people have voted."}) as response:
                statuses[response.status] += 1

        await asyncio.gather(*map(edit, range(people)))
    return statuses.total(), statuses[429]


async def _counted(database_url: str, guild_id: int) -> "Counter[tuple[str, str]]":
    """The votes that are in the database, each as (voter, entry)."""
    database = Database(database_url)
    contest = (await ContestStore(database).of_guild(guild_id))[0]
    cast = await BallotStore(database).ballots(contest.id)
    await database.stop()
    return Counter((str(voter), pick) for voter, picks in cast.items() for pick in picks)


if __name__ == "__main__":
    main()
