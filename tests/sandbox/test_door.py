"""Whom and what the people's door lets in: uploads, nonsense, and pages of other sites."""

from typing import Any

import aiohttp
import discord
import pytest

from sandbox import SandboxServer
from tests.sandbox.client import Bot, Listener
from tests.sandbox.doors import Person, Rest


@pytest.fixture
async def with_options(listener: Listener, rest: Rest, server: SandboxServer) -> None:
    """A bot whose /draw needs tags."""
    tags = {"name": "tags", "type": 3, "description": "x", "required": True}
    command = {"name": "draw", "description": "x", "options": [tags]}
    await rest.ask("PUT", f"/applications/{server.world.application_id}/commands", [command])


@pytest.mark.parametrize(
    ("name", "kind", "served_as"),
    [
        ("a.png", "image/png", "image/png"),
        ("a.html", "text/html", "application/octet-stream"),
        ("a.png", "text/html", "application/octet-stream"),
        ("a.svg", "image/svg+xml", "application/octet-stream"),
        ("a.svg", "image/SVG+XML", "application/octet-stream"),
        ("a.js", "text/javascript", "application/octet-stream"),
        ("a.png", "image/png; charset=utf-8", "application/octet-stream"),
        ("../../etc/passwd", "text/plain", "application/octet-stream"),
        ('"><script>.png', "image/png", "image/png"),
        ("絵 画.png", "image/png", "image/png"),
        ("...", "", "application/octet-stream"),
        ("x" * 1000 + ".png", "image/png", "image/png"),
    ],
)
async def test_an_upload_is_served_back_but_never_as_a_page(
    aoi: Person, server: SandboxServer, name: str, kind: str, served_as: str
) -> None:
    attachment = (
        await aoi.upload(b"<script>alert(1)</script>", name, kind or "application/octet-stream")
    ).body
    path = attachment["url"].removeprefix(server.base_url)
    assert path.isascii()
    assert not set(path) & set("<>\"'% ")
    assert len(attachment["filename"]) <= 255
    served = await aoi.ask("GET", path)
    assert (served.status, served.body) == (200, b"<script>alert(1)</script>")
    assert served.headers["Content-Type"] == served_as
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert ("Content-Disposition" in served.headers) == (served_as == "application/octet-stream")
    assert (await aoi.ask("GET", path + "x")).status == 404


async def test_a_file_whose_name_begins_with_an_underscore_keeps_it(bot: Bot, tmp_path: Any) -> None:
    path = tmp_path / "_a.png"
    path.write_bytes(b"x")
    embed = discord.Embed().set_image(url="attachment://_a.png")
    message = await bot.drawing.send(file=discord.File(path), embed=embed)
    assert message.attachments[0].filename == "_a.png"


MALFORMED: list[Any] = [
    None, 7, "x", [], {}, {"person": 7}, {"person": "1"}, {"person": None, "channel_id": None},
    {"person": None, "channel_id": "CHANNEL"},
    {"person": None, "channel_id": "CHANNEL", "type": "x", "data": {}},
    {"person": None, "channel_id": "CHANNEL", "type": 2, "data": None},
    {"person": None, "channel_id": "CHANNEL", "type": 2, "data": {}},
    {"person": None, "channel_id": "CHANNEL", "type": 2, "data": {"id": {}}},
    {"person": None, "channel_id": "CHANNEL", "type": 2, "data": {"id": "COMMAND", "options": 7}},
    {"person": None, "channel_id": "CHANNEL", "type": 2, "data": {"id": "COMMAND", "options": [7]}},
    {"person": None, "channel_id": "CHANNEL", "type": 2, "data": {"id": "COMMAND", "options": [{}]}},
    {"person": None, "channel_id": "CHANNEL", "type": 2, "data": {"id": "COMMAND", "options": [{"name": {}}]}},
    {"person": None, "channel_id": "CHANNEL", "type": 2, "data": {"id": "COMMAND", "options": [{"name": "tags"}]}},
    {"person": None, "channel_id": "CHANNEL", "type": 3, "data": {}, "message_id": 7},
    {"person": None, "channel_id": "CHANNEL", "type": 3, "data": {}, "message_id": []},
    {"person": None, "channel_id": "CHANNEL", "type": 5, "data": {}},
    {"person": None, "channel_id": "CHANNEL", "type": 5, "data": {"custom_id": []}},
    {"person": None, "channel_id": "CHANNEL", "type": 5, "data": []},
    {"person": None, "channel_id": [], "type": 5, "data": []},
]  # fmt: skip


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
async def test_a_request_that_no_page_sends_gets_a_sentence(
    with_options: None, aoi: Person, server: SandboxServer, body: Any
) -> None:
    if isinstance(body, dict):
        known = {"CHANNEL": aoi.channel_id("drawing"), "COMMAND": next(iter(server.world.commands))}
        body = {key: known.get(it, it) if isinstance(it, str) else it for key, it in body.items()}
        if isinstance(body.get("data"), dict) and body["data"].get("id") == "COMMAND":
            body["data"] = body["data"] | {"id": known["COMMAND"]}
    for path in ("/people/interactions", "/people/messages"):
        answer = await aoi.ask("POST", path, json=body)
        assert answer.status == 400, answer
        assert answer.body["error"].endswith(".")
    assert server.statistics.interactions == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/people/interactions"),
        ("POST", "/people/messages"),
        ("POST", "/people/attachments"),
        ("GET", "/people/world?person=1"),
        ("GET", "/people/socket?person=x"),
        ("GET", "/people/channels/1/messages"),
        ("GET", "/people/channels/CHANNEL/messages?limit=x"),
        ("DELETE", "/people/messages/1"),
        ("DELETE", "/people/messages/1?person=x"),
    ],
)
async def test_a_request_with_nonsense_gets_a_sentence(aoi: Person, method: str, path: str) -> None:
    path = path.replace("CHANNEL", aoi.channel_id("drawing"))
    for options in ({"data": b"\xff{"}, {"data": b"--x", "headers": {"Content-Type": "multipart/form-data"}}):
        answer = await aoi.ask(method, path, **(options if method == "POST" else {}))
        assert answer.status in (400, 404)
        assert answer.body["error"].endswith(".")


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({}, True),
        ({"Host": "localhost:PORT", "Origin": "http://localhost:PORT"}, True),
        ({"Host": "[::1]:PORT"}, True),
        ({"Host": "127.0.0.1:PORT", "Origin": "http://127.0.0.1:PORT"}, True),
        ({"Host": "evil.example:PORT"}, False),
        ({"Host": "evil.example:PORT", "Origin": "http://evil.example:PORT"}, False),
        ({"Host": "127.0.0.1.evil.example"}, False),
        ({"Host": "[::1"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Origin": "null"}, False),
    ],
)
async def test_other_sites_pages_are_kept_out(
    aoi: Person, server: SandboxServer, headers: dict[str, str], is_let_in: bool
) -> None:
    port = server.base_url.rpartition(":")[2]
    headers = {name: value.replace("PORT", port) for name, value in headers.items()}
    for path in ("/", "/people/world", "/people/statistics", "/api/v10/gateway"):
        answer = await aoi.ask("GET", path, headers=headers)
        assert answer.status == (200 if is_let_in else 403)
    said = await aoi.ask("POST", "/people/messages", headers=headers, data=b"{}")
    assert said.status == (400 if is_let_in else 403)
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    for path in ("/people/socket", "/gateway/"):
        async with aiohttp.request("GET", server.base_url + path, headers=headers | upgrade) as response:
            assert response.status == (101 if is_let_in else 403)
