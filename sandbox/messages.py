"""Messages: posted, edited, deleted, and shown to whoever may see them."""

import re
from collections.abc import Iterable
from typing import Any

from sandbox import objects
from sandbox.attachments import Attachments
from sandbox.bodies import Body
from sandbox.checks import check_attachment_count, check_message, flags_of, texts_of
from sandbox.counts import Statistics
from sandbox.errors import (
    ApiError,
    empty_message,
    invalid_form,
    missing_permissions,
    too_large,
    unknown_message,
)
from sandbox.gateway import Gateway
from sandbox.limits import Limits
from sandbox.permissions import Permission
from sandbox.residents import Residents, shown
from sandbox.world import COMPONENTS_V2, DIRECT, EPHEMERAL, LOADING, Channel, Json, Person, World, now

_MENTION = re.compile(r"<@!?(\d+)>")
_SETTABLE_FLAGS = EPHEMERAL | COMPONENTS_V2 | 1 << 2 | 1 << 12  # also SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS


class Messages:
    """All that happens to messages."""

    def __init__(
        self,
        world: World,
        limits: Limits,
        statistics: Statistics,
        attachments: Attachments,
        gateway: Gateway,
        residents: Residents,
    ) -> None:
        self._world = world
        self._limits = limits
        self._statistics = statistics
        self._attachments = attachments
        self._gateway = gateway
        self._residents = residents

    async def post(
        self, channel: Channel, author: Json, body: Body, *, only_for: Person | None = None, **extra: Any
    ) -> Json:
        """Post a message by the bot or a person. `only_for` makes it ephemeral; `extra` are further fields.

        Raises:
            ApiError: it breaks a limit, or is empty.
        """
        payload: Json = body.json or {}
        flags = self.check_new(channel, author, body, is_loading=bool(extra.get("flags", 0) & LOADING))
        content = payload.get("content") or ""
        attachments = await self._stored_files(channel, body, payload)
        message: Json = {
            "id": self._world.snowflakes.next(),
            "channel_id": channel.id,
            "author": author,
            "timestamp": now(),
            "edited_timestamp": None,
            "tts": False,
            "content": content,
            "embeds": _with_files(payload.get("embeds") or [], attachments),
            "components": _with_files(payload.get("components") or [], attachments),
            "attachments": attachments,
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "type": 0,
        }
        if channel.type != DIRECT:
            message["guild_id"] = self._world.guild_id
        message |= extra
        message["flags"] = flags | extra.get("flags", 0) | (EPHEMERAL if only_for else 0)
        message["sandbox_only_for"] = only_for.id if only_for else None
        if payload.get("nonce") is not None:
            message["nonce"] = payload["nonce"]
        self._mention(message, payload)
        channel.messages[message["id"]] = message
        self._statistics.messages_posted += 1
        self._show("MESSAGE_CREATE", message, channel)
        return message

    def check_new(self, channel: Channel, author: Json, body: Body, *, is_loading: bool = False) -> int:
        """Check a new message but for the names of its files; returns its flags.

        Raises:
            ApiError: it breaks a limit, or is empty.
        """
        payload: Json = body.json or {}
        flags = flags_of(payload) & _SETTABLE_FLAGS & ~EPHEMERAL
        check_message(payload, flags)
        check_attachment_count(len(body.files))
        self._check_files(channel, body, is_bot=bool(author.get("bot")))
        parts = (payload.get(key) for key in ("content", "embeds", "components"))
        if not (is_loading or body.files or any(parts)):
            raise empty_message()
        return flags

    async def edit(self, message: Json, body: Body, *, is_answer: bool = False) -> Json:
        """Change what the payload names and keep the rest; `is_answer` fills a deferred message.

        Of the attachments, those stay that the payload lists by id; without a list all stay.

        Raises:
            ApiError: it breaks a limit, or is empty afterwards.
        """
        payload: Json = body.json or {}
        channel = self._world.channels[message["channel_id"]]
        flags = message["flags"] | (flags_of(payload) & COMPONENTS_V2)
        changed: Json = {key: payload[key] or [] for key in ("embeds", "components") if key in payload}
        if "content" in payload:
            changed["content"] = payload["content"] or ""
        # What stays must go with what comes: all is checked as it will be.
        parts = message | changed | {key: payload.get(key) for key in ("attachments", "allowed_mentions")}
        check_message(parts, flags)
        self._check_files(channel, body, is_bot=True)
        kept = _kept(message, payload)
        check_attachment_count(len(kept) + len(body.files))
        if not (parts["content"] or parts["embeds"] or parts["components"] or kept or body.files):
            raise empty_message()
        stored = await self._stored_files(channel, body, payload, also=kept)
        if message["id"] not in channel.messages:
            self._attachments.forget(stored)
            raise unknown_message()
        attachments = [*_kept(message, payload), *stored]
        self._attachments.forget([it for it in message["attachments"] if it not in attachments])
        message |= {key: _with_files(value, attachments) for key, value in changed.items()}
        message |= {"attachments": attachments, "flags": flags & ~LOADING}
        if not is_answer:
            message["edited_timestamp"] = now()
        self._mention(message, payload)
        self._statistics.messages_edited += 1
        self._show("MESSAGE_UPDATE", message, channel)
        return message

    def delete(self, message: Json) -> None:
        """Take a message away, and its files.

        Raises:
            ApiError: it is gone already.
        """
        channel = self._world.channels[message["channel_id"]]
        if channel.messages.pop(message["id"], None) is None:
            raise unknown_message()
        self._attachments.forget(message["attachments"])
        gone = {"id": message["id"], "channel_id": channel.id}
        self._residents.show("MESSAGE_DELETE", message | gone, channel)
        if channel.type != DIRECT:
            gone["guild_id"] = self._world.guild_id
        if not message["flags"] & EPHEMERAL:
            self._gateway.dispatch("MESSAGE_DELETE", gone)

    def _show(self, event: str, message: Json, channel: Channel) -> None:
        self._residents.show(event, message, channel)
        if not message["flags"] & EPHEMERAL:
            self._gateway.dispatch(event, shown(message))

    def _check_files(self, channel: Channel, body: Body, *, is_bot: bool) -> None:
        limit = channel.attachment_size_limit or self._limits.attachment_size
        if any(len(file.content) > limit for file in body.files.values()):
            raise too_large()
        if body.files and is_bot and not self._world.bot_permissions(channel) & Permission.ATTACH_FILES:
            raise missing_permissions()

    async def _stored_files(
        self, channel: Channel, body: Body, payload: Json, also: Iterable[Json] = ()
    ) -> list[Json]:
        """Keep the files of a message; none is kept if the message names a file that isn't there.

        `also` are the attachments that the message has already.
        """
        described = {str(entry["id"]): entry for entry in payload.get("attachments") or []}
        stored = [
            await self._attachments.store(file, channel, described.get(str(index), {}))
            for index, file in sorted(body.files.items())
        ]
        try:
            _with_files([payload.get("embeds"), payload.get("components")], [*also, *stored])
        except ApiError:
            self._attachments.forget(stored)
            raise
        return stored

    def _mention(self, message: Json, payload: Json) -> None:
        """Find out who is pinged: what the content names and `allowed_mentions` lets through."""
        allowed = payload.get("allowed_mentions") or {"parse": ["users", "roles", "everyone"]}
        parsed = allowed.get("parse") or []
        users = {str(it) for it in allowed.get("users") or []}
        content = "\n".join([message["content"], *texts_of(message["components"])])
        named = [person for person in self._world.people if person.id in _MENTION.findall(content)]
        pinged = [person for person in named if "users" in parsed or person.id in users]
        replied_to = (message.get("referenced_message") or {}).get("author", {}).get("id")
        if allowed.get("replied_user", "allowed_mentions" not in payload):
            pinged += [it for it in self._world.people if it.id == replied_to and it not in pinged]
        message["mentions"] = [objects.user(person) for person in pinged]
        message["mention_everyone"] = "everyone" in parsed and bool(re.search(r"@(everyone|here)\b", content))


def _kept(message: Json, payload: Json) -> list[Json]:
    """Of a message's attachments, those that an edit leaves."""
    if payload.get("attachments") is None:
        return list(message["attachments"])
    listed = {str(entry["id"]) for entry in payload["attachments"]}
    return [it for it in message["attachments"] if it["id"] in listed]


def _with_files(value: Any, attachments: list[Json]) -> Any:
    """Replace `attachment://name` by the file's address, wherever it stands."""
    if isinstance(value, list):
        return [_with_files(item, attachments) for item in value]
    if isinstance(value, dict):
        return {key: _with_files(item, attachments) for key, item in value.items()}
    if isinstance(value, str) and value.startswith("attachment://"):
        name = value.removeprefix("attachment://")
        for attachment in attachments:
            if attachment["filename"] == name:
                return attachment["url"]
        raise invalid_form("components", "COMPONENT_MEDIA_URL_UNRESOLVED", f"{name} is not attached")
    return value
