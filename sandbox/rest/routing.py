"""What every REST route goes through: authorisation, rate limits, Discord's form of answers and errors."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.bodies import Body, read_body
from sandbox.context import Discord
from sandbox.counts import Refusal
from sandbox.errors import ApiError, invalid_form, unauthorized, unknown_channel
from sandbox.permissions import is_refused
from sandbox.world import Channel

API = "/api/v10"

Route = Callable[["Call"], Awaitable[Any]]
Bucket = Callable[[web.Request, Discord], tuple[str, tuple[int, float]]]


class Call:
    """One request to a route: its path's parameters, query and body."""

    def __init__(self, discord: Discord, request: web.Request, body: Body) -> None:
        self.discord = discord
        self.query = request.query
        self.body = body
        self._path = request.match_info

    def __getitem__(self, name: str) -> str:
        """A parameter of the path."""
        return self._path[name]

    def get(self, name: str) -> str | None:
        """A parameter that only some paths of this route have."""
        return self._path.get(name)

    @property
    def channel(self) -> Channel:
        """The channel that the path names.

        Raises:
            ApiError: there is none.
        """
        channel = self.discord.world.channels.get(self["channel_id"])
        if channel is None:
            raise unknown_channel()
        return channel


class Router:
    """Makes aiohttp routes out of plain functions."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord
        self.table: list[web.RouteDef] = []

    def add(
        self,
        method: str,
        path: str,
        route: Route,
        *,
        needs_token: bool = True,
        bucket: Bucket | None = None,
        is_limited: bool = True,
        takes: type = dict,
    ) -> None:
        """Serve `route` at `path` below the API's version.

        `bucket` names its rate limit; its body's JSON is of the type that it `takes`.
        """

        async def handle(request: web.Request) -> web.StreamResponse:
            async def answer(it: web.Request) -> web.StreamResponse:
                return await self._answer(it, route, needs_token, bucket, takes, is_limited=is_limited)

            return await self._discord.faults.run(request, answer)

        self.table.append(web.route(method, API + path, handle))

    def refuse_the_rest(self) -> None:
        """Answer every other path below the API's version as Discord does. Comes after all routes."""

        async def unknown(_call: Call) -> None:
            raise ApiError(404, 0, "404: Not Found")

        self.add("*", "/{path:.*}", unknown, needs_token=False, is_limited=False)

    async def _answer(
        self,
        request: web.Request,
        route: Route,
        needs_token: bool,
        bucket: Bucket | None,
        takes: type,
        *,
        is_limited: bool,
    ) -> web.Response:
        headers: dict[str, str] = {}
        try:
            if needs_token:
                _check_token(request)
                self._discord.rate_limiter.take_global()
            if is_limited:
                name, rate = (bucket or _own_bucket)(request, self._discord)
                headers = self._discord.rate_limiter.take(name, rate)
            body = await read_body(request, self._discord.limits)
            if not isinstance(body.json, takes):
                raise invalid_form("body", "BASE_TYPE_BAD_TYPE", f"Must be a {takes.__name__}.")
            self._check_shape(request, body)
            result = await route(Call(self._discord, request, body))
        except ApiError as error:
            self._discord.statistics.refusals.append(
                Refusal(request.method, _without_token(request.path), error.status, error.code, error.message)
            )
            return _json(error.body(), error.status, {**headers, **error.headers})
        if result is None:
            return web.Response(status=204, headers=headers)
        return _json(result, 200, headers)

    def _check_shape(self, request: web.Request, body: Body) -> None:
        if self._discord.openapi is None or request.method not in ("POST", "PATCH", "PUT"):
            return
        mismatch = self._discord.openapi.mismatch(request.method, request.path.removeprefix(API), body.json)
        if mismatch is not None:
            self._discord.statistics.shape_errors.append(mismatch)
            raise invalid_form("body", "SHAPE", mismatch)


def _check_token(request: web.Request) -> None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bot" or is_refused(token):
        raise unauthorized()


def _own_bucket(request: web.Request, discord: Discord) -> tuple[str, tuple[int, float]]:
    resource = request.match_info.route.resource
    name = resource.canonical.removeprefix(API) if resource is not None else request.path
    return f"{request.method}:{name} {request.match_info.get('channel_id', '')}", discord.limits.other_rate


def _json(data: object, status: int, headers: dict[str, str]) -> web.Response:
    # Discord's type has no charset, and discord.py reads as JSON only what says exactly this.
    body = json.dumps(data).encode()
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


def _without_token(path: str) -> str:
    return "/".join("<token>" if len(part) > 40 else part for part in path.split("/"))
