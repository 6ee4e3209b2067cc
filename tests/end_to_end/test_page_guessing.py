"""A guessing game and the leaderboard in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from sandbox import SandboxServer
from tests.end_to_end.browser_page import PICTURE_TIMEOUT_MS, needs_browser, open_page
from tests.end_to_end.person import Person
from tests.end_to_end.test_guessing import Ledger, bot, guesses, is_game

__all__ = ["bot"]  # the fixture: it draws in two steps

pytestmark = needs_browser


async def types(page: Page, line: str) -> None:
    composer = page.get_by_test_id("composer")
    await composer.fill(line)
    await composer.press("Enter")


@pytest.mark.usefixtures("bot")
async def test_a_game_is_played_on_the_page_to_its_board(
    server: SandboxServer, browser: Browser, screenshots: Path, tmp_path: Path, ren: Person, mika: Person
) -> None:
    page, complaints = await open_page(browser, server, viewport={"width": 1100, "height": 1000})
    await types(page, "/guess start tags:3 minutes:5")
    await page.get_by_test_id("message-image").first.wait_for(timeout=PICTURE_TIMEOUT_MS)
    game = await ren.waits_for(is_game)
    ledger = Ledger(tmp_path)
    tags = ledger.tags()
    await guesses(ren, game, tags[1])
    ledger.hasten("guess-hint", step=1)
    await expect(page.get_by_test_id("message").last).to_contain_text("hint", timeout=PICTURE_TIMEOUT_MS)
    await page.screenshot(path=screenshots / "guess.png")
    await page.get_by_role("button", name="Guess", exact=True).first.click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox").fill(f"xyzzy, {tags[0]}")
    await page.screenshot(path=screenshots / "guess-form.png")
    await form.get_by_role("button", name="Submit").click()
    await expect(page.get_by_test_id("log")).to_contain_text(f"found {tags[0]}")
    await guesses(mika, game, tags[2])
    found_all = page.get_by_test_id("log").get_by_text("All tags are found!")
    await expect(found_all).to_be_visible(timeout=PICTURE_TIMEOUT_MS)
    await expect(page.get_by_role("button", name="Again").last).to_be_visible(timeout=PICTURE_TIMEOUT_MS)
    await page.screenshot(path=screenshots / "guess-board.png")
    await types(page, "/leaderboard")
    await page.get_by_test_id("send").click()  # its one option is left out
    board = page.get_by_test_id("message").last
    await expect(board).to_contain_text("Leaderboard")
    await expect(board).to_contain_text("@Ren")
    await board.scroll_into_view_if_needed()
    await board.screenshot(path=screenshots / "leaderboard.png")
    assert complaints == []
    assert server.statistics.refusals == []
