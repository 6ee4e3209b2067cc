"""The moderators' desk in a real browser: two people and a moderator, from a picture to its removal."""

from pathlib import Path

from playwright.async_api import Browser, Page, expect

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.browser_page import message_with, needs_browser, open_page, sees_picture

pytestmark = needs_browser


async def becomes(page: Page, name: str) -> None:
    """Go on as somebody else."""
    await page.get_by_test_id("person-switcher").select_option(label=name)
    await expect(page.get_by_test_id("presence")).to_contain_text("online")


async def goes_to(page: Page, channel: str) -> None:
    await page.get_by_test_id(f"channel-{channel}").click()


async def types(page: Page, line: str) -> None:
    composer = page.get_by_test_id("composer")
    await composer.fill(line)
    await composer.press("Enter")


async def chooses(page: Page, menu: str, option: str) -> None:
    """Choose in the newest menu of this name."""
    await page.get_by_role("combobox", name=menu).last.click()
    await page.get_by_role("option", name=option).click()
    await page.keyboard.press("Escape")


async def test_a_picture_is_reported_looked_at_and_hidden(
    bot: BotProcess, server: SandboxServer, browser: Browser, screenshots: Path
) -> None:
    page, complaints = await open_page(browser, server, viewport={"width": 1100, "height": 900})
    await becomes(page, "Mika")
    await types(page, "/settings")
    await page.get_by_role("button", name="People and reports").click()
    await chooses(page, "Where reports go", "night-gallery")
    await expect(message_with(page, "Where reports go")).to_contain_text("#night-gallery")
    await page.screenshot(path=screenshots / "settings.png")

    await becomes(page, "Aoi")
    await types(page, "/imagine tags:1girl, silver hair, night aspect:landscape steps:2 seed:7")
    await sees_picture(page, (1216, 832))

    await becomes(page, "Ren")
    await page.get_by_role("button", name="Report").last.click()
    form = page.get_by_role("dialog")
    await form.get_by_role("textbox").fill("Too dark for my taste")
    await form.get_by_role("button", name="Submit").click()
    await expect(message_with(page, "Thank you")).to_be_visible()

    await becomes(page, "Mika")
    await goes_to(page, "night-gallery")
    report = message_with(page, "reported a picture of")
    await expect(report).to_contain_text("Too dark for my taste")
    await report.get_by_role("button", name="Look at it").click()
    await sees_picture(page, (1216, 832))
    await report.get_by_role("button", name="Hide").click()
    await expect(report).to_contain_text("Hidden by")
    await expect(report.get_by_role("button", name="Dismiss")).to_be_disabled()
    await report.get_by_role("button", name="Block for 7 days").click()
    await expect(report).to_contain_text("Blocked by")
    await report.scroll_into_view_if_needed()
    await page.screenshot(path=screenshots / "desk.png")

    await types(page, "/audit page:1")
    await expect(message_with(page, "hid a picture")).to_contain_text("Too dark for my taste")
    await page.screenshot(path=screenshots / "audit.png")
    await becomes(page, "Aoi")
    await goes_to(page, "drawing")
    await expect(page.get_by_test_id("message-image")).to_have_count(0)
    await types(page, "/imagine tags:1girl")
    await expect(message_with(page, "You have been blocked")).to_be_visible()
    assert complaints == []
