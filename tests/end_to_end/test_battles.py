"""Prompt battles through real sockets: a whole one with a kill in the middle, and what hinders people."""

import asyncio
from pathlib import Path

from sandbox import SandboxServer
from storage.battles import BattleDeadline, BattleState
from tests.end_to_end.battle_people import Beside, card, challenged, draws, enters, settings_of, told
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import WAIT_S, Person
from tests.end_to_end.results import EPHEMERAL, labels


async def test_a_whole_battle_with_a_kill_in_the_middle_of_the_vote(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person, ren: Person, mika: Person
) -> None:
    settings, beside = settings_of(tiny_checkpoint, tmp_path), Beside(tmp_path)
    async with BotProcess(server, tmp_path, settings) as bot:
        await bot.model_is_ready()
        invitation = await challenged(aoi, ren)
        assert f"<@{ren.id}>" in invitation["content"]
        await aoi.press(invitation, "Accept")
        await told(aoi, "Only the one who was challenged")
        await ren.press(invitation, "Accept")
        await told(mika, "has accepted")
        shown = await card(mika, aoi)
        await mika.press(shown, "Draw")
        await told(mika, "Only the two of this battle")
        results = [await draws(person, shown) for person in (aoi, ren)]
        assert all(result["flags"] & EPHEMERAL for result in results)
        # The same seed and prompt are the same picture, whoever draws it.
        first, second = [await aoi.download(result["attachments"][0]) for result in results]
        assert first == second
        assert "Until the other one enters" in await enters(aoi, results[0])
        another = await draws(ren, shown, "1boy, moon")
        assert "the vote begins" in await enters(ren, another)
        pair = await mika.waits_for(lambda it: labels(it) == ["A", "B"])
        assert not {"Aoi", "Ren"} & set(pair["content"].split())
        assert pair["attachments"][0]["description"].startswith("AI-generated pictures A and B")
        await aoi.press(pair, "A")
        await told(aoi, "the others vote")
        await asyncio.gather(*(mika.press(pair, "A") for _ in range(5)))
        battle = await beside.battle(server.world.guild_id)
        assert await beside.battles.votes(battle.id) == {battle.sides[0]: 1}
        await bot.kill()
    async with BotProcess(server, tmp_path, settings):
        await mika.press(pair, "B")
        assert await beside.battles.votes(battle.id) == {battle.sides[1]: 1}
        await beside.is_due(battle.id, BattleDeadline.VOTING)
        winner = await told(mika, "🏆")
        assert f"<@{battle.sides[1]}> wins" in winner["content"]
        assert winner["attachments"][0]["filename"] == "winner.png"
        await mika.waits_for(lambda it: it["id"] == pair["id"] and it["components"] == [])
    messages = [it for it in await mika.messages() if not it["flags"] & EPHEMERAL]
    assert len([it for it in messages if it["attachments"]]) == 2
    assert len([it for it in messages if "has accepted" in it["content"]]) == 1
    assert server.statistics.refusals == []
    await beside.database.stop()


async def test_a_restart_between_the_deadline_and_its_post_posts_once(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person, ren: Person
) -> None:
    """The winner's message is taken by Discord, and the bot dies before it knows."""
    settings, beside = settings_of(tiny_checkpoint, tmp_path), Beside(tmp_path)
    async with BotProcess(server, tmp_path, settings) as bot:
        await bot.model_is_ready()
        await ren.press(await challenged(aoi, ren), "Accept")
        await enters(aoi, await draws(aoi, await card(aoi, aoi)))
        battle = await beside.battle(server.world.guild_id)
        server.faults.drop_answer(r"POST /api/v10/channels/\d+/messages", times=1000)
        await beside.is_due(battle.id, BattleDeadline.DRAWING)
        winner = await told(ren, "🏆")
        assert f"<@{ren.id}> has no picture in it" in winner["content"]
        await bot.kill()
    server.faults.clear()
    async with BotProcess(server, tmp_path, settings):
        async with asyncio.timeout(WAIT_S):
            while (ended := await beside.battles.find(battle.id)) and ended.result_message_id is None:
                await asyncio.sleep(0.1)
    assert ended is not None
    assert str(ended.result_message_id) == winner["id"]
    assert len([it for it in await ren.messages() if "🏆" in it["content"]]) == 1
    await beside.database.stop()


async def test_what_hinders_a_battle_is_explained(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path, aoi: Person, ren: Person, mika: Person
) -> None:
    settings, beside = settings_of(tiny_checkpoint, tmp_path), Beside(tmp_path)
    async with BotProcess(server, tmp_path, settings):
        await challenged(aoi, aoi)
        await told(aoi, "neither yourself nor a bot")
        await aoi.use("battle start", opponent=ren, theme="nude child")
        await told(aoi, "can't stand here")
        invitation = await challenged(aoi, ren)
        await ren.press(invitation, "Decline")
        await told(aoi, "would rather not battle")
        await challenged(aoi, ren)
        battle = await beside.battle(server.world.guild_id)
        await beside.is_due(battle.id, BattleDeadline.INVITE)
        await told(ren, "Nobody answered")
        # Two who stay away, and what moderators do.
        await ren.press(await challenged(aoi, ren), "Accept")
        battle = await beside.battle(server.world.guild_id)
        await mika.use("referee end", event=battle.id, reason="late")
        await told(ren, "ends without a winner")
        await ren.press(await challenged(aoi, ren), "Accept")
        battle = await beside.battle(server.world.guild_id)
        await mika.use("referee disqualify", event=battle.id, member=aoi, reason="traced")
        await told(ren, "was disqualified")
        await ren.press(await challenged(aoi, ren), "Accept")
        battle = await beside.battle(server.world.guild_id)
        await mika.use("referee cancel", event=battle.id)
        await told(ren, "called off by the moderators")
        ended = await beside.battles.find(battle.id)
        assert ended is not None
        assert ended.state is BattleState.CANCELLED
        await aoi.forges(await mika.typed("referee end", event=battle.id))
        await told(aoi, "moderat")
        log = (await mika.use("audit"))["message"]["content"]
        assert f"<@{mika.id}> disqualified <@{aoi.id}>: Aoi / Ren: traced" in log
        assert "cancelled an event" in log
        assert "ended an event early: Aoi / Ren: late" in log
    await beside.database.stop()
