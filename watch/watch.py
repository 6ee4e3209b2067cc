"""Everything that watches the bot, put together: what is measured always, and what is served where it is asked for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from pydantic import SecretStr

from generation.service import GenerationService
from watch.history import History
from watch.loop_lag import measure_loop_lag
from watch.metrics import Metrics
from watch.rest_trace import RestTrace
from watch.server import WatchServer


class Watch:
    """Belongs to one event loop. `clock` gives the current, time-zone-aware time."""

    def __init__(self, service: GenerationService, clock: Callable[[], datetime]) -> None:
        self._service = service
        self.metrics = Metrics(service)
        self.history = History(self.metrics, clock)
        self.rest_trace = RestTrace(self.metrics)

    @asynccontextmanager
    async def measuring(self) -> AsyncIterator[None]:
        """Measure what has to be looked at from time to time."""
        tasks = [
            asyncio.create_task(measure_loop_lag(self.metrics), name="event loop lag"),
            asyncio.create_task(self.history.run(), name="history"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()

    @asynccontextmanager
    async def served(
        self,
        host: str,
        port: int,
        token: SecretStr | None,
        readiness: Callable[[], Awaitable[dict[str, bool]]],
    ) -> AsyncIterator[WatchServer]:
        """Serve all of it to operators; see `WatchServer`.

        Raises:
            OSError: the port is taken.
        """
        server = WatchServer(
            host=host,
            port=port,
            token=token,
            service=self._service,
            metrics=self.metrics,
            history=self.history,
            readiness=readiness,
        )
        await server.start()
        try:
            yield server
        finally:
            await server.stop()
