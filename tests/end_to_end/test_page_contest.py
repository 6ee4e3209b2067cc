"""A contest in a real browser, held as a forum's post: its card, the vote, the results."""

import asyncio
from pathlib import Path

from playwright.async_api import Browser, expect

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.browser_page import PICTURE_TIMEOUT_MS, needs_browser, open_page
from tests.end_to_end.contest import TITLE, draws, ends_now, enters, holds_contest
from tests.end_to_end.person import Named, Person

SOON_S = 30

pytestmark = needs_browser

DRAWN = {"Aoi": "1girl, lantern, river", "Ren": "1girl, lantern, bridge", "Mika": "lantern, night sky"}


async def test_a_contest_is_a_post_of_a_forum_and_is_voted_on_in_it(
    bot: BotProcess,
    server: SandboxServer,
    browser: Browser,
    screenshots: Path,
    aoi: Person,
    ren: Person,
    mika: Person,
) -> None:
    await bot.model_is_ready()
    await holds_contest(
        mika,
        found_in=TITLE,
        where=Named.channel(server, "art-events"),
        theme="A town on a river, on the night when everybody hangs out a paper lantern. What do you see from your "
        "window?",
        required="lantern",
        forbidden="gun*",
        aspect="square",
        entries=2,
        drawings=20,
        account_days=7,
        reward=Named.role(server, "Champion"),
        voting_ends="2d",
    )
    (event,) = server.world.scheduled_events.values()
    assert event["name"] == TITLE
    page, complaints = await open_page(browser, server, viewport={"width": 1100, "height": 900})
    await page.get_by_test_id(f"channel-{TITLE}").click()
    for label in ("Draw", "How it stands"):
        await expect(page.get_by_role("button", name=label).last).to_be_visible()
    await page.screenshot(path=screenshots / "contest.png")
    for person in (aoi, ren, mika):
        assert "Entered" in await enters(person, await draws(person, DRAWN[person.name]))
    await ends_now(mika, "The vote on")
    vote = page.get_by_role("button", name="Vote").last
    await expect(vote).to_be_visible(timeout=PICTURE_TIMEOUT_MS)
    await vote.click()
    await expect(page.get_by_test_id("message").last).to_contain_text("Your ballot is empty")
    await page.screenshot(path=screenshots / "ballot.png")
    await page.get_by_role("button", name="Look one by one").last.click()
    await expect(page.get_by_test_id("message").last).to_contain_text("(1 of 2)")
    await page.get_by_role("button", name="Pick it").last.click()
    await expect(page.get_by_test_id("message").last).to_contain_text("It counts as it is")
    await ends_now(mika, "Congratulations")
    await expect(page.get_by_test_id("message").last).to_contain_text("1 person voted")
    await expect(page.get_by_test_id("message-image").last).to_be_visible(timeout=PICTURE_TIMEOUT_MS)
    async with asyncio.timeout(SOON_S):
        while server.world.scheduled_events:  # it ends after the results are posted
            await asyncio.sleep(0.05)
    assert complaints == []
    assert server.statistics.refusals == []
