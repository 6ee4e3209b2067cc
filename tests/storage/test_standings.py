"""Standings are added up by server and season, and each event counts once."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.audit import AuditLog, Deed
from storage.database import Database
from storage.standings import EventKind, SeasonStanding, Standing, StandingStore, quarter

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
GUILD, AOI, REN, MIKA = 1, 11, 12, 13
FIRST = [Standing(AOI, 1, 100), Standing(REN, 2, 67)]


@pytest.fixture
def store(database: Database) -> StandingStore:
    return StandingStore(database)


async def record(
    store: StandingStore, event_id: str, standings: list[Standing], at: datetime = NOON, guild_id: int = GUILD
) -> None:
    await store.record(guild_id, event_id, EventKind.CONTEST, standings, at)


async def test_points_are_added_up_and_as_many_are_the_same_place(store: StandingStore) -> None:
    await record(store, "a", FIRST)
    await record(store, "b", [Standing(REN, 1, 50), Standing(AOI, 2, 17), Standing(MIKA, 3, 10)])
    await record(store, "c", [Standing(MIKA, 1, 1000)], guild_id=2)
    board = await store.leaderboard(GUILD, "2026-Q4", MIKA)
    assert board.standings == [
        SeasonStanding(AOI, 1, 117, 2, 1),
        SeasonStanding(REN, 1, 117, 2, 1),
        SeasonStanding(MIKA, 3, 10, 1, 0),
    ]
    assert (board.people, board.own) == (3, SeasonStanding(MIKA, 3, 10, 1, 0))
    assert (await store.leaderboard(GUILD, "2026-Q4", 99)).own is None


async def test_an_event_counts_once_however_often_it_is_recorded(store: StandingStore) -> None:
    for _ in range(3):
        await record(store, "a", FIRST)
    await record(store, "a", [Standing(REN, 1, 100)])
    board = await store.leaderboard(GUILD, "2026-Q4", AOI)
    assert board.standings == [SeasonStanding(REN, 1, 100, 1, 1)]
    await record(store, "a", [])
    assert (await store.leaderboard(GUILD, "2026-Q4", AOI)).people == 0


async def test_a_board_comes_in_pages(store: StandingStore) -> None:
    await record(store, "a", [Standing(number, number, 200 - number) for number in range(1, 26)])
    pages = [await store.leaderboard(GUILD, "2026-Q4", 25, page=page) for page in (1, 2, 3, 4)]
    assert [len(page.standings) for page in pages] == [10, 10, 5, 0]
    assert pages[1].standings[0].place == 11
    assert all(page.people == 25 and page.own == pages[2].standings[-1] for page in pages)


async def test_a_season_begins_when_moderators_say_so_and_is_written_down(
    database: Database, store: StandingStore
) -> None:
    await record(store, "a", FIRST)
    await store.start_season(GUILD, "Winter cup", MIKA, NOON + timedelta(hours=1))
    await record(store, "b", FIRST, NOON + timedelta(hours=2))
    await record(store, "a", FIRST)  # told again: it ended in the season before
    assert await store.season(GUILD, NOON) == "2026-Q4"
    assert await store.season(GUILD, NOON + timedelta(hours=1)) == "Winter cup"
    assert await store.season(2, NOON) == "2026-Q4"
    assert await store.seasons(GUILD) == ["Winter cup", "2026-Q4"]
    board = await store.leaderboard(GUILD, "Winter cup", AOI)
    assert board.own == SeasonStanding(AOI, 1, 100, 1, 1)
    await store.start_season(GUILD, "Spring cup", MIKA, NOON + timedelta(hours=3))
    await store.start_season(GUILD, "Winter cup", MIKA, NOON + timedelta(hours=4))  # it goes on
    assert await store.season(GUILD, NOON + timedelta(hours=5)) == "Winter cup"
    [latest, *_], _ = await AuditLog(database).page(GUILD)
    assert (latest.deed, latest.actor_id, latest.reason) == (Deed.SEASON_STARTED, MIKA, "Winter cup")


@pytest.mark.parametrize(("month", "name"), [(1, "2026-Q1"), (3, "2026-Q1"), (4, "2026-Q2"), (12, "2026-Q4")])
def test_quarters_have_three_months(month: int, name: str) -> None:
    assert quarter(datetime(2026, month, 1, tzinfo=UTC)) == name
