"""The chat page in a real browser: a forum's posts and the server's scheduled events."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import pytest
from playwright.async_api import Browser, expect

from sandbox import SandboxServer
from tests.end_to_end.browser_page import needs_browser, open_page, running_browser
from tests.sandbox.client import Bot

pytestmark = needs_browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A Chromium of its own."""
    async with running_browser() as chromium:
        yield chromium


async def test_posts_and_scheduled_events_are_seen_when_they_come(
    bot: Bot, server: SandboxServer, browser: Browser, screenshots: Path
) -> None:
    page, complaints = await open_page(browser, server, viewport={"width": 1100, "height": 700})
    await expect(page.get_by_test_id("scheduled-event")).to_have_count(0)
    guild, now = bot.guilds[0], datetime.now(UTC)
    events = [
        await guild.create_scheduled_event(
            name=name,
            description=description,
            start_time=now + timedelta(hours=hours, minutes=1),
            end_time=now + timedelta(hours=hours + 48),
            entity_type=discord.EntityType.external,
            privacy_level=discord.PrivacyLevel.guild_only,
            location="#art-events",
        )
        for name, description, hours in (
            ("Bracket of eight", "Eight people, seven battles, one winner.", 26),
            ("Summer contest", "Draw the sea, with at most three entries a person. Voting is blind.", 1),
        )
    ]
    names = page.locator(".event__name")
    await expect(names).to_have_text(["Summer contest", "Bracket of eight"])  # the next first
    await events[1].start()
    await expect(page.get_by_test_id("scheduled-event").first).to_contain_text("Now, ends in 2 days")
    thread, _ = await guild.forums[0].create_thread(name="Summer contest", content="Draw the sea")
    old, _ = await guild.forums[0].create_thread(name="Spring contest", content="Draw blossoms")
    await old.edit(archived=True)
    await page.get_by_test_id("channel-art-events").click()
    await expect(page.get_by_test_id("post")).to_have_text(["Spring contestarchived", "Summer contest"])
    await expect(page.get_by_test_id("channel-Spring contest")).to_have_count(0)
    await page.screenshot(path=screenshots / "forum.png")
    await page.get_by_test_id("post").last.click()
    await expect(page.get_by_test_id("message")).to_contain_text("Draw the sea")
    await thread.send("Three entries so far")
    await expect(page.get_by_test_id("message").last).to_contain_text("Three entries so far")
    assert complaints == []
