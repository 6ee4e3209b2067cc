"""How Discord's API answers, seen from the HTTP client: how fast, how often not, how soon to people."""

import re
import time
from collections import OrderedDict
from types import SimpleNamespace

import aiohttp

from watch.metrics import Metrics

_CALLBACK = re.compile(r"/interactions/(?P<id>\d+)/[^/]+/callback$")

REMEMBERED = 4096
"""Interactions that have arrived and may still be answered."""


class RestTrace:
    """Times requests, and the way from an interaction's arrival to the end of the request that answers it."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._arrived: OrderedDict[int, float] = OrderedDict()

    def arrived(self, interaction_id: int) -> None:
        """An interaction has come in."""
        self._arrived[interaction_id] = time.monotonic()
        if len(self._arrived) > REMEMBERED:
            self._arrived.popitem(last=False)

    def config(self) -> aiohttp.TraceConfig:
        """What the HTTP client is to be made with."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._began)
        config.on_request_end.append(self._ended)
        config.on_request_exception.append(self._failed)
        return config

    async def _began(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        _params: aiohttp.TraceRequestStartParams,
    ) -> None:
        context.began = time.monotonic()

    async def _ended(
        self, _session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        now, status = time.monotonic(), params.response.status
        self._metrics.answered(status, now - context.began)
        if status < 300 and (answered := _CALLBACK.search(params.url.path)):
            arrived = self._arrived.pop(int(answered["id"]), None)
            if arrived is not None:
                self._metrics.acknowledged(now - arrived)

    async def _failed(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        _params: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        self._metrics.answered(None, time.monotonic() - context.began)
