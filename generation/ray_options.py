"""How an engine on Ray is to be spread out. Plain values: importing this imports no Ray."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RayOptions:
    """The operator's choices about the cluster.

    `address` is the head's "host:port", "auto" for the cluster that this machine belongs to, or "" for a Ray of the
    bot's own on this machine, whose files go under `folder`. `application` is the name by which Ray knows this bot's
    replicas. There are always `min_replicas`, and up to `max_replicas` while each has more than `pictures_per_replica`.
    """

    address: str = ""
    application: str = "anim4gine"
    min_replicas: int = 1
    max_replicas: int = 1
    pictures_per_replica: float = 0.75
    gpus_per_replica: float = 1.0
    cpus_per_replica: float = 1.0
    folder: Path = Path("data/ray")
