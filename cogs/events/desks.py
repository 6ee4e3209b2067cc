"""Who sees to the pictures that are drawn for events: each kind of event has a desk that knows its own."""

from typing import Any, Protocol

import discord

from cogs.drawing import Drawing
from cogs.events.errors import EventUnknown
from generation.job import Job
from generation.occasion import Occasion
from generation.request import GenerationRequest


class EventDesk(Protocol):
    """A kind of event, as pictures know it."""

    async def prepared(
        self, interaction: discord.Interaction[Any], event_id: str, request: GenerationRequest
    ) -> tuple[GenerationRequest, Occasion] | None:
        """What is drawn of a request by the event's rules; None where it is no event of this desk's.

        Raises:
            EventError: it isn't open to this person now, or a rule hinders.
        """

    async def enter(
        self, interaction: discord.Interaction[Any], job: Job, number: int, instead_of: str | None
    ) -> bool:
        """Take a picture that was drawn for an event, and answer; False where it is no event of this desk's.

        Raises:
            EventError: it can't be taken.
        """


class EventDesks:
    """All desks; a cog of events adds its own when it is loaded."""

    def __init__(self) -> None:
        self._desks: list[EventDesk] = []

    def add(self, desk: EventDesk) -> None:
        """Let `desk` be asked too."""
        self._desks.append(desk)

    async def draw(
        self,
        drawing: Drawing,
        interaction: discord.Interaction[Any],
        event_id: str,
        request: GenerationRequest,
    ) -> None:
        """Have something drawn for an event, for the asker alone to see; without it, where no desk knows it.

        Raises:
            EventError: see `EventDesk.prepared`.
        """
        for desk in self._desks:
            if prepared := await desk.prepared(interaction, event_id, request):
                request, occasion = prepared
                await drawing.draw(interaction, request, is_private=True, occasion=occasion)
                return
        await drawing.draw(interaction, request, is_private=True)

    async def enter(
        self, interaction: discord.Interaction[Any], job: Job, number: int, instead_of: str | None = None
    ) -> None:
        """Hand a picture in to the event that it was drawn for.

        Raises:
            EventError: see `EventDesk.enter`.
        """
        for desk in self._desks:
            if await desk.enter(interaction, job, number, instead_of):
                return
        raise EventUnknown
