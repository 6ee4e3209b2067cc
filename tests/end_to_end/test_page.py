"""A newcomer's way in a real browser: type `/imagine` on the sandbox page, wait, see the picture."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.browser_page import (
    PICTURE_TIMEOUT_MS,
    message_with,
    needs_browser,
    open_page,
    sees_picture,
)

pytestmark = needs_browser


async def test_a_newcomer_types_imagine_and_sees_a_picture(
    bot: BotProcess, server: SandboxServer, browser: Browser, screenshots: Path
) -> None:
    page, complaints = await open_page(browser, server, viewport={"width": 1280, "height": 900})
    composer = page.get_by_test_id("composer")
    await composer.fill("/imagi")
    picker = page.get_by_test_id("command-picker")
    await expect(picker.get_by_role("option")).to_contain_text(["/imagine"])
    await page.screenshot(path=screenshots / "command-picker.png")
    await composer.press("Enter")
    tags = page.get_by_test_id("command-option-tags")
    await tags.fill("1girl, silver hair, smile, night, city lights")
    await tags.press("Enter")
    await sees_picture(page, (832, 1216))
    message = message_with(page, "Seed")
    for fact in ("Seed", "832 × 1216", "Steps", "25", "Guidance", "Time", "masterpiece"):
        await expect(message).to_contain_text(fact)
    await page.screenshot(path=screenshots / "sandbox.png")
    assert complaints == []
    assert server.statistics.refusals == []


async def test_options_are_chosen_by_keyboard_and_a_typed_line_works_too(
    bot: BotProcess, server: SandboxServer, browser: Browser, screenshots: Path
) -> None:
    page, complaints = await open_page(browser, server, viewport={"width": 1280, "height": 900})
    composer = page.get_by_test_id("composer")
    await composer.fill("/imagine tags:1girl, solo aspect:landscape steps:2 seed:7")
    await composer.press("Enter")
    await sees_picture(page, (1216, 832))
    await expect(message_with(page, "Seed")).to_contain_text("7")
    await expect(message_with(page, "Before you draw")).to_contain_text("CreativeML Open RAIL++-M")
    assert complaints == []


async def test_a_waiting_picture_is_cancelled_by_its_button(
    bot: BotProcess, server: SandboxServer, browser: Browser
) -> None:
    page, _ = await open_page(browser, server)
    composer = page.get_by_test_id("composer")
    await composer.fill("/imagine tags:1girl count:4 steps:50")
    await composer.press("Enter")
    await page.get_by_role("button", name="Cancel").click()
    await expect(message_with(page, "Cancelled")).to_be_visible(timeout=PICTURE_TIMEOUT_MS)


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
async def test_the_page_fits_a_phone_in_light_and_dark(
    bot: BotProcess, server: SandboxServer, browser: Browser, screenshots: Path, colour_scheme: str
) -> None:
    page, complaints = await open_page(
        browser, server, viewport={"width": 360, "height": 740}, color_scheme=colour_scheme
    )
    composer = page.get_by_test_id("composer")
    await composer.fill("/imagine tags:1girl, solo steps:2")
    await composer.press("Enter")
    await sees_picture(page, (832, 1216))
    width = await page.evaluate("() => document.documentElement.scrollWidth")
    await page.screenshot(path=screenshots / f"phone-{colour_scheme}.png")
    assert width <= 360
    assert complaints == []
