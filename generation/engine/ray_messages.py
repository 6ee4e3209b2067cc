"""What the bot and its replicas tell one another. Ray carries these values from process to process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generation.engine.engine import DeviceStatus
from generation.image import ImageParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingOrder:
    """One picture for whichever replica takes it. `id` is another one for each try."""

    id: str
    parameters: ImageParameters
    rank: float


@dataclass(frozen=True, slots=True)
class Advanced:
    """The picture has been advanced so far; `preview` is a new first look as a WebP file, if there is one."""

    steps_done: int
    preview: bytes | None


@dataclass(frozen=True, slots=True)
class Left:
    """The picture is about to free its place in the replica's batch."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture is done. `png` is the file."""

    png: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """The picture can't be drawn; `failure` is the error in the form that the ledger keeps it in."""

    failure: Mapping[str, Any]


News = Advanced | Left | Drawn | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaReport:
    """How a replica is. `failure` says why it has no model. Both speeds are in seconds, None before it is warm."""

    replica: str
    status: DeviceStatus
    failure: str | None
    megapixel_step_s: float | None
    megapixel_s: float | None
