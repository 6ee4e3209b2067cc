"""Many people at once in the sandbox, and what became of their requests."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox import SandboxServer
from sandbox.world import Person as Resident
from sandbox.world import World
from tests.end_to_end.person import Message, Person

POLL_S = 0.1


def crowded_world(people: int) -> World:
    """A server with so many members."""
    world = World.default()
    world.people += [
        Resident(world.snowflakes.next(), f"Guest {number}", "#868e96") for number in range(people)
    ]
    return world


@dataclass
class Crowd:
    """Asks for pictures, each request with a seed of its own, by which its picture is known again."""

    server: SandboxServer
    channel: str = "drawing"
    asked: dict[int, Message] = field(default_factory=dict)
    """The message that answered each request that was answered, by its seed."""
    unanswered: list[int] = field(default_factory=list)

    async def ask(self, person: Person, seed: int, **options: Any) -> None:
        """Ask for a picture; a bot that is away doesn't answer."""
        try:
            answer = await person.use("imagine", self.channel, tags="1girl", seed=seed, **options)
        except AssertionError:
            self.unanswered.append(seed)
        else:
            if answer.get("message"):
                self.asked[seed] = answer["message"]

    def pictures(self) -> Counter[int]:
        """How many messages hold the picture of each seed."""
        return Counter(
            int(attachment["filename"].removesuffix(".png").rsplit("-", 1)[1])
            for message in self._messages()
            for attachment in message["attachments"]
            if attachment["filename"].endswith(".png")
        )

    def were_told_to_wait(self, seeds: Sequence[int]) -> list[int]:
        """Those whose message says that they are in the line or being drawn."""
        texts = {message["id"]: message["content"] for message in self._messages()}
        return [
            seed
            for seed in seeds
            if seed in self.asked and any(word in texts.get(self.asked[seed]["id"], "") for word in "🎨🖌💤")
        ]

    async def until(self, is_done: Callable[[], bool | Awaitable[bool]], timeout_s: float) -> None:
        """Wait for something to be so."""
        async with asyncio.timeout(timeout_s):
            while True:
                answer = is_done()
                if answer if isinstance(answer, bool) else await answer:
                    return
                await asyncio.sleep(POLL_S)

    def _messages(self) -> list[Message]:
        return [
            message
            for channel in self.server.world.channels.values()
            for message in channel.messages.values()
        ]
