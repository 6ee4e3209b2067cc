"""Replicas that fare as some do on other hosts, and how they are found on this one.

Ray reads its token when it is imported, so it is imported where a class is made. The classes are made in functions, for
Ray to send them to its processes whole.
"""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generation.model_source import ModelSource

if TYPE_CHECKING:
    from generation.engine.ray_replica import DrawingReplica


def replica_pids(application: str) -> list[int]:
    """The processes of an application's replicas, by the names that Ray gives them."""
    name = f"ray::ServeReplica:{application}:".encode()
    return [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit()
        and (folder / "cmdline").exists()
        and (folder / "cmdline").read_bytes().startswith(name)
    ]


def of_which_one_has_the_model(notes: Path, failures: int) -> "type[DrawingReplica]":
    """Make replicas of which the first has the model, but so slowly that others have failed `failures` times before."""
    from generation.engine.ray_replica import DrawingReplica  # noqa: PLC0415 - see the module's docstring

    def count_failed() -> int:
        return len(list(notes.glob("failed-*")))

    class Unequal(DrawingReplica):
        async def __init__(self, source: ModelSource, *others: Any) -> None:  # type: ignore[misc]  # Serve awaits it
            try:
                (notes / "first").touch(exist_ok=False)
            except FileExistsError:
                (notes / f"failed-{os.getpid()}").touch()
                source = replace(source, source=str(notes / "nothing"))
            else:
                while count_failed() < failures:
                    await asyncio.sleep(0.1)
            await super().__init__(source, *others)

    return Unequal
