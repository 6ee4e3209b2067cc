"""A flash event in the sandbox: very many people press one contest's buttons within a minute."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import aiohttp

from sandbox import SandboxServer
from sandbox.counts import Statistics
from tests.end_to_end.contest import draws, ends_now, enters, holds_contest, options_of
from tests.end_to_end.person import Message, Person

Act = Callable[[Person, int], Awaitable[None]]

ENTRANTS = ("Aoi", "Ren", "Mika")
SESSIONS = 40
"""Connections that the crowd shares; a thousand of their own are no part of what is measured."""


@dataclass
class FlashEvent:
    """What happened."""

    server: SandboxServer
    pressed: int = 0
    unanswered: int = 0
    forms: int = 0
    picked: dict[str, str] = field(default_factory=dict)
    """The last pick that a voter was told is counted."""
    votes_told: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0

    @property
    def statistics(self) -> Statistics:
        """What the sandbox counted."""
        return self.server.statistics

    @property
    def latest_acknowledgement_ms(self) -> float:
        """The slowest first answer of all."""
        return max(self.statistics.acknowledgement_ms)


async def open_contest(server: SandboxServer) -> Message:
    """Hold a contest with an entry of each resident; returns its card."""
    async with AsyncExitStack() as stack:
        people = [await stack.enter_async_context(Person.called(name, server)) for name in ENTRANTS]
        card = await holds_contest(people[-1])
        for person in people:
            assert "Entered" in await enters(person, await draws(person))
        return card


async def begin_vote(server: SandboxServer) -> Message:
    """End the entries; returns the message of the vote."""
    async with Person.called(ENTRANTS[-1], server) as moderator:
        return await ends_now(moderator, "The vote on")


async def everybody_draws(server: SandboxServer, card: Message, people: int, within_s: float) -> FlashEvent:
    """Let everybody press Draw once; they read the form, and write something another time."""
    event = FlashEvent(server)

    async def press(person: Person, _number: int) -> None:
        answer = await person.press(card, "Draw")
        event.forms += bool(answer["modal"])

    await _within(event, people, within_s, press)
    return event


async def everybody_votes(server: SandboxServer, poll: Message, people: int, within_s: float) -> FlashEvent:
    """Let everybody press Vote and then pick; every tenth changes their mind, every tenth hammers."""
    event = FlashEvent(server)

    async def vote(person: Person, number: int) -> None:
        ballot = (await person.press(poll, "Vote"))["message"]
        options = options_of(ballot)
        chosen = options[number % len(options)]
        event.pressed += 1
        if number % 10 == 3:
            event.pressed += 1
            await person.choose(ballot, "ballot:", options[(number + 1) % len(options)]["label"])
        if number % 10 == 7:
            event.pressed += 3
            await asyncio.gather(*(person.choose(ballot, "ballot:", chosen["label"]) for _ in range(3)))
        marked = await person.choose(ballot, "ballot:", chosen["label"])
        assert "On your ballot" in marked["message"]["content"]
        event.picked[person.id] = chosen["value"]

    await _within(event, people, within_s, vote)
    event.votes_told = Counter(event.picked.values())
    return event


async def _within(event: FlashEvent, people: int, within_s: float, act: Act) -> None:
    """Let each of the sandbox's guests do something, spread evenly over a time."""
    begin = time.monotonic()
    world = {person.name: person for person in event.server.world.people}
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(aiohttp.ClientSession()) for _ in range(SESSIONS)]

        async def one(number: int) -> None:
            await asyncio.sleep(within_s * number / people)
            resident = world[f"Guest {number}"]
            session = sessions[number % SESSIONS]
            person = Person(session, event.server.base_url, {"id": resident.id, "name": resident.name})
            event.pressed += 1
            try:
                await act(person, number)
            except AssertionError:
                event.unanswered += 1

        await asyncio.gather(*map(one, range(people)))
    event.took_s = time.monotonic() - begin
