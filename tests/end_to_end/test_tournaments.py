"""A bracket of eight to its champion, through real sockets, with a kill in the middle of its first round."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from sandbox import SandboxServer
from storage.battles import Battle, BattleDeadline, BattleState
from storage.tournaments import Tournament
from tests.end_to_end.battle_people import Beside, draws, enters, settings_of, told
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.crowd import crowded_world
from tests.end_to_end.person import WAIT_S, Message, Person
from tests.end_to_end.results import EPHEMERAL, labels

PEOPLE = 8


class Cup:
    """The tournament's people, by their ids, and what they do."""

    def __init__(self, people: dict[int, Person], mika: Person, beside: Beside) -> None:
        self.people = people
        self.mika = mika
        self.beside = beside

    async def tournament(self) -> Tournament:
        """The one of the server."""
        world = await self.mika.world()
        return (await self.beside.tournaments.under_way(int(world["guild"]["id"])))[0]

    async def battles(self, tournament_id: str, round_number: int, count: int) -> list[Battle]:
        """Wait until so many battles of a round have a card, or are over; in the order of the bracket."""
        async with asyncio.timeout(WAIT_S):
            while True:
                held = [
                    battle
                    for battle in await self.beside.battles.of_tournament(tournament_id)
                    if battle.round == round_number
                    and (battle.card_message_id or battle.state is BattleState.ENDED)
                ]
                if len(held) == count:
                    return sorted(held, key=lambda battle: battle.number or 0)
                await asyncio.sleep(0.1)

    async def champion_of(self, tournament_id: str) -> int:
        """Wait until it is stored who has won, which comes after everybody was told."""
        async with asyncio.timeout(WAIT_S):
            while True:
                tournament = await self.beside.tournaments.find(tournament_id)
                if tournament is not None and tournament.champion_id is not None:
                    return tournament.champion_id
                await asyncio.sleep(0.1)

    async def enters(self, battle: Battle, user_id: int) -> None:
        """Have one of the two draw and enter."""
        person = self.people[user_id]
        shown = await person.waits_for(lambda it: it["id"] == str(battle.card_message_id))
        await enters(person, await draws(person, shown, f"1girl, number {user_id % 100}"))

    async def is_played(self, battle: Battle, winner_id: int) -> None:
        """Both enter, the moderator votes, and the vote is over."""
        for user_id in battle.players:
            await self.enters(battle, user_id)
        pair = await self.mika.waits_for(lambda it: _is_pair_of(it, battle))
        after = await self.beside.battles.find(battle.id)
        assert after is not None
        await self.mika.press(pair, "A" if after.sides[0] == winner_id else "B")
        await self.beside.is_due(battle.id, BattleDeadline.VOTING)


def _is_pair_of(message: Message, battle: Battle) -> bool:
    buttons = [item for row in message["components"] for item in row["components"]]
    return labels(message) == ["A", "B"] and str(buttons[0]["custom_id"]).endswith(battle.id)


@asynccontextmanager
async def eight_people(server: SandboxServer, folder: Path) -> AsyncIterator[Cup]:
    async with AsyncExitStack() as stack:
        called = [
            await stack.enter_async_context(Person.called(f"Guest {number}", server))
            for number in range(PEOPLE)
        ]
        mika = await stack.enter_async_context(Person.called("Mika", server))
        beside = Beside(folder)
        yield Cup({int(person.id): person for person in called}, mika, beside)
        await beside.database.stop()


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_eight_join_and_one_is_left_through_a_kill(tiny_checkpoint: Path, tmp_path: Path) -> None:
    server = SandboxServer(port=0, world=crowded_world(PEOPLE))
    await server.start()
    settings = settings_of(tiny_checkpoint, tmp_path)
    async with eight_people(server, tmp_path) as cup:
        mika = cup.mika
        async with BotProcess(server, tmp_path, settings) as bot:
            answer = await mika.use(
                "tournament create", title="夏祭り Cup 🎆", theme="shrine | fireworks | moon", aspect="square"
            )
            call = answer["message"]
            for person in list(cup.people.values())[:3]:
                await person.press(call, "Join")
            await mika.use("tournament start")
            await told(mika, "3 have joined so far")
            await asyncio.gather(*(person.press(call, "Join") for person in cup.people.values()))
            tournament = await cup.tournament()
            await asyncio.gather(*(mika.use("tournament start") for _ in range(3)))
            first = await cup.battles(tournament.id, 0, 4)
            assert {player for battle in first for player in battle.players} == set(cup.people)
            await bot.model_is_ready()
            await cup.enters(first[0], first[0].challenger_id)
            await bot.kill()
        async with BotProcess(server, tmp_path, settings):
            # One is voted on, one enters alone, one is disqualified, and in one nobody enters.
            await cup.beside.is_due(first[0].id, BattleDeadline.DRAWING)
            await cup.is_played(first[1], first[1].opponent_id)
            await mika.use("referee disqualify", event=first[2].id, member=cup.people[first[2].challenger_id])
            await mika.use("referee end", event=first[3].id)
            # Nobody came out of the last one, so who won beside it goes on without a battle.
            (second,) = await cup.battles(tournament.id, 1, 1)
            assert second.players == (first[0].challenger_id, first[1].opponent_id)
            assert second.theme == "fireworks"
            await cup.is_played(second, second.challenger_id)
            (final,) = await cup.battles(tournament.id, 2, 1)
            assert final.players == (second.challenger_id, first[2].opponent_id)
            await cup.is_played(final, final.opponent_id)
            champion = await told(mika, "has won **夏祭り Cup 🎆**")
            assert f"<@{final.opponent_id}>" in champion["content"]
            assert champion["attachments"][0]["filename"] == "bracket.png"
            assert await cup.champion_of(tournament.id) == final.opponent_id
            private = await mika.use("tournament bracket", tournament=tournament.id)
            assert private["message"]["flags"] & EPHEMERAL
        posted = [it for it in await mika.messages() if not it["flags"] & EPHEMERAL]
    await server.stop()
    files = [file["filename"] for message in posted for file in message["attachments"]]
    assert files.count("bracket.png") == 4
    assert files.count("battle.png") == 3
    assert files.count("winner.png") == 5
    assert server.statistics.refusals == []
