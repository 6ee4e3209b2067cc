"""Databases that go away and come back, as services and bots meet it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from sqlalchemy import URL, make_url


class Outage(Protocol):
    """An outage of a database, which is reached by `url`."""

    url: str

    async def begin(self) -> None:
        """From now on it can't be asked."""

    async def end(self) -> None:
        """It answers again."""


class ShutDoor:
    """A door before a PostgreSQL. Shut, it refuses whoever comes, and whoever is inside is thrown out."""

    def __init__(self, server: URL) -> None:
        self._server = server
        self._port = 0
        self._door: asyncio.Server | None = None
        self._inside: set[asyncio.StreamWriter] = set()
        self.url = ""

    async def begin(self) -> None:
        """Shut it."""
        if self._door is not None:
            self._door.close()
        for side in self._inside:
            side.transport.abort()
        self._inside.clear()

    async def end(self) -> None:
        """Open it, where it was before."""
        self._door = await asyncio.start_server(self._let_in, "127.0.0.1", self._port)
        self._port = self._door.sockets[0].getsockname()[1]
        self.url = self._server.set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(self._server.host, self._server.port or 5432)
        self._inside |= {writer, there[1]}
        await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while content := await reader.read(2**16):
            writer.write(content)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


class HeldFile:
    """An SQLite file in which somebody else writes and doesn't end."""

    def __init__(self, url: URL) -> None:
        self.url = url.render_as_string()
        self._file = url.database or ""
        self._writer: sqlite3.Connection | None = None

    async def begin(self) -> None:
        """Begin to write."""
        self._writer = sqlite3.connect(self._file, isolation_level=None, timeout=20)
        self._writer.execute("BEGIN IMMEDIATE")

    async def end(self) -> None:
        """Leave the file to others."""
        if self._writer is not None:
            self._writer.close()


@asynccontextmanager
async def outage_of(database_url: str) -> AsyncIterator[Outage]:
    """An outage that hasn't begun, of the database of this address; it is reached by the outage's own."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        held = HeldFile(url)
        yield held
        await held.end()
        return
    door = ShutDoor(url)
    await door.end()
    yield door
    await door.begin()
