"""What Discord refuses in messages and forms, sent as a bot without a library would."""

import asyncio
from typing import Any

import aiohttp
import pytest

from sandbox import Limits, SandboxServer
from sandbox.world import COMPONENTS_V2
from tests.sandbox.client import Listener
from tests.sandbox.doors import Json, Person, Rest


@pytest.fixture
def limits() -> Limits:
    return Limits(channel_message_rate=(1000, 1.0), attachment_size=1000, request_size=20_000)


def button(custom_id: str = "a", **changes: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Press", "custom_id": custom_id, **changes}


def row(*children: Json) -> Json:
    return {"type": 1, "components": [*children]}


def text(content: str = "x") -> Json:
    return {"type": 10, "content": content}


def layout(*components: Json) -> Json:
    return {"flags": COMPONENTS_V2, "components": [*components]}


OPTIONS = [{"label": str(i), "value": str(i)} for i in range(26)]
GALLERY_ITEM = {"media": {"url": "https://example.com/a.png"}}
FULL_EMBED = {
    "title": "t" * 256,
    "description": "d" * 4096,
    "footer": {"text": "f" * 1000},
    "author": {"name": "a" * 256},
    "fields": [{"name": "n" * 92, "value": "v" * 300}],
}  # 6000 characters

FINE = [
    {"content": "x" * 2000},
    {"embeds": [FULL_EMBED]},
    {"embeds": [{"title": "t"}] * 10},
    {"components": [row(*[button(f"{i}{j}") for j in range(5)]) for i in range(5)]},
    {"components": [row({"type": 3, "custom_id": "s", "options": OPTIONS[:25]})]},
    {"components": [row({"type": 2, "style": 5, "label": "Link", "url": "https://example.com"})]},
    layout(*[text("x" * 100)] * 40),
    layout({"type": 17, "components": [text(), {"type": 12, "items": [GALLERY_ITEM] * 10}]}),
    layout({"type": 9, "components": [text()] * 3, "accessory": button()}),
    {"content": "x", "nonce": "n" * 25},
]

WRONG = [
    ({"content": "x" * 2001}, "content"),
    ({"content": 7}, "content"),
    ({"content": "x", "nonce": "n" * 26}, "nonce"),
    ({"content": "x", "flags": "many"}, "flags"),
    ({"content": "x", "allowed_mentions": {"parse": ["nobody"]}}, "allowed_mentions"),
    ({"content": "x", "allowed_mentions": 7}, "body"),
    ({"content": "x", "attachments": [{"description": "x"}]}, "body"),
    ({"content": "x", "attachments": [{"id": 0, "description": "x" * 1025}]}, "attachments"),
    ({"content": "x", "message_reference": "that one"}, "message_reference"),
    ({"embeds": [{"title": "t"}] * 11}, "embeds"),
    ({"embeds": [{"title": "t" * 257}]}, "embeds"),
    ({"embeds": [{"description": "t" * 4097}]}, "embeds"),
    ({"embeds": [FULL_EMBED, {"title": "t"}]}, "embeds"),
    ({"embeds": [{"footer": {"text": "t" * 2049}}]}, "embeds"),
    ({"embeds": [{"author": {"name": "t" * 257}}]}, "embeds"),
    ({"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}, "embeds"),
    ({"embeds": [{"fields": [{"name": "n" * 257, "value": "v"}]}]}, "embeds"),
    ({"embeds": [{"fields": [{"name": "n", "value": "v" * 1025}]}]}, "embeds"),
    ({"embeds": [{"fields": [{"name": "n", "value": ""}]}]}, "embeds"),
    ({"embeds": ["x"]}, "body"),
    ({"components": [row(button(f"{i}")) for i in range(6)]}, "components"),
    ({"components": [row(*[button(f"{i}") for i in range(6)])]}, "components"),
    ({"components": [row(button(), button())]}, "components"),
    ({"components": [row(button("x" * 101))]}, "components"),
    ({"components": [row(button(""))]}, "components"),
    ({"components": [row(button(label="x" * 81))]}, "components"),
    ({"components": [row(button(label=None))]}, "components"),
    ({"components": [row(button(style=5))]}, "components"),
    ({"components": [row()]}, "components"),
    ({"components": [button()]}, "components"),
    ({"components": [{"x": 1}]}, "components"),
    ({"components": [7]}, "components"),
    ({"components": [row({"type": 3, "custom_id": "s", "options": OPTIONS})]}, "components"),
    ({"components": [row({"type": 3, "options": OPTIONS[:1]})]}, "components"),
    ({"components": [row({"type": 5, "custom_id": "s", "placeholder": "x" * 151})]}, "components"),
    ({"components": [row({"type": 5, "custom_id": "s"}, button())]}, "components"),
    ({"components": [row({"type": 4, "custom_id": "s", "style": 1, "label": "x"})]}, "components"),
    ({"content": "x", "components": [text()]}, "components"),
    ({**layout(text()), "content": "x"}, "content"),
    ({**layout(text()), "embeds": [{"title": "t"}]}, "embeds"),
    (layout(*[text()] * 41), "components"),
    (layout(text("x" * 2000), text("x" * 2001)), "components"),
    (layout(text("")), "components"),
    (layout(button()), "components"),
    (layout({"type": 12, "items": [GALLERY_ITEM] * 11}), "components"),
    (layout({"type": 12, "items": []}), "components"),
    (layout({"type": 9, "components": [text()] * 4, "accessory": button()}), "components"),
    (layout({"type": 9, "components": [text()]}), "components"),
    (layout({"type": 13, "file": {"url": "attachment://missing.txt"}}), "components"),
]


@pytest.mark.parametrize("body", FINE, ids=range(len(FINE)))
async def test_a_message_at_its_limits_is_taken(rest: Rest, aoi: Person, body: Json) -> None:
    answer = await rest.ask("POST", f"/channels/{aoi.channel_id('drawing')}/messages", body)
    assert (answer.status, answer.body.get("errors")) == (200, None)


@pytest.mark.parametrize(("body", "where"), WRONG, ids=range(len(WRONG)))
async def test_a_message_over_a_limit_is_refused_and_not_posted(
    rest: Rest, aoi: Person, body: Json, where: str
) -> None:
    answer = await rest.ask("POST", f"/channels/{aoi.channel_id('drawing')}/messages", body)
    assert (answer.status, answer.code) == (400, 50035)
    assert where in answer.body["errors"]
    assert await aoi.messages() == []


async def test_an_empty_message_is_refused(rest: Rest, aoi: Person) -> None:
    answer = await rest.ask("POST", f"/channels/{aoi.channel_id('drawing')}/messages", {})
    assert (answer.status, answer.code) == (400, 50006)


async def test_a_layout_can_take_an_old_messages_place_only_without_its_text(rest: Rest, aoi: Person) -> None:
    path = f"/channels/{aoi.channel_id('drawing')}/messages"
    made = (await rest.ask("POST", path, {"content": "Text"})).body
    assert (await rest.ask("PATCH", f"{path}/{made['id']}", layout(text()))).code == 50035
    changed = await rest.ask("PATCH", f"{path}/{made['id']}", {**layout(text()), "content": None})
    assert (changed.status, changed.body["flags"]) == (200, COMPONENTS_V2)
    assert (await rest.ask("PATCH", f"{path}/{made['id']}", {"content": "Text"})).code == 50035


MODAL = {
    "title": "Title",
    "custom_id": "m",
    "components": [{"type": 18, "label": "L", "component": {"type": 4, "custom_id": "t", "style": 1}}],
}
LABEL: Json = MODAL["components"][0]  # type: ignore[assignment]  # a list, as one sees above


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "x" * 46},
        {"custom_id": "x" * 101},
        {"custom_id": None},
        {"components": []},
        {"components": [text()] * 6},
        {"components": [LABEL, LABEL]},
        {"components": [LABEL | {"label": "x" * 46}]},
        {"components": [LABEL | {"description": "x" * 101}]},
        {"components": [LABEL | {"component": None}]},
        {"components": [LABEL["component"]]},
        {"components": [LABEL | {"component": LABEL["component"] | {"max_length": 4001}}]},
        {"components": [LABEL | {"component": {"type": 19, "custom_id": "f", "max_values": 11}}]},
        {"components": [button()]},
        {"components": 7},
    ],
)
async def test_a_form_over_a_limit_is_refused(
    listener: Listener, aoi: Person, rest: Rest, changes: Json
) -> None:
    act = asyncio.create_task(aoi.use("draw"))
    interaction = await listener.next_interaction()
    refused = await rest.respond(interaction, 9, MODAL | changes)
    assert (refused.status, refused.code) == (400, 50035)
    assert (await rest.respond(interaction, 9, MODAL)).status == 204
    assert (await act).body["modal"]["custom_id"] == "m"


@pytest.mark.parametrize(
    "choices",
    [
        [{"name": str(i), "value": str(i)} for i in range(26)],
        [{"name": "", "value": "x"}],
        [{"name": "x" * 101, "value": "x"}],
        [{"name": "x", "value": "x" * 101}],
        [{"name": "x"}],
        7,
    ],
)
async def test_offers_over_a_limit_are_refused(
    listener: Listener, aoi: Person, rest: Rest, server: SandboxServer, choices: object
) -> None:
    option = {"name": "style", "type": 3, "description": "Style", "autocomplete": True}
    command = {"name": "draw", "type": 1, "description": "Draw", "options": [option]}
    await rest.ask("PUT", f"/applications/{server.world.application_id}/commands", [command])
    act = asyncio.create_task(aoi.type("draw", "style", "i"))
    interaction = await listener.next_interaction()
    refused = await rest.respond(interaction, 8, {"choices": choices})
    assert (refused.status, refused.code) == (400, 50035)
    assert (await rest.respond(interaction, 8, {"choices": []})).status == 204
    assert (await act).body["choices"] == []


def form(*sizes: int) -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field("payload_json", "{}", content_type="application/json")
    for index, size in enumerate(sizes):
        data.add_field(f"files[{index}]", b"x" * size, filename=f"{index}.bin")
    return data


@pytest.mark.parametrize(
    ("sizes", "status", "code"),
    [
        ([1000], 200, None),
        ([1001], 413, 40005),
        ([1] * 11, 400, 50035),
        ([1000] * 15, 400, 50035),
        ([1000] * 25, 413, 40005),
        ([21_000], 413, 40005),
    ],
)
async def test_files_have_a_size_a_number_and_all_together_a_size(
    rest: Rest, aoi: Person, sizes: list[int], status: int, code: int | None
) -> None:
    path = f"/channels/{aoi.channel_id('drawing')}/messages"
    answer = await rest.ask("POST", path, data=form(*sizes))
    assert (answer.status, answer.body.get("code")) == (status, code)


async def test_a_channel_may_take_smaller_files_than_others(
    listener: Listener, rest: Rest, aoi: Person, server: SandboxServer
) -> None:
    server.world.channels[aoi.channel_id("drawing")].attachment_size_limit = 100
    act = asyncio.create_task(aoi.use("draw"))
    interaction = await listener.next_interaction()
    assert interaction.filesize_limit == 100
    assert (await rest.respond(interaction, 5)).status == 204
    await act
    path = f"/webhooks/{interaction.application_id}/{interaction.token}/messages/@original"
    assert (await rest.ask("PATCH", path, data=form(101))).code == 40005
    assert (await rest.ask("PATCH", path, data=form(100))).status == 200
