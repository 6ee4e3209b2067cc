"""Replicas that fare as some do on other hosts, and how they are found on this one.

Ray reads its token when it is imported, so it is imported where a class is made. The classes are made in functions, for
Ray to send them to its processes whole.
"""

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from generation.engine.core import EngineCore
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


def losing_its_device(bad_luck: Path) -> "type[DrawingReplica]":
    """Make replicas of which one loses its device for good, the first to take a step once there is `bad_luck`.

    That file is then renamed to the number of its process. All of them fail once to tell how they are.
    """
    from generation.engine.ray_replica import DrawingReplica  # noqa: PLC0415 - see the module's docstring

    class LosesItsDevice(DrawingReplica):
        async def __init__(self, *arguments: Any) -> None:  # type: ignore[misc]  # Serve awaits it
            step, mine = EngineCore._step, bad_luck.with_name(str(os.getpid()))

            def step_or_fail(core: EngineCore) -> None:
                with suppress(FileNotFoundError):
                    bad_luck.rename(mine)
                if mine.exists():
                    raise torch.AcceleratorError("the device fell off the bus")
                step(core)

            EngineCore._step = step_or_fail  # type: ignore[assignment, method-assign]  # in this process
            self._reports = 0
            await super().__init__(*arguments)

        async def _report(self) -> None:
            self._reports += 1
            if self._reports == 1:
                raise ValueError("a mistake of ours")
            await super()._report()

    return LosesItsDevice
