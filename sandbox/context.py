"""The parts of the sandbox, wired together once and handed to every route."""

from dataclasses import dataclass

from sandbox.attachments import Attachments
from sandbox.counts import Statistics
from sandbox.faults import Faults
from sandbox.gateway import Gateway
from sandbox.interactions import Interactions
from sandbox.limits import Limits
from sandbox.messages import Messages
from sandbox.openapi import OpenApi
from sandbox.rate_limits import RateLimiter
from sandbox.residents import Residents
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Discord:
    """Everything that a route may need."""

    world: World
    limits: Limits
    statistics: Statistics
    faults: Faults
    rate_limiter: RateLimiter
    attachments: Attachments
    gateway: Gateway
    residents: Residents
    messages: Messages
    interactions: Interactions
    openapi: OpenApi | None

    @classmethod
    def build(cls, world: World, limits: Limits, openapi: OpenApi | None) -> "Discord":
        """Wire the parts."""
        statistics = Statistics()
        residents = Residents(world)

        def tell_presence() -> None:
            residents.is_bot_online = gateway.is_online
            residents.show_world()

        gateway = Gateway(world, limits, tell_presence)
        attachments = Attachments(world)
        messages = Messages(world, limits, statistics, attachments, gateway, residents)
        return cls(
            world=world,
            limits=limits,
            statistics=statistics,
            faults=Faults(),
            rate_limiter=RateLimiter(limits, statistics),
            attachments=attachments,
            gateway=gateway,
            residents=residents,
            messages=messages,
            interactions=Interactions(world, limits, statistics, gateway),
            openapi=openapi,
        )
