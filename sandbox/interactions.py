"""Interactions: made when a person acts, answered once within three seconds, editable for fifteen minutes."""

import asyncio
import itertools
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox import objects
from sandbox.counts import Statistics
from sandbox.errors import already_acknowledged, token_expired, unknown_interaction, unknown_webhook
from sandbox.gateway import Gateway
from sandbox.limits import Limits
from sandbox.residents import shown
from sandbox.world import DIRECT, Channel, Json, Person, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
"""Interaction types (receiving-and-responding)."""

ENDED_TOKENS = 10_000
"""Ended tokens that are remembered, to say of them that they ended."""

BEING_ANSWERED_POLL_S = 0.05


@dataclass(eq=False, slots=True, kw_only=True)
class Interaction:
    """One act of a person towards the bot. `original` is the message that its first response made or edits."""

    id: str
    token: str
    type: int
    person: Person
    channel: Channel
    data: Json
    source: Json | None
    made_at: float = field(default_factory=time.monotonic)
    acknowledged_after_ms: float = 0.0
    callback_type: int | None = None
    original: Json | None = None
    answered: asyncio.Future[Json] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def metadata(self, world: World) -> Json:
        """What messages tell of the interaction that made them."""
        owners = {} if self.channel.type == DIRECT else {"0": world.guild_id}
        metadata: Json = {
            "id": self.id,
            "type": self.type,
            "user": objects.user(self.person),
            "authorizing_integration_owners": owners,
        }
        if "name" in self.data:
            metadata["name"] = self.data["name"]
        return metadata


class Interactions:
    """The interactions whose tokens work, and the tokens of the last that ended."""

    def __init__(self, world: World, limits: Limits, statistics: Statistics, gateway: Gateway) -> None:
        self._world = world
        self._limits = limits
        self._statistics = statistics
        self._gateway = gateway
        self._by_id: dict[str, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}
        self._ended_tokens: dict[str, None] = {}

    def make(
        self, person: Person, channel: Channel, kind: int, data: Json, source: Json | None
    ) -> Interaction:
        """Send an interaction to the bot."""
        self._forget_ended()
        interaction = Interaction(
            id=self._world.snowflakes.next(),
            token=secrets.token_urlsafe(64),
            type=kind,
            person=person,
            channel=channel,
            data=data,
            source=source,
        )
        self._by_id[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        self._statistics.interactions += 1
        self._gateway.dispatch("INTERACTION_CREATE", self._payload(interaction))
        return interaction

    async def answer_to(self, interaction: Interaction) -> Json | None:
        """Wait for the first response; None when it doesn't come in time."""
        left_s = self._limits.acknowledgement_s - (time.monotonic() - interaction.made_at)
        while not interaction.answered.done():
            await asyncio.wait({interaction.answered}, timeout=max(0.0, left_s))
            if interaction.callback_type is None and not interaction.answered.done():
                self._statistics.never_acknowledged += 1
                return None
            left_s = BEING_ANSWERED_POLL_S  # it came in time, and its files are still being kept
        return interaction.answered.result()

    def acknowledge(self, interaction_id: str, token: str, callback_type: int) -> Interaction:
        """Take note of the first response.

        Raises:
            ApiError: too late, a second one, or no such interaction.
        """
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise unknown_interaction()
        if interaction.callback_type is not None:
            raise already_acknowledged()
        waited_s = time.monotonic() - interaction.made_at
        if waited_s > self._limits.acknowledgement_s:
            self._statistics.acknowledged_late += 1
            raise unknown_interaction()
        interaction.callback_type = callback_type
        interaction.acknowledged_after_ms = waited_s * 1000
        return interaction

    def answer(self, interaction: Interaction, outcome: Json) -> None:
        """The first response is done: tell who waits for it."""
        self._statistics.acknowledgement_ms.append(interaction.acknowledged_after_ms)
        interaction.answered.set_result(outcome)

    def by_token(self, application_id: str, token: str) -> Interaction:
        """The answered interaction with this token.

        Raises:
            ApiError: unknown, not answered yet, or its time is over.
        """
        interaction = self._by_token.get(token)
        if token in self._ended_tokens:
            raise token_expired()
        if interaction is None or application_id != self._world.application_id:
            raise unknown_webhook()
        if time.monotonic() - interaction.made_at > self._limits.token_lifetime_s:
            raise token_expired()
        if interaction.callback_type is None:
            raise unknown_webhook()
        return interaction

    def _forget_ended(self) -> None:
        """Let go of those whose time is over; ids rise, so the oldest come first."""
        now = time.monotonic()
        for interaction in tuple(
            itertools.takewhile(
                lambda it: now - it.made_at > self._limits.token_lifetime_s, self._by_id.values()
            )
        ):
            del self._by_id[interaction.id], self._by_token[interaction.token]
            self._ended_tokens[interaction.token] = None
        while len(self._ended_tokens) > ENDED_TOKENS:
            del self._ended_tokens[next(iter(self._ended_tokens))]

    def expires_at(self, interaction: Interaction) -> float:
        """When the token ends, in seconds since 1970."""
        return time.time() + self._limits.token_lifetime_s - (time.monotonic() - interaction.made_at)

    def _payload(self, interaction: Interaction) -> Json:
        world, channel, person = self._world, interaction.channel, interaction.person
        is_direct = channel.type == DIRECT
        payload: dict[str, Any] = {
            "id": interaction.id,
            "application_id": world.application_id,
            "type": interaction.type,
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": channel.id,
            "channel": objects.channel(world, channel) | {"permissions": str(int(person.permissions))},
            "locale": interaction.person.locale,
            "app_permissions": str(int(world.bot_permissions(channel))),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "attachment_size_limit": channel.attachment_size_limit or self._limits.attachment_size,
            "context": 1 if is_direct else 0,
            "authorizing_integration_owners": {} if is_direct else {"0": world.guild_id},
        }
        if is_direct:
            payload["user"] = objects.user(person)
        else:
            payload |= {
                "guild_id": world.guild_id,
                "guild": {"id": world.guild_id, "features": [], "locale": "en-US"},
                "guild_locale": "en-US",
                "member": objects.member(world, person),
            }
        if interaction.source is not None:
            payload["message"] = shown(interaction.source)
        return payload
