"""The gateway: sessions of the bot over WebSockets, with compression, heartbeats, resume and shards."""

import asyncio
import json
import math
import secrets
import time
import zlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import zstandard
from aiohttp import WSMsgType, web

from sandbox import objects
from sandbox.limits import Limits
from sandbox.outbox import Outbox
from sandbox.permissions import is_refused
from sandbox.world import Json, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, REQUEST_MEMBERS = 0, 1, 2, 6, 7, 8
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11
"""Gateway opcodes (topics/opcodes-and-status-codes)."""

UNKNOWN_ERROR, DECODE_ERROR, AUTHENTICATION_FAILED, INVALID_SHARD = 4000, 4002, 4004, 4010
"""Close codes; after the last two a bot must not try again."""

HEARTBEAT_INTERVAL_MS = 41_250
REPLAY_LENGTH = 10_000
"""Events that a session keeps for a resume."""

GUILD_MEMBERS, GUILD_MESSAGES, DIRECT_MESSAGES, GUILD_SCHEDULED_EVENTS = 1 << 1, 1 << 9, 1 << 12, 1 << 16
"""Intents without which events of members, messages and scheduled events aren't sent (events/gateway)."""


@dataclass(slots=True)
class _Session:
    """What a bot's shard is owed, whether or not it is connected right now."""

    id: str
    token: str
    shard_id: int
    shard_count: int
    intents: int
    sequence: int = 0
    replay: deque[tuple[int, Json]] = field(default_factory=lambda: deque(maxlen=REPLAY_LENGTH))
    connection: "_Connection | None" = None


class _Connection:
    """One WebSocket with its compression stream."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self._outbox = Outbox(socket, request)
        compression = request.query.get("compress", "")
        self._compress: Callable[[bytes], bytes] | None = None
        if compression == "zlib-stream":
            deflate = zlib.compressobj()
            self._compress = lambda data: deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH)
        elif compression == "zstd-stream":
            stream = zstandard.ZstdCompressor().compressobj()
            flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
            self._compress = lambda data: stream.compress(data) + stream.flush(flush)

    def send(self, op: int, data: object = None, **envelope: object) -> None:
        """Send one payload; a connection that is gone hears nothing."""
        text = json.dumps({"op": op, "d": data, "s": None, "t": None} | envelope)
        self._outbox.put(text if self._compress is None else self._compress(text.encode()))

    async def close(self, code: int) -> None:
        """Say goodbye, and wait a second at most for the other's."""
        await self._outbox.close()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.socket.close(code=code), 1)


class Gateway:
    """All sessions of the one bot. `on_change` is called when it comes online or goes."""

    def __init__(self, world: World, limits: Limits, on_change: Callable[[], None]) -> None:
        self._world = world
        self._limits = limits
        self._identified_at = -math.inf
        self._on_change = on_change
        self._sessions: dict[str, _Session] = {}
        self.url = ""

    @property
    def is_online(self) -> bool:
        """Whether some shard is connected."""
        return any(session.connection is not None for session in self._sessions.values())

    @property
    def shards(self) -> set[tuple[int, int]]:
        """Which shards are connected: the number of each, and of how many."""
        connected = (session for session in self._sessions.values() if session.connection is not None)
        return {(session.shard_id, session.shard_count) for session in connected}

    @property
    def has_session(self) -> bool:
        """Whether events reach the bot, now or when it resumes."""
        return bool(self._sessions)

    def dispatch(self, event: str, data: Json) -> None:
        """Send an event to the shard that it belongs to; a dropped connection gets it when it resumes."""
        guild_id = data.get("guild_id")
        for session in tuple(self._sessions.values()):
            shard_id = (int(guild_id) >> 22) % session.shard_count if guild_id else 0
            if session.shard_id == shard_id and _is_intended(event, data, session.intents):
                self._send(session, event, data)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection."""
        socket = web.WebSocketResponse(max_msg_size=2**20)
        await socket.prepare(request)
        connection = _Connection(socket, request)
        connection.send(HELLO, {"heartbeat_interval": HEARTBEAT_INTERVAL_MS})
        session: _Session | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                payload: dict[str, Any] = json.loads(message.data)
                match payload["op"]:
                    case 1:
                        connection.send(HEARTBEAT_ACK)
                    case 2 if is_refused(payload["d"]["token"]):
                        await connection.close(AUTHENTICATION_FAILED)
                    case 2 if not _is_shard(payload["d"].get("shard", [0, 1])):
                        await connection.close(INVALID_SHARD)
                    case 2 if not self._may_identify():
                        connection.send(INVALID_SESSION, False)
                    case 2:
                        session = self._identify(connection, payload["d"])
                    case 6:
                        session = self._resume(connection, payload["d"])
                    case 8 if session is not None:
                        self._send_members(session, payload["d"])
        except (ValueError, KeyError, TypeError):
            await connection.close(DECODE_ERROR)
        finally:
            if session is not None and session.connection is connection:
                session.connection = None
                if socket.close_code in (1000, 1001):
                    # A client that says goodbye can't resume (events/gateway, "Disconnecting").
                    self._sessions.pop(session.id, None)
                self._on_change()
            await connection.close(1000)
        return socket

    async def drop(self) -> None:
        """Break every connection without a goodbye; the bot may resume."""
        for session in tuple(self._sessions.values()):
            if session.connection is not None:
                connection, session.connection = session.connection, None
                self._on_change()
                await connection.close(UNKNOWN_ERROR)

    def ask_to_reconnect(self) -> None:
        """Send op 7 to every connection."""
        self._tell_all(RECONNECT, None)

    def invalidate(self) -> None:
        """Send op 9, not resumable, to every connection, and forget their sessions."""
        self._tell_all(INVALID_SESSION, False)
        self._sessions.clear()
        self._on_change()

    async def close(self) -> None:
        """End every connection."""
        connections = [it.connection for it in self._sessions.values() if it.connection is not None]
        await asyncio.gather(*(connection.close(1001) for connection in connections))
        self._sessions.clear()

    def _tell_all(self, op: int, data: object) -> None:
        for session in self._sessions.values():
            if session.connection is not None:
                session.connection.send(op, data)

    def _may_identify(self) -> bool:
        now = time.monotonic()
        if now - self._identified_at < self._limits.identify_pause_s:
            return False
        self._identified_at = now
        return True

    def _identify(self, connection: _Connection, data: Json) -> _Session:
        shard_id, shard_count = data.get("shard", [0, 1])
        session = _Session(
            secrets.token_hex(16), data["token"], shard_id, shard_count, data.get("intents", 0)
        )
        for old in tuple(self._sessions.values()):
            if old.connection is None and old.shard_id == shard_id:
                del self._sessions[old.id]  # an abandoned session is no longer owed anything
        self._sessions[session.id] = session
        session.connection = connection
        owns_guild = (int(self._world.guild_id) >> 22) % shard_count == shard_id
        ready = {
            "v": 10,
            "user": objects.bot_user(self._world),
            "guilds": [{"id": self._world.guild_id, "unavailable": True}] if owns_guild else [],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [shard_id, shard_count],
            "application": {"id": self._world.application_id, "flags": 0},
            "session_type": "normal",
            "private_channels": [],
        }
        self._send(session, "READY", ready)
        if owns_guild:
            self._send(session, "GUILD_CREATE", objects.guild_create(self._world))
        self._on_change()
        return session

    def _resume(self, connection: _Connection, data: Json) -> _Session | None:
        session = self._sessions.get(data["session_id"])
        if session is None or session.token != data["token"]:
            connection.send(INVALID_SESSION, False)
            return None
        session.connection = connection
        for sequence, payload in session.replay:
            if sequence > data["seq"]:
                connection.send(DISPATCH, payload["d"], s=sequence, t=payload["t"])
        self._send(session, "RESUMED", {})
        self._on_change()
        return session

    def _send(self, session: _Session, event: str, data: Json) -> None:
        session.sequence += 1
        session.replay.append((session.sequence, {"t": event, "d": data}))
        if session.connection is not None:
            session.connection.send(DISPATCH, data, s=session.sequence, t=event)

    def _send_members(self, session: _Session, data: Json) -> None:
        members = [objects.member(self._world, person) for person in self._world.people]
        chunk = {
            "guild_id": self._world.guild_id,
            "members": [objects.bot_member(self._world), *members],
            "chunk_index": 0,
            "chunk_count": 1,
            "nonce": data.get("nonce"),
        }
        self._send(session, "GUILD_MEMBERS_CHUNK", chunk)


def _is_shard(shard: list[int]) -> bool:
    number, count = shard
    return 0 <= number < count


def _is_intended(event: str, data: Json, intents: int) -> bool:
    if event.startswith("MESSAGE_"):
        needed = GUILD_MESSAGES if data.get("guild_id") else DIRECT_MESSAGES
    elif event.startswith("GUILD_MEMBER_"):
        needed = GUILD_MEMBERS
    elif event.startswith("GUILD_SCHEDULED_EVENT_"):
        needed = GUILD_SCHEDULED_EVENTS
    else:
        return True
    return bool(intents & needed)
