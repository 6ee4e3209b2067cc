"""Events as their people see them, in a real browser: a battle, a bracket, a podium, with names of many scripts."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from sandbox import SandboxServer
from sandbox.world import Person as Resident
from sandbox.world import World
from storage.battles import BattleDeadline
from tests.end_to_end import contest
from tests.end_to_end.battle_people import Beside, card, draws, enters, settings_of, told
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.browser_page import PICTURE_TIMEOUT_MS, needs_browser, open_page
from tests.end_to_end.person import Person
from tests.end_to_end.results import labels
from tests.end_to_end.test_tournaments import Cup

pytestmark = [*needs_browser, pytest.mark.slow]

NAMES = ("葵 ✨", "نور القمر", "น้ำใส", "하늘 Sky", "Ёлка", "Zoë 🌸", "海斗", "Mateo 👩‍🎤")


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    """A sandbox with people from everywhere."""
    world = World.default()
    world.people += [Resident(world.snowflakes.next(), name, "#c2417c") for name in NAMES]
    sandbox = SandboxServer(port=0, world=world)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@asynccontextmanager
async def people_of(server: SandboxServer) -> AsyncIterator[list[Person]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Person.called(name, server)) for name in NAMES]


async def shows_picture(page: Page, alt: str) -> None:
    """Wait until the newest picture with such words is loaded, and bring it into view."""
    picture = page.get_by_alt_text(re.compile(alt)).last
    await picture.wait_for(timeout=PICTURE_TIMEOUT_MS)
    await picture.scroll_into_view_if_needed()
    # Pictures are decoded beside the page; a screenshot would show their empty frames.
    painted = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    await picture.evaluate(f"async it => {{ await it.decode(); await {painted} }}")
    await picture.scroll_into_view_if_needed()


@pytest.mark.timeout(600)
async def test_a_battle_and_a_bracket(
    server: SandboxServer,
    tiny_checkpoint: Path,
    tmp_path: Path,
    mika: Person,
    browser: Browser,
    screenshots: Path,
) -> None:
    beside = Beside(tmp_path)
    async with (
        BotProcess(server, tmp_path, settings_of(tiny_checkpoint, tmp_path)) as bot,
        people_of(server) as people,
    ):
        await bot.model_is_ready()
        page, complaints = await open_page(browser, server, viewport={"width": 1100, "height": 900})
        first, second = people[:2]
        answer = await first.use("battle start", opponent=second, theme="月夜の神社, fireworks")
        await second.press(answer["message"], "Accept")
        shown = await card(mika, first)
        await enters(first, await draws(first, shown, "1girl, kimono, shrine, fireworks"))
        await enters(second, await draws(second, shown, "1boy, lantern, moon"))
        await shows_picture(page, "pictures A and B")
        await page.screenshot(path=screenshots / "battle.png")
        pair = await mika.waits_for(lambda it: labels(it) == ["A", "B"])
        await mika.press(pair, "B")
        battle = await beside.battle(server.world.guild_id)
        await beside.is_due(battle.id, BattleDeadline.VOTING)
        await shows_picture(page, "card of the winner")
        await page.screenshot(path=screenshots / "winner.png")

        answer = await mika.use(
            "tournament create", title="夏祭り Cup 🎆", theme="festival | moon | fireworks"
        )
        for person in people:
            await person.press(answer["message"], "Join")
        await mika.use("tournament start")
        cup = Cup({int(person.id): person for person in people}, mika, beside)
        tournament = await cup.tournament()
        for match in await cup.battles(tournament.id, 0, 4):
            await mika.use("referee disqualify", event=match.id, member=cup.people[match.opponent_id])
        await told(mika, "round 2 of 3")
        await cup.battles(tournament.id, 1, 2)
        await expect(page.get_by_alt_text(re.compile("The bracket of"))).to_have_count(2)
        await shows_picture(page, "The bracket of")
        await page.screenshot(path=screenshots / "bracket.png")
        assert complaints == []
        assert server.statistics.refusals == []
    await beside.database.stop()


@pytest.mark.timeout(600)
async def test_a_podium(
    server: SandboxServer,
    tiny_checkpoint: Path,
    tmp_path: Path,
    mika: Person,
    browser: Browser,
    screenshots: Path,
) -> None:
    async with (
        BotProcess(server, tmp_path, settings_of(tiny_checkpoint, tmp_path)) as bot,
        people_of(server) as people,
    ):
        await bot.model_is_ready()
        page, complaints = await open_page(browser, server, viewport={"width": 1100, "height": 1000})
        await contest.holds_contest(mika)
        for number, person in enumerate(people[:3]):
            await contest.enters(person, await contest.draws(person, f"1girl, lantern, number {number}"))
        poll = await contest.ends_now(mika, "The vote on")
        # One has three votes, one two, one one.
        for voter, wanted in zip([*people[3:], mika], (0, 0, 0, 1, 1, 2), strict=True):
            ballot = (await voter.press(poll, "Vote"))["message"]
            offered = sorted(contest.options_of(ballot), key=lambda option: str(option["value"]))
            await voter.choose(ballot, "ballot:", offered[wanted]["label"])
        await contest.ends_now(mika, "Congratulations")
        await page.get_by_test_id(f"channel-{contest.TITLE}").click()
        await shows_picture(page, "podium")
        await page.screenshot(path=screenshots / "podium.png")
        assert complaints == []
