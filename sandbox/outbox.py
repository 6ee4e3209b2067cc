"""What waits to be sent over one WebSocket, so that whoever causes an event never waits for who reads it."""

import asyncio
from contextlib import suppress

from aiohttp import web

OUTBOX_LENGTH = 20_000
"""Payloads that may wait; a peer further behind is cut off, and connects anew when it reads again."""


class Outbox:
    """Sends payloads over `socket`, which serves `request`, in their order and from a task of its own."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._transport = request.transport
        self._waiting: asyncio.Queue[str | bytes] = asyncio.Queue(OUTBOX_LENGTH)
        self._task = asyncio.get_running_loop().create_task(self._send())

    def put(self, payload: str | bytes) -> None:
        """Send this after all before it; a connection that is gone hears nothing."""
        try:
            self._waiting.put_nowait(payload)
        except asyncio.QueueFull:
            if self._transport is not None:
                self._transport.abort()

    async def close(self) -> None:
        """Send nothing more."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _send(self) -> None:
        with suppress(ConnectionError):
            while True:
                payload = await self._waiting.get()
                if isinstance(payload, str):
                    await self._socket.send_str(payload)
                else:
                    await self._socket.send_bytes(payload)
