"""How the bot comes to a Ray cluster: it connects to one, or starts one of its own. What runs there isn't known here.

Ray reads its settings from the environment when it is imported, so it is imported when it is connected to.
"""

import logging
import math
import os
import secrets
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from generation.ray_options import RayOptions

log = logging.getLogger(__name__)

SOCKET_PATH_BYTES = 107
"""The longest path that Linux takes for a socket (unix(7), less the final zero)."""

SESSION_PATH = "/session_2026-01-01_00-00-00_000000_0000000/sockets/plasma_store"
"""What Ray adds to its folder, at its longest."""

ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_SERVE_QUEUE_LENGTH_RESPONSE_DEADLINE_S": "1"}
"""Read by Ray when it is imported: tell nobody what runs here; a replica in the middle of a step may answer later."""

LOGGERS = ("ray", "ray.serve")
"""What Ray and Serve write to in this process, in forms of their own."""

LOOPBACK_ONLY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""How Ray itself keeps to 127.0.0.1 on Windows and macOS; it does so on Linux too."""

AUTH_MODE, AUTH_TOKEN = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"
"""Ray's ports unpickle what comes in. Serve opens one on every interface: none answers who hasn't the token."""


def connect(options: RayOptions) -> None:
    """Connect this process to the cluster, or to one that is started on this machine. Takes seconds, and blocks.

    Raises:
        Exception: of any kind; there is no Ray, or no cluster.
    """
    os.environ.update(ENVIRONMENT)
    where: dict[str, Any] = {
        "address": options.address,
        "runtime_env": {"py_modules": [_package()]},
    }
    if not options.address:
        os.environ.update(LOOPBACK_ONLY | {AUTH_MODE: "token"})
        if "ray" not in sys.modules:  # it reads the token when it is imported; else it has one of its own
            os.environ.setdefault(AUTH_TOKEN, secrets.token_hex(32))
        where = {
            "address": "local",
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
            "_temp_dir": _folder_for_sockets(options.folder),
            "num_cpus": math.ceil(options.cpus_per_replica * options.max_replicas),
        }
    import ray.serve  # noqa: PLC0415 - see the module's docstring; Serve sets its logger up now

    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()  # their warnings come by the bot's own log
        logger.propagate = True
        logger.setLevel(logging.WARNING)
    ray.init(
        **where,
        namespace=options.application,
        configure_logging=False,
        log_to_driver=False,
        ignore_reinit_error=True,
    )
    gpus = ray.cluster_resources().get("GPU", 0)  # type: ignore[no-untyped-call]  # as Ray ships it
    if gpus < options.gpus_per_replica:
        log.warning(
            "The cluster has %g GPUs, a replica wants %g: the replicas wait until there are more",
            gpus,
            options.gpus_per_replica,
        )


def take_back_sigterm() -> None:
    """Have Python hear SIGTERM again: Ray's core puts a handler of its own in, which ends the process."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))


def _folder_for_sockets(folder: Path) -> str:
    """Return `folder` where Ray's sockets find room under it, else one among the temporary files."""
    path = str(folder.absolute())
    if len(os.fsencode(path + SESSION_PATH)) <= SOCKET_PATH_BYTES:
        return path
    return str(Path(tempfile.gettempdir()) / "anim4gine-ray")


def _package() -> str:
    """The folder of this package, which Ray brings to hosts that are without it, or have it in another version."""
    return str(Path(__file__).parents[1])
