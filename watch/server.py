"""The operators' own web server: health, metrics, and a status page behind a token."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from generation.service import GenerationService
from generation.version import VERSION
from watch.history import History, Series
from watch.metrics import Metrics

PAGE = Path(__file__).with_name("page")
COOKIE = "anim4gine_status"
SESSIONS_MAX = 100
_PLOTTED_POINTS = 180

_SAFETY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class WatchServer:
    """Serves on `host` and `port` (0 picks a free one). Without a `token` there is no status page.

    `readiness` names what has to be there for people to get pictures, each with whether it is.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        token: SecretStr | None,
        service: GenerationService,
        metrics: Metrics,
        history: History,
        readiness: Callable[[], Awaitable[dict[str, bool]]],
    ) -> None:
        self._host, self._port = host, port
        self._token = token
        self._service = service
        self._metrics = metrics
        self._history = history
        self._readiness = readiness
        self._sessions: list[str] = []
        self._runner: web.AppRunner | None = None
        self.base_url = ""

    async def start(self) -> None:
        """Begin to serve.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics_page)
        if self._token is not None:
            app.router.add_get("/", self._page)
            app.router.add_post("/login", self._login)
            app.router.add_get("/status.json", self._status)
            app.router.add_static("/page/", PAGE)
        app.on_response_prepare.append(_add_safety_headers)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base_url = f"http://{self._host}:{port}"

    async def stop(self) -> None:
        """Serve no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        """The process lives and its event loop turns: that it answers is the answer."""
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        """Whether people get pictures, with what lacks."""
        parts = await self._readiness()
        return web.json_response(parts, status=200 if all(parts.values()) else 503)

    async def _metrics_page(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=self._metrics.exposition(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    async def _page(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / ("status.html" if self._is_known(request) else "login.html"))

    async def _login(self, request: web.Request) -> web.Response:
        form = await request.post()
        if not self._is_token(str(form.get("token", ""))):
            raise web.HTTPSeeOther("/?wrong")
        session = secrets.token_urlsafe(32)
        self._sessions = [*self._sessions[1 - SESSIONS_MAX :], session]
        answer = web.HTTPSeeOther("/")
        answer.set_cookie(COOKIE, session, httponly=True, samesite="Strict", max_age=7 * 86_400)
        raise answer

    async def _status(self, request: web.Request) -> web.Response:
        """What the page shows, as JSON; for programs with the token in an Authorization header too."""
        if not self._is_known(request):
            return web.json_response({"error": "the token is missing or wrong"}, status=401)
        service, activity, now = self._service, self._service.engine_activity, self._history.now()
        history = self._history
        return web.json_response(
            {
                "version": VERSION,
                "model": service.profile.title,
                "engine": service.engine_state.value,
                "devices": [
                    {
                        "name": device.name,
                        "state": device.state.value,
                        "in_flight": device.activity.pictures_in_flight,
                        "slots": device.activity.slots,
                        "memory_used_bytes": device.activity.memory_used_bytes,
                        "memory_total_bytes": device.activity.memory_total_bytes,
                    }
                    for device in service.devices
                ],
                "parts": await self._readiness(),
                "waiting": now.waiting,
                "running": now.running,
                "oldest_wait_s": now.oldest_wait_s,
                "in_flight": activity.pictures_in_flight,
                "slots": activity.slots,
                "memory_used_bytes": activity.memory_used_bytes,
                "memory_total_bytes": activity.memory_total_bytes,
                "images": now.images,
                "failures": now.failures,
                "refusals": now.refusals,
                "worst_lag_s": now.worst_lag_s,
                "plots": {
                    "waiting": _points(history.waiting()),
                    "images_per_minute": _points(history.images_per_minute()),
                    "steps_per_second": _points(history.steps_per_second()),
                    "failures_per_minute": _points(history.failures_per_minute()),
                },
            }
        )

    def _is_known(self, request: web.Request) -> bool:
        if (cookie := request.cookies.get(COOKIE)) and any(
            hmac.compare_digest(cookie.encode(), session.encode()) for session in self._sessions
        ):
            return True
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._is_token(sent)

    def _is_token(self, sent: str) -> bool:
        return self._token is not None and hmac.compare_digest(
            sent.encode(), self._token.get_secret_value().encode()
        )


async def _add_safety_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_SAFETY_HEADERS)


def _points(series: Series) -> list[tuple[float, float]]:
    """A line as seconds since 1970 and values, thinned out by taking the largest of neighbours."""
    width = max(1, -(-len(series.values) // _PLOTTED_POINTS))
    starts = range(0, len(series.values), width)
    return [(series.at[start].timestamp(), max(series.values[start : start + width])) for start in starts]
