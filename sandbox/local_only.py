"""Who may talk to the sandbox: only pages of its own, since it asks nobody for a password.

A page of another site could otherwise send requests here (its browser says so in `Origin`), or have its own
name resolve to this machine (its browser then sends that name in `Host`).
"""

import json
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

OWN_NAMES = {"127.0.0.1", "localhost", "::1"}


@web.middleware
async def local_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what doesn't come from this machine's own programs and the sandbox's own page."""
    if _hostname(f"http://{request.host}") not in OWN_NAMES:
        return _refusal("The sandbox answers to localhost only.")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return _refusal("The sandbox answers to its own page only.")
    return await handler(request)


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _refusal(sentence: str) -> web.Response:
    body = json.dumps({"error": sentence, "message": sentence, "code": 0})
    return web.Response(text=body, status=403, content_type="application/json")
