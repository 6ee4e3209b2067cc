"""The sandbox's server: one port on this machine with Discord's API, its gateway, and the page."""

from pathlib import Path

from aiohttp import web

from sandbox import objects
from sandbox.context import Discord
from sandbox.counts import Statistics
from sandbox.faults import Faults
from sandbox.gateway import Gateway
from sandbox.limits import Limits
from sandbox.local_only import local_only
from sandbox.openapi import OpenApi
from sandbox.people import PAGE, PeoplesDoor
from sandbox.rest import application, channels, interactions, members, scheduled_events, threads
from sandbox.rest.routing import API, Router
from sandbox.world import Channel, World

HOST = "127.0.0.1"
"""The sandbox has no passwords, so it is never served beyond this machine."""


class SandboxServer:
    """Discord on localhost. `port` 0 picks a free one; `openapi_path` names Discord's API document, if at hand."""

    def __init__(
        self,
        port: int = 0,
        *,
        world: World | None = None,
        limits: Limits | None = None,
        openapi_path: Path | None = None,
    ) -> None:
        openapi = OpenApi(openapi_path) if openapi_path is not None else None
        self._port = port
        self._discord = Discord.build(world or World.default(), limits or Limits(), openapi)
        self._runner: web.AppRunner | None = None
        self.base_url = ""

    @property
    def api_base(self) -> str:
        """What `discord.api_base` is set to."""
        return self.base_url + API

    @property
    def world(self) -> World:
        """Everything that exists; tests change it freely."""
        return self._discord.world

    @property
    def statistics(self) -> Statistics:
        """What was counted."""
        return self._discord.statistics

    @property
    def faults(self) -> Faults:
        """Faults for tests."""
        return self._discord.faults

    @property
    def gateway(self) -> Gateway:
        """The gateway, whose connections tests may drop."""
        return self._discord.gateway

    def show_channel(self, channel: Channel) -> None:
        """Tell the bot and the pages that a test changed a channel, such as its age restriction."""
        self._discord.gateway.dispatch("CHANNEL_UPDATE", objects.channel(self.world, channel))
        self._discord.residents.show_world()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application(
            client_max_size=self._discord.limits.request_size + 2**20, middlewares=[local_only]
        )
        router = Router(self._discord)
        for subject in (application, interactions, channels, threads, members, scheduled_events):
            subject.add_routes(router)
        router.refuse_the_rest()
        app.add_routes(router.table)
        app.add_routes(PeoplesDoor(self._discord).table())
        app.add_routes([web.get("/gateway/", self._discord.gateway.handle)])
        app.router.add_static("/page", PAGE)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base_url = f"http://{HOST}:{port}"
        self._discord.attachments.base_url = self.base_url
        self._discord.gateway.url = f"ws://{HOST}:{port}/gateway/"

    async def stop(self) -> None:
        """Close every connection and stop listening."""
        await self._discord.gateway.close()
        await self._discord.residents.close()
        if self._runner is not None:
            await self._runner.cleanup()
