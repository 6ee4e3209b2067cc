"""The state of the sandbox's Discord: one guild, its channels and people, the application, the messages."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.permissions import BOT, EVERYONE, MODERATOR, Permission
from sandbox.snowflakes import Snowflakes

Json = dict[str, Any]

TEXT, DIRECT, PUBLIC_THREAD, FORUM = 0, 1, 11, 15
"""Channel types (channel resource)."""

SCHEDULED, ACTIVE, COMPLETED, CANCELED = 1, 2, 3, 4
"""States of a scheduled event (guild scheduled event resource)."""

EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15
"""Message flags (message resource)."""


@dataclass(slots=True)
class Role:
    """A role of the guild. One of a higher position outranks the others; a managed one is a bot's own."""

    id: str
    name: str
    position: int
    permissions: Permission = field(default_factory=lambda: Permission(0))
    colour: int = 0
    is_managed: bool = False


@dataclass(slots=True)
class Person:
    """Somebody to be on the page; `locale` is the language of their Discord, `id` tells their account's age."""

    id: str
    name: str
    colour: str
    is_moderator: bool = False
    locale: str = "en-US"
    joined_at: datetime | None = None
    """When they joined the guild; None: with its beginning."""
    role_ids: list[str] = field(default_factory=list)
    """Their roles beside the moderators'."""

    @property
    def permissions(self) -> Permission:
        """What their roles grant in the guild."""
        return MODERATOR if self.is_moderator else EVERYONE


@dataclass(slots=True)
class Channel:
    """A text channel, a forum, a thread, or a direct message with the bot (`recipient_id` is the person)."""

    id: str
    name: str
    type: int = TEXT
    topic: str = ""
    is_nsfw: bool = False
    parent_id: str | None = None
    recipient_id: str | None = None
    bot_lacks: Permission = field(default_factory=lambda: Permission(0))
    attachment_size_limit: int | None = None
    is_archived: bool = False
    is_locked: bool = False
    """What a thread may be."""
    member_ids: list[str] = field(default_factory=list)
    """Who joined a thread."""
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
    roles: list[Role]
    """All but @everyone."""
    moderator_role_id: str
    bot_role_id: str
    people: list[Person]
    channels: dict[str, Channel]
    commands: dict[str, Json] = field(default_factory=dict)
    scheduled_events: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def default(cls) -> "World":
        """A small server with three residents, one of them its moderator and the bot's owner.

        All have been around for years. The bot's role stands above those that it may give, below the moderators'.
        """
        ids = Snowflakes()
        years_ago = datetime.now(UTC) - timedelta(days=1000)
        channels = [
            Channel(ids.next(), "drawing", topic="Type /imagine and see"),
            Channel(ids.next(), "night-gallery", topic="For adults", is_nsfw=True),
            Channel(
                ids.next(),
                "read-only-hall",
                topic="The bot may not attach files here",
                bot_lacks=Permission.ATTACH_FILES,
            ),
            Channel(ids.next(), "art-events", FORUM, topic="A post for each event"),
        ]
        artist, champion = Role(ids.next(), "Artist", 1), Role(ids.next(), "Champion", 2, colour=0xF2B705)
        own = Role(ids.next(), "Anim4gine", 3, BOT, is_managed=True)
        moderator = Role(ids.next(), "Moderator", 4, MODERATOR)
        return cls(
            snowflakes=ids,
            guild_id=ids.of(years_ago),
            guild_name="Sandbox",
            application_id=ids.next(),
            application_name="Anim4gine",
            roles=[artist, champion, own, moderator],
            moderator_role_id=moderator.id,
            bot_role_id=own.id,
            people=[
                Person(ids.of(years_ago), "Aoi", "#d6336c"),
                Person(ids.of(years_ago), "Ren", "#1971c2"),
                Person(ids.of(years_ago), "Mika", "#2f9e44", is_moderator=True),
            ],
            channels={channel.id: channel for channel in channels},
        )

    def join(
        self,
        name: str,
        *,
        account_age: timedelta = timedelta(days=1000),
        membership: timedelta = timedelta(days=100),
        colour: str = "#868e96",
    ) -> Person:
        """Let somebody join the guild, with an account and a membership of some age."""
        now = datetime.now(UTC)
        person = Person(self.snowflakes.of(now - account_age), name, colour, joined_at=now - membership)
        self.people.append(person)
        return person

    def person(self, person_id: str) -> Person:
        """The person with this id.

        Raises:
            KeyError: nobody has it.
        """
        for person in self.people:
            if person.id == person_id:
                return person
        raise KeyError(person_id)

    def role(self, role_id: str) -> Role:
        """The role with this id.

        Raises:
            KeyError: there is none; @everyone isn't among them.
        """
        for role in self.roles:
            if role.id == role_id:
                return role
        raise KeyError(role_id)

    @property
    def bot_role(self) -> Role:
        """The role that came with the bot: its permissions in the whole guild."""
        return self.role(self.bot_role_id)

    @property
    def bot_guild_permissions(self) -> Permission:
        """What the bot may do in the guild, where no channel says otherwise."""
        return EVERYONE | self.bot_role.permissions

    def roles_of(self, person: Person) -> list[str]:
        """The ids of a person's roles."""
        return [*person.role_ids, *([self.moderator_role_id] if person.is_moderator else [])]

    @property
    def owner(self) -> Person:
        """Who owns guild and application."""
        return next((person for person in self.people if person.is_moderator), self.people[0])

    def bot_permissions(self, channel: Channel) -> Permission:
        """What the bot may do there; a thread inherits its parent's."""
        if channel.parent_id is not None:
            channel = self.channels[channel.parent_id]
        return self.bot_guild_permissions & ~channel.bot_lacks

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


def is_running(scheduled_event: Json) -> bool:
    """Whether a scheduled event is neither over nor cancelled: only such are listed."""
    return scheduled_event["status"] in (SCHEDULED, ACTIVE)


def now() -> str:
    """The present moment as Discord writes it."""
    return datetime.now(UTC).isoformat()


def discriminating_hash(text: str) -> str:
    """A stable verify key for the application object."""
    return hashlib.sha256(text.encode()).hexdigest()
