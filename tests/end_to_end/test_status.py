"""What operators see while people draw: metrics, and the status page in a real browser."""

import socket
from pathlib import Path

import aiohttp
from playwright.async_api import Browser, expect

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.browser_page import needs_browser
from tests.end_to_end.person import Person
from tests.end_to_end.results import drawn

pytestmark = needs_browser


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_an_operator_watches_people_draw(
    server: SandboxServer,
    tiny_checkpoint: Path,
    tmp_path: Path,
    aoi: Person,
    browser: Browser,
    screenshots: Path,
) -> None:
    port = free_port()
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_WATCH__PORT": str(port),
        "ANIM4GINE_LOGGING__FORMAT": "json",
        "WATCH_TOKEN": "open sesame",
    }
    async with BotProcess(server, tmp_path, settings) as bot, aiohttp.ClientSession() as session:
        await drawn(aoi)
        await drawn(aoi, count=2)
        status = await aoi.use("status")
        shown = await aoi.waits_for_picture(status)
        assert "Animagine XL 4.0 is ready" in str(shown["embeds"])
        async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
            assert (response.status, await response.json()) == (
                200,
                {"discord": True, "database": True, "model": True},
            )
        async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
            told = await response.text()
        assert "anim4gine_images_total 3.0" in told
        assert "anim4gine_acknowledgement_seconds_count 3.0" in told
        assert "anim4gine_delivery_seconds_count 2.0" in told
        assert 'anim4gine_rest_seconds_count{status="429"} 0.0' in told
        page = await browser.new_page(viewport={"width": 1100, "height": 860})
        complaints: list[str] = []
        page.on("console", lambda it: complaints.append(it.text) if it.type == "error" else None)
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.get_by_label("token").fill("wrong")
        await page.keyboard.press("Enter")
        await page.get_by_label("token").fill("open sesame")
        await page.keyboard.press("Enter")
        tiles = page.get_by_role("region", name="Now")
        await expect(tiles).to_contain_text("Batch slots")
        await expect(page.get_by_role("status")).to_contain_text("✓ discord")
        await expect(page.get_by_role("img", name="Pictures a minute")).to_be_visible()
        await page.screenshot(path=screenshots / "status.png")
        assert complaints == []
        assert "open sesame" not in bot.log
        ended = next(line for line in bot.log.splitlines() if "Job ended" in line)
        assert '"job": "' in ended
