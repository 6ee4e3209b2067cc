"""The people's door: what the page, the tests and the residents do as persons. Plain JSON, no token."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import BodyPartReader, web

from sandbox import objects
from sandbox.attachments import UploadedFile, content_type_of
from sandbox.bodies import Body
from sandbox.commands import InvalidOption, check_options
from sandbox.context import Discord
from sandbox.interactions import AUTOCOMPLETE
from sandbox.limits import CONTENT_LENGTH
from sandbox.residents import is_visible, may_use, shown
from sandbox.resolving import Unresolved, resolved
from sandbox.world import DIRECT, EPHEMERAL, FORUM, Channel, Json, Person

PAGE = Path(__file__).parent / "page"

GUILD, BOT_DM = 0, 1
"""Where a command may be used (application commands, "Interaction contexts")."""

PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"}
"""What a browser may show in the page: no SVG, which may carry scripts."""

FORMS = 1000
"""Opened forms that are remembered."""


class PeoplesDoor:
    """Routes for people. Every refusal is one sentence, as `{"error": ...}`."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self._forms: dict[tuple[str, str], Json | None] = {}

    def table(self) -> list[web.RouteDef]:
        """Its routes, and the page's files."""
        return [
            web.get("/", self._page),
            web.get("/people/world", self._world),
            web.get("/people/socket", self._socket),
            web.get("/people/channels/{channel_id}/messages", self._messages),
            web.post("/people/interactions", self._interact),
            web.post("/people/messages", self._say),
            web.post("/people/attachments", self._upload),
            web.delete("/people/messages/{message_id}", self._dismiss),
            web.get("/people/statistics", self._statistics),
            web.get("/attachments/{channel_id}/{attachment_id}/{name}", self._file),
        ]

    async def _page(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    async def _world(self, request: web.Request) -> web.Response:
        return _json(self._discord.residents.view(self._person(request.query.get("person"))))

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        return await self._discord.residents.handle(request, self._person(request.query.get("person")))

    async def _messages(self, request: web.Request) -> web.Response:
        person = self._person(request.query.get("person"))
        channel = self._channel(request.match_info["channel_id"], person)
        with _understood():
            limit = max(1, int(request.query.get("limit", "100")))
        visible = [shown(it) for it in channel.messages.values() if is_visible(it, person.id)]
        return _json({"messages": visible[-limit:]})

    async def _interact(self, request: web.Request) -> web.Response:
        with _understood():
            body = await request.json()
            person = self._person(body["person"])
            channel = self._channel(body["channel_id"], person)
            kind: int = body["type"]
        if not self._discord.gateway.has_session:
            name = self._discord.world.application_name
            return _json({"error": f"{name} is offline"}, 503)
        is_checked = "unchecked" not in request.query
        try:
            with _understood():
                data, source = self._prepared(person, channel, kind, body, is_checked=is_checked)
        except InvalidOption as error:
            return _json({"error": str(error), "option": error.option}, 400)
        interaction = self._discord.interactions.make(person, channel, kind, data, source)
        outcome = await self._discord.interactions.answer_to(interaction)
        if outcome is None:
            return _json({"error": "The application did not respond", "interaction_id": interaction.id}, 504)
        if outcome.get("modal"):
            self._forms[person.id, outcome["modal"]["custom_id"]] = source
            if len(self._forms) > FORMS:
                del self._forms[next(iter(self._forms))]
        message = outcome.get("message")
        answer = {
            "interaction_id": interaction.id,
            "token_expires_at": self._discord.interactions.expires_at(interaction),
            "callback_type": outcome["callback_type"],
            "acknowledged_after_ms": interaction.acknowledged_after_ms,
            "message": shown(message) if message else None,
            "choices": outcome.get("choices"),
            "modal": outcome.get("modal"),
        }
        return _json(answer)

    def _prepared(
        self, person: Person, channel: Channel, kind: int, body: Json, *, is_checked: bool
    ) -> tuple[Json, Json | None]:
        """Complete an interaction's data as Discord does; returns it with the message that it came from."""
        data: Json = body["data"]
        match kind:
            case 2 | 4:
                command = self._discord.world.commands.get(data["id"])
                if command is None or (is_checked and not may_use(person, command)):
                    raise _no("There is no such command.")
                if not _is_for(command, channel):
                    raise _no("This command doesn't work here.")
                if is_checked:
                    if command["type"] == 1:
                        check_options(
                            command, data.get("options") or [], is_autocomplete=kind == AUTOCOMPLETE
                        )
                    if command.get("nsfw") and not self._discord.world.is_nsfw(channel):
                        raise _no("This command works in age-restricted channels only.")
                data = {**data, "name": command["name"], "type": command["type"]}
                return self._with_resolved(person, channel, data), None
            case 3:
                message = channel.messages.get(body.get("message_id") or "")
                if message is None or not is_visible(message, person.id):
                    raise _no("This message is gone.")
                if is_checked and data["custom_id"] not in _custom_ids(message["components"]):
                    raise _no("This message has no such button any more.")
                return self._with_resolved(person, channel, data), message
            case 5:
                form = person.id, data["custom_id"]
                if is_checked and form not in self._forms:
                    raise _no("This form isn't open.")
                return self._with_resolved(person, channel, data), self._forms.get(form)
        raise _no(f"There is no interaction of type {kind}.")

    def _with_resolved(self, person: Person, channel: Channel, data: Json) -> Json:
        try:
            found = resolved(self._discord.world, self._discord.attachments, channel, person, data)
        except Unresolved as error:
            raise _no(str(error)) from None
        # Absent if empty: discord.py takes an empty one for a select in which nothing was chosen.
        return {**data, "resolved": found} if found else data

    async def _say(self, request: web.Request) -> web.Response:
        with _understood():
            body = await request.json()
            person = self._person(body["person"])
            channel = self._channel(body["channel_id"], person)
            said = str(body["content"]).strip()
        if channel.type == FORUM:
            raise _no("A forum has posts. Choose one of them.")
        if not 1 <= len(said) <= CONTENT_LENGTH:
            raise _no(f"A message takes 1 to {CONTENT_LENGTH} characters.")
        message = await self._discord.messages.post(channel, objects.user(person), Body({"content": said}))
        return _json(shown(message))

    async def _upload(self, request: web.Request) -> web.Response:
        if not request.content_type.startswith("multipart/"):
            raise _no("There is no file.")
        channel = next(iter(self._discord.world.channels.values()))
        with _understood():
            reader = await request.multipart()
            while (part := await reader.next()) is not None:
                if isinstance(part, BodyPartReader) and part.filename:
                    content = bytes(await part.read(decode=False))
                    kind = content_type_of(part.filename, part.headers.get("Content-Type"))
                    file = UploadedFile(part.filename, kind, content)
                    return _json(await self._discord.attachments.store(file, channel, {}))
        raise _no("There is no file.")

    async def _dismiss(self, request: web.Request) -> web.Response:
        person = self._person(request.query.get("person"))
        message = self._discord.world.find_message(request.match_info["message_id"])
        if message is None or not is_visible(message, person.id):
            return _json({"error": "This message is gone."}, 404)
        if not message["flags"] & EPHEMERAL and message["author"]["id"] != person.id:
            return _json({"error": "This message is somebody else's."}, 403)
        self._discord.messages.delete(message)
        return _json({})

    async def _statistics(self, _request: web.Request) -> web.Response:
        return _json(self._discord.statistics.as_json())

    async def _file(self, request: web.Request) -> web.Response:
        file = self._discord.attachments.open(request.match_info["attachment_id"], request.path)
        if file is None:
            return _json({"error": "There is no such file."}, 404)
        # Never as HTML or script: what a person uploads must not run in the page.
        is_picture = file.content_type in PICTURES
        headers = {"X-Content-Type-Options": "nosniff"}
        if not is_picture:
            headers["Content-Disposition"] = "attachment"
        kind = file.content_type if is_picture else "application/octet-stream"
        return web.Response(body=file.content, content_type=kind, headers=headers)

    def _person(self, person_id: str | None) -> Person:
        people = self._discord.world.people
        if not person_id:
            return people[0]
        try:
            return self._discord.world.person(person_id)
        except KeyError:
            raise _no("There is no such person.") from None

    def _channel(self, channel_id: str, person: Person) -> Channel:
        channel = self._discord.world.channels.get(channel_id)
        if channel is None or not channel.is_visible_to(person.id):
            raise _no("There is no such channel.")
        return channel


def _custom_ids(components: list[Json]) -> set[str]:
    found: set[str] = set()
    for component in components:
        if component.get("custom_id") and not component.get("disabled"):
            found.add(component["custom_id"])
        found |= _custom_ids(component.get("components") or [])
        if component.get("accessory"):
            found |= _custom_ids([component["accessory"]])
    return found


def _json(data: object, status: int = 200) -> web.Response:
    return web.json_response(data, status=status)


def _is_for(command: Json, channel: Channel) -> bool:
    """Whether Discord would show a command there: some are for servers alone, some for direct messages."""
    if channel.type == DIRECT:
        contexts = command.get("contexts")
        return BOT_DM in contexts if contexts is not None else command.get("dm_permission") is not False
    return command.get("contexts") is None or GUILD in command["contexts"]


@contextmanager
def _understood() -> Iterator[None]:
    """Within, a request that isn't what the page sends gets a sentence, not an error of ours."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise _no("The sandbox doesn't understand this request.") from error


def _no(sentence: str) -> web.HTTPException:
    return web.HTTPBadRequest(text=json.dumps({"error": sentence}), content_type="application/json")
