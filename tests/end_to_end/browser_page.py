"""The sandbox page in a real Chromium."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from sandbox import SandboxServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
"""The marks of a test that opens the page."""

QUIET = [
    "--no-sandbox",  # CI runs as root, where Chromium's own sandbox can't
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURE_TIMEOUT_MS = 60_000


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Start Chromium."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        await chromium.close()


async def open_page(browser: Browser, server: SandboxServer, **options: object) -> tuple[Page, list[str]]:
    """Open the sandbox page; returns it with the list of what its console complains of."""
    page = await browser.new_page(**options)  # type: ignore[arg-type]  # the options are Playwright's own
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda it: complaints.append(it.text) if it.type == "error" else None)
    await page.goto(f"{server.base_url}/")
    await expect(page.get_by_test_id("presence")).to_contain_text("online")
    return page, complaints


def message_with(page: Page, text: str) -> Locator:
    """The newest message that says `text`."""
    return page.get_by_test_id("message").filter(has_text=text).last


async def sees_picture(page: Page, size: tuple[int, int], timeout_ms: int = PICTURE_TIMEOUT_MS) -> None:
    """Wait until the newest picture has so many pixels: before it there may be a smaller first look."""
    picture = page.get_by_test_id("message-image").last
    await picture.wait_for(timeout=timeout_ms)
    await page.wait_for_function(
        "([width, height]) => { const all = document.querySelectorAll('[data-testid=message-image]');"
        " const last = all[all.length - 1];"
        " return last && last.naturalWidth === width && last.naturalHeight === height }",
        arg=list(size),
        timeout=timeout_ms,
    )
    assert await picture.get_attribute("alt")
