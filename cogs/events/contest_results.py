"""The results of a contest: votes counted, told in words, and drawn as a podium."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord

from cogs.events.entry_pictures import EntryPictures
from cogs.job_message import ACCENT
from cogs.language import Language
from cogs.plain_text import inline
from events.podium import PLACES_MAX, PodiumPlace, draw_podium
from events.ranking import Ranked, rank_by_ballots, rank_by_comparisons
from storage.ballots import BallotStore
from storage.contests import Contest, Voting
from storage.entries import Entry
from storage.standings import Standing

LISTED = 10

POINTS, POINTS_FOR_TAKING_PART = (10, 6, 4), 1
"""What the first places, and all others, bring in the leaderboard."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """An entry with its place."""

    entry: Entry
    place: int
    votes: int
    strength: float


@dataclass(frozen=True, slots=True)
class Result:
    """Entries by place, and how many people voted."""

    ranked: tuple[Ranking, ...]
    voters: int

    @property
    def winners(self) -> list[Entry]:
        """Who is first; nobody where nothing was voted on, unless there is only one."""
        if not self.voters and len(self.ranked) != 1:
            return []
        return [each.entry for each in self.ranked if each.place == 1]


def standings_of(result: Result) -> list[Standing]:
    """What a contest brings its people; of several entries of one person the best counts."""
    best: dict[int, Standing] = {}
    for each in result.ranked if result.winners else ():
        points = POINTS[each.place - 1] if each.place <= len(POINTS) else POINTS_FOR_TAKING_PART
        best.setdefault(each.entry.user_id, Standing(each.entry.user_id, each.place, points))
    return list(best.values())


async def count_votes(contest: Contest, entries: Sequence[Entry], ballots: BallotStore) -> Result:
    """Rank the entries that are left by the votes that are in."""
    by_id = {entry.id: entry for entry in entries}
    ranked: list[Ranked[str]]
    if contest.voting is Voting.BALLOT:
        cast = await ballots.ballots(contest.id)
        # Every pick is worth the same, so none may count as somebody's first choice.
        ranked = rank_by_ballots(list(by_id), [[pick] for picks in cast.values() for pick in picks])
        voters = len(cast)
    else:
        comparisons = await ballots.comparisons(contest.id)
        pairs = [(winner, other) for _, winner, other in comparisons]
        ranked = await asyncio.to_thread(rank_by_comparisons, list(by_id), pairs)
        voters = len({voter for voter, _, _ in comparisons})
    return Result(tuple(Ranking(by_id[it.entry], it.place, it.votes, it.strength) for it in ranked), voters)


def votes_in_words(contest: Contest, votes: int, say: Language) -> str:
    """What an entry got."""
    if contest.voting is Voting.BALLOT:
        return say.counted("{count} vote", "{count} votes", votes)
    return say.counted("preferred {count} time", "preferred {count} times", votes)


async def results_message(
    contest: Contest,
    result: Result,
    pictures: EntryPictures,
    say: Language,
    *,
    reward_is_given: bool = False,
) -> dict[str, Any]:
    """The parts of the message that tells the results."""
    embed = discord.Embed(title="🏆 " + inline(contest.title), colour=ACCENT)
    if not result.ranked:
        embed.description = say("Nothing was entered.")
        return {"embed": embed}
    lines = [
        f"**{each.place}.** {inline(each.entry.name)} — {votes_in_words(contest, each.votes, say)}"
        for each in result.ranked[:LISTED]
    ]
    voted = say.counted("{count} person voted.", "{count} people voted.", result.voters)
    if not result.winners:
        voted = say("Nobody voted, so nobody won.")
    embed.description = "\n".join([*lines, f"-# {voted}"])
    parts: dict[str, Any] = {"embed": embed}
    if result.winners:
        names = ", ".join(f"<@{entry.user_id}>" for entry in result.winners)
        content = "🎉 " + say("Congratulations, {winners}!", winners=names)
        if reward_is_given:
            content += " " + say("{role} is yours.", role=f"<@&{contest.reward_role_id}>")
        parts["content"] = content
        if podium := await podium_of(contest, result, pictures, say):
            parts["file"] = discord.File(
                io.BytesIO(podium), "podium.png", description=say("The podium, with the pictures that won")
            )
            embed.set_image(url="attachment://podium.png")
    return parts


async def podium_of(contest: Contest, result: Result, pictures: EntryPictures, say: Language) -> bytes | None:
    """Draw who stands on it; None where no picture is left."""
    places = []
    for each in result.ranked[:PLACES_MAX]:
        is_voted_for = bool(each.votes) or len(result.ranked) == 1
        if is_voted_for and (png := await pictures.png(each.entry)):
            votes = votes_in_words(contest, each.votes, say) if result.voters else ""
            places.append(PodiumPlace(each.entry.name, votes, png, min(each.place, PLACES_MAX)))
    return await asyncio.to_thread(draw_podium, places, contest.title) if places else None
