"""What comes after the first picture, in a real browser: tags completed, a form, a grid, the history."""

from pathlib import Path

from playwright.async_api import Browser, Page, expect

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.browser_page import PICTURE_TIMEOUT_MS, needs_browser, open_page, sees_picture

pytestmark = needs_browser


async def types(page: Page, line: str) -> None:
    composer = page.get_by_test_id("composer")
    await composer.fill(line)
    await composer.press("Enter")


async def test_tags_are_offered_while_they_are_typed(
    bot: BotProcess, server: SandboxServer, browser: Browser, screenshots: Path
) -> None:
    page, complaints = await open_page(browser, server, viewport={"width": 1100, "height": 760})
    composer = page.get_by_test_id("composer")
    await composer.fill("/imagi")
    await composer.press("Enter")
    tags = page.get_by_test_id("command-option-tags")
    await tags.fill("1girl, silver hair, cherry bl")
    await expect(page.get_by_role("listbox").get_by_role("option").first).to_contain_text("cherry blossoms")
    await page.screenshot(path=screenshots / "tags.png")
    assert complaints == []


async def test_a_picture_is_edited_varied_and_found_again(
    bot: BotProcess, server: SandboxServer, browser: Browser, screenshots: Path
) -> None:
    page, complaints = await open_page(browser, server, viewport={"width": 1100, "height": 1000})
    await types(page, "/imagine tags:1girl, silver hair, night steps:6 seed:7 aspect:landscape")
    await sees_picture(page, (1216, 832))
    for label in ("Again", "Vary a little", "Edit", "Enlarge ×2", "Info", "Save", "Delete"):
        await expect(page.get_by_role("button", name=label).last).to_be_visible()
    await page.screenshot(path=screenshots / "picture-buttons.png")
    await page.get_by_role("button", name="Edit").last.click()
    form = page.get_by_role("dialog")
    await expect(form).to_contain_text("Seed and guidance")
    await page.screenshot(path=screenshots / "edit-form.png")
    await form.get_by_role("textbox").first.fill("1girl, red hair, night")
    await form.get_by_role("button", name="Submit").click()
    await expect(page.get_by_test_id("message-image")).to_have_count(2, timeout=PICTURE_TIMEOUT_MS)
    await types(page, "/compare tags:1girl, red hair option:steps values:1,2,4 seed:7 aspect:landscape")
    await expect(page.get_by_test_id("message-image")).to_have_count(3, timeout=PICTURE_TIMEOUT_MS)
    await page.screenshot(path=screenshots / "grid.png")
    await types(page, "/history")
    await expect(page.get_by_test_id("message").last).to_contain_text(
        "Page 3 of 3", timeout=PICTURE_TIMEOUT_MS
    )
    await page.get_by_role("button", name="Older").last.click()
    await expect(page.get_by_test_id("message").last).to_contain_text("Page 2 of 3")
    await sees_picture(page, (1216, 832))
    await page.screenshot(path=screenshots / "history.png")
    assert complaints == []
    assert server.statistics.refusals == []
