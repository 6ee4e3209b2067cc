"""Faults on demand: what goes wrong on a bad night, made to happen in a test."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class _Fault:
    pattern: re.Pattern[str]
    left: int
    status: int | None = None
    delay_s: float = 0.0
    drops_answer: bool = False
    is_done: bool = False


class Faults:
    """Rules for requests whose "METHOD /path" matches a pattern; each fires a number of times."""

    def __init__(self) -> None:
        self._faults: list[_Fault] = []

    def answer(self, pattern: str, status: int, times: int = 1) -> None:
        """Answer with an error and do nothing; a 429 is the bucket's own and asks for a tenth of a second."""
        self._faults.append(_Fault(re.compile(pattern), times, status=status))

    def do_and_answer(self, pattern: str, status: int, times: int = 1) -> None:
        """Do it, and answer with an error all the same."""
        self._faults.append(_Fault(re.compile(pattern), times, status=status, is_done=True))

    def delay(self, pattern: str, seconds: float, times: int = 1) -> None:
        """Do it, late."""
        self._faults.append(_Fault(re.compile(pattern), times, delay_s=seconds))

    def drop_answer(self, pattern: str, times: int = 1) -> None:
        """Do it, and break the connection instead of answering."""
        self._faults.append(_Fault(re.compile(pattern), times, drops_answer=True))

    def clear(self) -> None:
        """Let everything go right from now on."""
        self._faults.clear()

    async def run(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Handle `request`, with the faults that match it."""
        fault = self._next(f"{request.method} {request.path}")
        if fault is None:
            return await handler(request)
        if fault.status is not None:
            await (handler(request) if fault.is_done else request.read())
            return _answer(fault.status)
        await asyncio.sleep(fault.delay_s)
        response = await handler(request)
        if fault.drops_answer and request.transport is not None:
            request.transport.abort()
        return response

    def _next(self, line: str) -> _Fault | None:
        for fault in self._faults:
            if fault.left and fault.pattern.search(line):
                fault.left -= 1
                return fault
        return None


def _answer(status: int) -> web.Response:
    body: dict[str, object] = {"message": "fault", "code": 0}
    headers = {"Via": "1.1 sandbox"}
    if status == 429:
        body |= {"retry_after": 0.1, "global": False}
        headers |= {"Retry-After": "1", "X-RateLimit-Scope": "user"}
    return web.Response(
        body=json.dumps(body).encode(), status=status, content_type="application/json", headers=headers
    )
