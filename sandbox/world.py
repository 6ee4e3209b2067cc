"""The state of the sandbox's Discord: one guild, its channels and people, the application, the messages."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.permissions import EVERYONE, MODERATOR, Permission
from sandbox.snowflakes import Snowflakes

Json = dict[str, Any]

TEXT, DIRECT, PUBLIC_THREAD = 0, 1, 11
"""Channel types (channel resource)."""

EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15
"""Message flags (message resource)."""


@dataclass(slots=True)
class Person:
    """Somebody to be on the page; `locale` is the language of their Discord."""

    id: str
    name: str
    colour: str
    is_moderator: bool = False
    locale: str = "en-US"

    @property
    def permissions(self) -> Permission:
        """What their roles grant in the guild."""
        return MODERATOR if self.is_moderator else EVERYONE


@dataclass(slots=True)
class Channel:
    """A text channel, a thread, or a direct message with the bot (`recipient_id` is the person)."""

    id: str
    name: str
    type: int = TEXT
    topic: str = ""
    is_nsfw: bool = False
    parent_id: str | None = None
    recipient_id: str | None = None
    bot_lacks: Permission = field(default_factory=lambda: Permission(0))
    attachment_size_limit: int | None = None
    messages: dict[str, Json] = field(default_factory=dict)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the bot posts, so that a repeated nonce is seen."""

    def is_visible_to(self, person_id: str) -> bool:
        """Direct messages are their person's alone."""
        return self.recipient_id in (None, person_id)


@dataclass(slots=True)
class World:
    """Everything that exists. The bot's user and the application share an id, as with newer applications."""

    snowflakes: Snowflakes
    guild_id: str
    guild_name: str
    application_id: str
    application_name: str
    moderator_role_id: str
    people: list[Person]
    channels: dict[str, Channel]
    commands: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def default(cls) -> "World":
        """A small server with three residents, one of them its moderator and the bot's owner."""
        ids = Snowflakes()
        channels = [
            Channel(ids.next(), "drawing", topic="Type /imagine and see"),
            Channel(ids.next(), "night-gallery", topic="For adults", is_nsfw=True),
            Channel(
                ids.next(),
                "read-only-hall",
                topic="The bot may not attach files here",
                bot_lacks=Permission.ATTACH_FILES,
            ),
        ]
        return cls(
            snowflakes=ids,
            guild_id=ids.next(),
            guild_name="Sandbox",
            application_id=ids.next(),
            application_name="Anim4gine",
            moderator_role_id=ids.next(),
            people=[
                Person(ids.next(), "Aoi", "#d6336c"),
                Person(ids.next(), "Ren", "#1971c2"),
                Person(ids.next(), "Mika", "#2f9e44", is_moderator=True),
            ],
            channels={channel.id: channel for channel in channels},
        )

    def person(self, person_id: str) -> Person:
        """The person with this id.

        Raises:
            KeyError: nobody has it.
        """
        for person in self.people:
            if person.id == person_id:
                return person
        raise KeyError(person_id)

    @property
    def owner(self) -> Person:
        """Who owns guild and application."""
        return next((person for person in self.people if person.is_moderator), self.people[0])

    def bot_permissions(self, channel: Channel) -> Permission:
        """What the bot may do there; a thread inherits its parent's."""
        if channel.parent_id is not None:
            channel = self.channels[channel.parent_id]
        return EVERYONE & ~channel.bot_lacks

    def is_nsfw(self, channel: Channel) -> bool:
        """Whether a channel is age-restricted; a thread inherits its parent's mark."""
        return channel.is_nsfw if channel.parent_id is None else self.channels[channel.parent_id].is_nsfw

    def direct_channel(self, person: Person) -> Channel:
        """The direct messages of `person` and the bot, made when first asked for."""
        for channel in self.channels.values():
            if channel.recipient_id == person.id:
                return channel
        channel = Channel(self.snowflakes.next(), person.name, DIRECT, recipient_id=person.id)
        self.channels[channel.id] = channel
        return channel

    def find_message(self, message_id: str) -> Json | None:
        """A message of any channel."""
        for channel in self.channels.values():
            if message_id in channel.messages:
                return channel.messages[message_id]
        return None


def now() -> str:
    """The present moment as Discord writes it."""
    return datetime.now(UTC).isoformat()


def discriminating_hash(text: str) -> str:
    """A stable verify key for the application object."""
    return hashlib.sha256(text.encode()).hexdigest()
