"""A resident of the sandbox who draws a picture, so that a newcomer never meets an empty page."""

import asyncio
from typing import Any

import aiohttp

from sandbox.world import Json

TAGS = "silver hair, blue eyes, smile, night, city lights"
POLL_S = 0.1
DEFERRED_MESSAGE = 5


async def draw_first_picture(base_url: str) -> bytes:
    """Wait for the bot, use `/imagine` as the first person in the first channel, return the picture's file."""
    async with aiohttp.ClientSession(base_url) as session:
        world = await _get(session, "/people/world")
        while not (command := _imagine(world)):
            await asyncio.sleep(POLL_S)
            world = await _get(session, "/people/world")
        channel_id, person_id = world["channels"][0]["id"], world["me"]["id"]
        options = [
            {"name": "tags", "type": 3, "value": TAGS},
            {"name": "subject", "type": 3, "value": "1girl"},
        ]
        request = {
            "person": person_id,
            "channel_id": channel_id,
            "type": 2,
            "data": {"id": command["id"], "name": "imagine", "type": 1, "options": options},
        }
        async with session.post("/people/interactions", json=request) as response:
            answer = await response.json()
            response.raise_for_status()
        path = f"/people/channels/{channel_id}/messages?person={person_id}"
        while True:
            for message in (await _get(session, path))["messages"]:
                if message["id"] != answer["message"]["id"]:
                    continue
                # First looks, which come while it is drawn on a slow machine, are no PNG files.
                for attachment in message["attachments"]:
                    if attachment["filename"].endswith(".png"):
                        async with session.get(attachment["url"]) as picture:
                            return await picture.read()
            await asyncio.sleep(POLL_S)


def _imagine(world: Json) -> Json | None:
    if not world["application"]["online"]:
        return None
    return next((command for command in world["commands"] if command["name"] == "imagine"), None)


async def _get(session: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with session.get(path) as response:
        answer: dict[str, Any] = await response.json()
        return answer
