"""Files of messages: kept in memory, measured, served back."""

import asyncio
import io
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from sandbox.errors import too_long
from sandbox.limits import ALT_TEXT_LENGTH
from sandbox.world import Channel, Json, World

NAME_LENGTH = 255
"""Characters of a file's name that are kept (assumed); the last ones, since they tell its type."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as it came in."""

    name: str
    content_type: str
    content: bytes


class Attachments:
    """All files that some message has, or a person holds ready. `base_url` is the sandbox's own address."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._files: dict[str, tuple[str, UploadedFile]] = {}
        self._objects: dict[str, Json] = {}
        self.base_url = ""

    async def store(self, file: UploadedFile, channel: Channel, described: Json) -> Json:
        """Keep a file; returns its attachment object, measured if it is a picture."""
        alt_text = described.get("description")
        if alt_text and len(alt_text) > ALT_TEXT_LENGTH:
            raise too_long("attachments.description", ALT_TEXT_LENGTH)
        attachment_id = self._world.snowflakes.next()
        name = _safe_name(described.get("filename") or file.name)
        path = f"/attachments/{channel.id}/{attachment_id}/{name}"
        attachment: Json = {
            "id": attachment_id,
            "filename": name,
            "size": len(file.content),
            "url": self.base_url + path,
            "proxy_url": self.base_url + path,
            "content_type": file.content_type,
        }
        if alt_text:
            attachment["description"] = alt_text
        if described.get("title"):
            attachment["title"] = described["title"]
        if file.content_type.startswith("image/"):
            attachment |= await asyncio.to_thread(_measure, file.content)
        self._files[attachment_id] = path, file
        self._objects[attachment_id] = attachment
        return attachment

    def find(self, attachment_id: str) -> Json | None:
        """The attachment object with this id."""
        return self._objects.get(attachment_id)

    def open(self, attachment_id: str, path: str) -> UploadedFile | None:
        """The file with this id, if `path` is its URL's."""
        known_path, file = self._files.get(attachment_id, ("", None))
        return file if path == known_path else None

    def forget(self, attachments: Iterable[Json]) -> None:
        """Free the files of attachment objects whose message is gone."""
        for attachment in attachments:
            self._files.pop(attachment["id"], None)
            self._objects.pop(attachment["id"], None)


def content_type_of(name: str, claimed: str | None) -> str:
    """A file's type: what was claimed if that says anything, else by its name."""
    if claimed and claimed != "application/octet-stream":
        return claimed
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _measure(content: bytes) -> Json:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return {"width": picture.width, "height": picture.height}
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return {}


def _safe_name(name: str) -> str:
    """A file name as Discord cleans it: letters, digits, dot, hyphen, underscore."""
    kept = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in name)
    return kept.lstrip(".")[-NAME_LENGTH:] or "file"
