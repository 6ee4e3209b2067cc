"""A contest as files: its gallery as one page, its entries and votes as tables."""

import asyncio

from cogs.events.contest_card import rules_in_words
from cogs.events.contest_host import ContestHost
from cogs.events.contest_results import Ranking, votes_in_words
from cogs.language import Language
from cogs.parts import Parts
from events.contest_rules import ContestRules
from events.gallery import Gallery, GalleryPicture, GalleryTooLarge, gallery_page
from events.tables_as_csv import table_as_csv
from generation.errors import JobUnknown
from generation.past_jobs import PastJobs
from storage.contests import Contest, ContestState, Voting

OVERHEAD_BYTES = 64 * 1024
"""What the tables' frames take beside the page."""


async def exported(
    contest: Contest, parts: Parts, host: ContestHost, say: Language, limit_bytes: int
) -> list[tuple[str, bytes]]:
    """Make the files, by name. The gallery is left out where even small pictures are too much."""
    result = await host.result(contest)
    tables = [
        ("entries.csv", await _entries_table(contest, parts, result.ranked)),
        ("votes.csv", await _votes_table(contest, parts)),
    ]
    pictures = [await _picture(contest, parts.past_jobs, host, each, say) for each in result.ranked]
    gallery = Gallery(
        title=contest.title,
        theme=contest.theme,
        pictures=[picture for picture in pictures if picture is not None],
        about=" · ".join(rules_in_words(ContestRules.from_json(contest.rules), say)),
        foot=f"{contest.starts_at:%Y-%m-%d} – {contest.voting_ends_at:%Y-%m-%d}",
        language=say.code,
    )
    try:
        page = await asyncio.to_thread(gallery_page, gallery, limit_bytes - OVERHEAD_BYTES)
    except GalleryTooLarge:
        return tables
    return [("gallery.html", page), *tables]


async def _picture(
    contest: Contest, past_jobs: PastJobs, host: ContestHost, each: Ranking, say: Language
) -> GalleryPicture | None:
    png = await host.pictures.png(each.entry)
    if png is None:
        return None
    is_over = contest.state is ContestState.ENDED
    return GalleryPicture(
        png=png,
        name=each.entry.name,
        votes=votes_in_words(contest, each.votes, say) if is_over else "",
        alt_text=say("Entry {number}", number=each.entry.shown_as or "-"),
        place=str(each.place) if is_over else "",
        prompt=await _prompt_of(past_jobs, each),
    )


async def _entries_table(contest: Contest, parts: Parts, ranked: tuple[Ranking, ...]) -> bytes:
    places = {each.entry.id: each for each in ranked}
    rows = []
    for entry in await parts.entries.of_contest(contest.id, with_removed=True):
        each = places.get(entry.id)
        rows.append(
            (
                entry.id,
                entry.shown_as,
                str(entry.user_id),
                entry.name,
                entry.job_id,
                entry.number + 1,
                entry.entered_at.isoformat(),
                entry.removed_at.isoformat() if entry.removed_at else "",
                each.place if each else None,
                each.votes if each else None,
                round(each.strength, 4) if each else None,
            )
        )
    columns = (
        "entry", "shown as", "user id", "name", "picture", "number", "entered", "removed", "place", "votes", "strength",
    )  # fmt: skip
    return await asyncio.to_thread(table_as_csv, columns, rows)


async def _votes_table(contest: Contest, parts: Parts) -> bytes:
    if contest.voting is Voting.BALLOT:
        cast = await parts.ballots.ballots(contest.id)
        rows = [(str(voter), pick) for voter, picks in cast.items() for pick in picks]
        return table_as_csv(("voter", "entry"), rows)
    compared = await parts.ballots.comparisons(contest.id)
    return table_as_csv(
        ("voter", "preferred", "other"), [(str(voter), won, lost) for voter, won, lost in compared]
    )


async def _prompt_of(past_jobs: PastJobs, each: Ranking) -> str:
    try:
        job = await past_jobs.find(each.entry.job_id, each.entry.user_id, with_pictures=False)
    except (JobUnknown, ValueError):
        return ""
    return job.images[each.entry.number].prompt
