"""Somebody whose program sends what Discord would never let through, as one of the sandbox's people."""

from dataclasses import dataclass
from typing import Any

from sandbox import SandboxServer
from sandbox.world import Channel
from sandbox.world import Person as Resident

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
BUTTON, MENU = 2, 3


@dataclass(frozen=True, slots=True)
class Forgery:
    """An interaction of any kind and content, from a message (`source`) that may be forged as well."""

    kind: int
    data: dict[str, Any]
    source: dict[str, Any] | None = None


def press(custom_id: str, message: dict[str, Any], *, values: Any = None, is_there: bool = True) -> Forgery:
    """A press of a button, or a choice in a menu, as if `message` had it; discord.py itself asks whether it has."""
    kind = BUTTON if values is None else MENU
    component: dict[str, Any] = {"type": kind, "custom_id": custom_id, "label": "a", "style": 2}
    data: dict[str, Any] = {"component_type": kind, "custom_id": custom_id}
    if kind == MENU:
        component["options"] = [{"label": "a", "value": "a"}]
        data["values"] = values
    rows = [{"type": 1, "components": [component]}] if is_there else []
    return Forgery(COMPONENT, data, {**message, "components": rows})


class Forger:
    """Sends interactions of any content; the sandbox itself hands them over unchecked."""

    def __init__(self, server: SandboxServer, name: str) -> None:
        self._server = server
        self._person: Resident = next(person for person in server.world.people if person.name == name)
        self.id = self._person.id

    async def sends(self, forgery: Forgery, channel: str = "drawing") -> dict[str, Any] | None:
        """Send an interaction; returns what the bot answers at first, None where it answers nothing."""
        interactions = self._server._discord.interactions
        place = self.channel(channel)
        made = interactions.make(self._person, place, forgery.kind, forgery.data, forgery.source)
        return await interactions.answer_to(made)

    def channel(self, name: str) -> Channel:
        """The channel of this name, or "direct", the direct messages with the bot."""
        if name == "direct":
            return self._server.world.direct_channel(self._person)
        return next(it for it in self._server.world.channels.values() if it.name == name)
