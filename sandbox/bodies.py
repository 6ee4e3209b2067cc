"""Reading request bodies: JSON, or multipart with `payload_json` and `files[n]`."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from sandbox.attachments import UploadedFile, content_type_of
from sandbox.errors import ApiError, too_large
from sandbox.limits import Limits

_FILE = re.compile(r"files\[(\d{1,3})\]")


@dataclass(slots=True)
class Body:
    """What a request carries: its JSON, and files by the index that attachments refer to."""

    json: Any = field(default_factory=dict)
    files: dict[int, UploadedFile] = field(default_factory=dict)


async def read_body(request: web.Request, limits: Limits) -> Body:
    """Read a body.

    Raises:
        ApiError: no valid JSON, or larger than a request may be.
    """
    if (request.content_length or 0) > limits.request_size:
        await request.release()
        raise too_large()
    if not request.content_type.startswith("multipart/"):
        return Body(_parsed(await request.read() or b"{}"))
    try:
        return await _read_parts(request, limits)
    except web.HTTPRequestEntityTooLarge:
        raise too_large() from None
    except (ValueError, AssertionError, LookupError, BadHttpMessage):
        raise _unreadable() from None


async def _read_parts(request: web.Request, limits: Limits) -> Body:
    body = Body()
    size = 0
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            continue
        content = bytes(await part.read(decode=False))
        size += len(content)
        if size > limits.request_size:
            raise too_large()
        if part.name == "payload_json":
            body.json = _parsed(content)
        elif match := _FILE.fullmatch(part.name or ""):
            name = part.filename or "file"
            kind = content_type_of(name, part.headers.get("Content-Type"))
            body.files[int(match[1])] = UploadedFile(name, kind, content)
    return body


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise _unreadable() from None


def _unreadable() -> ApiError:
    return ApiError(400, 50109, "The request body contains invalid JSON.")
