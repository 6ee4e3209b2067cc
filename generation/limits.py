"""How much people may ask for, by role and by server."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from generation.errors import Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What holds for a request. None doesn't limit. Days are the last 24 hours; images are counted one by one.

    `images_for_event` is of the event that the request is for. `waiting_per_person` and `guild_waiting` count jobs
    that wait or run. `weight` is this person's share of the engine compared with others'.
    """

    requests_per_minute: int | None = None
    waiting_per_person: int | None = None
    images_per_day: int | None = None
    guild_images_per_day: int | None = None
    guild_waiting: int | None = None
    queue_length: int | None = None
    images_for_event: int | None = None
    weight: float | None = None

    def quotas(self) -> dict[str, int]:
        """The limits that hold, by the values of `Limit`, those first that are a person's own."""
        return {
            limit.value: allowed for limit in Limit if (allowed := getattr(self, limit.value)) is not None
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTable:
    """The operator's limits: for everybody, and what roles and servers have of their own, by their Discord ids."""

    everybody: Limits
    by_guild: Mapping[int, Limits] = field(default_factory=dict)
    by_role: Mapping[int, Limits] = field(default_factory=dict)

    def for_request(
        self,
        guild_id: int | None,
        role_ids: Collection[int],
        server_by_role: Mapping[int, Limits] | None = None,
    ) -> Limits:
        """Return what holds: the server's own limits over everybody's, and over both the best of a person's roles.

        `server_by_role` is what the server's moderators settled for roles; it tightens, and lifts nothing.
        """
        limits = _over(self.by_guild.get(guild_id or 0), self.everybody)
        limits = _over(_best(_of_roles(self.by_role, role_ids)), limits)
        return _tightest(limits, _best(_of_roles(server_by_role or {}, role_ids)))


def _of_roles(by_role: Mapping[int, Limits], role_ids: Collection[int]) -> list[Limits]:
    return [by_role[role_id] for role_id in role_ids if role_id in by_role]


def _tightest(limits: Limits, tighter: Limits | None) -> Limits:
    if tighter is None:
        return limits
    pairs = {name: (getattr(limits, name), getattr(tighter, name)) for name in _NAMES}
    return Limits(
        **{
            name: min((value for value in pair if value is not None), default=None)
            for name, pair in pairs.items()
        }
    )


def _over(own: Limits | None, otherwise: Limits) -> Limits:
    if own is None:
        return otherwise
    return Limits(**{name: _first(getattr(own, name), getattr(otherwise, name)) for name in _NAMES})


def _best(roles: list[Limits]) -> Limits | None:
    if not roles:
        return None
    best: dict[str, Any] = {
        name: max((value for role in roles if (value := getattr(role, name)) is not None), default=None)
        for name in _NAMES
    }
    return Limits(**best)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


_NAMES = [each.name for each in fields(Limits)]
