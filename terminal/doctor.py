"""`doctor`: whether this machine has what the bot needs, a line for each thing, with what to do where it hasn't."""

import asyncio
import importlib.util
import logging
import re
import shutil
import subprocess  # asks the driver, with fixed arguments
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PIL import features
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from events.fonts import system_fonts
from generation.engine_options import EngineOptions
from generation.memory_plan import MemoryPlan, Offload
from generation.model_errors import ModelLoadError, first_line
from generation.model_shape import read_model_shape
from generation.model_source import ModelSource
from storage.database import Database
from storage.health import StorageHealth, known_revisions
from terminal.plan import conclusion, plans_here

log = logging.getLogger(__name__)

PYTHONS = ((3, 11), (3, 13))
"""The oldest and the newest Python that the tests run on."""

LOW_DISK_BYTES, MODEL_BYTES = 5 * 10**9, 7 * 10**9
"""Room for some thousand pictures; what the first download takes."""


NVIDIA_SMI_TIMEOUT_S = 20
"""It answers within a second, but where the driver is stuck it may never."""

FONTS_FOR_NAMES = "apt-get install fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji libfribidi0"
SCRIPTS = {
    "Latin": "a",
    "Cyrillic": "я",
    "Japanese": "あ猫",
    "Korean": "한",
    "Arabic": "ع",
    "Thai": "ก",
    "Hindi": "अ",
}
"""Letters of those scripts that names in a community are likely to be in."""


class Health(Enum):
    """How something is. The value stands at the beginning of its line."""

    OK = "ok"
    LOOK = "look"
    BROKEN = "BAD"


@dataclass(frozen=True, slots=True)
class Finding:
    """A line: what was looked at, how it is, and what to do about it."""

    health: Health
    subject: str
    told: str

    def __str__(self) -> str:
        return f"{self.health.value:<4}  {self.subject:<10}  {self.told}"


Examination = Callable[[], Awaitable[Sequence[Finding]]]


async def examine(examinations: Mapping[str, Examination]) -> AsyncIterator[Finding]:
    """Make examinations, by their subjects, one after another, and tell each finding as soon as it is there."""
    for subject, examination in examinations.items():
        try:
            findings = await examination()
        except Exception as error:
            # What is broken in a way that nobody foresaw must not hide what comes after it.
            log.debug("The examination of %s failed", subject, exc_info=True)
            told = f'it can\'t be looked at: {first_line(error)} (logging.level = "DEBUG" tells more)'
            findings = [Finding(Health.BROKEN, subject, told)]
        for finding in findings:
            yield finding


async def python() -> list[Finding]:
    """Whether this Python is one that the bot is tested on."""
    oldest, newest = (".".join(map(str, version)) for version in PYTHONS)
    here = ".".join(map(str, sys.version_info[:3]))
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return [Finding(Health.OK, "Python", here)]
    return [Finding(Health.LOOK, "Python", f"{here}; the bot is tested on {oldest} to {newest}")]


def torch_for(source: ModelSource) -> Examination:
    """Whether torch is there, and reaches the device that the settings name."""

    def look() -> list[Finding]:
        import torch  # noqa: PLC0415 - takes seconds

        from generation.engine.device_choice import device_for  # noqa: PLC0415 - imports torch

        try:
            device = device_for(source)
        except ModelLoadError as error:
            return [Finding(Health.BROKEN, "torch", f"{torch.__version__}: {error.reason}")]
        if device.type == "cuda":
            name = torch.cuda.get_device_name(device)
            return [Finding(Health.OK, "torch", f"{torch.__version__} on {name} (CUDA {torch.version.cuda})")]
        if shutil.which("nvidia-smi"):
            advice = "there is an NVIDIA driver that this torch can't use: install its build for CUDA (pytorch.org)"
            return [Finding(Health.LOOK, "torch", f"{torch.__version__} on {device}; {advice}")]
        slow = "" if device.type == "mps" else "; without a GPU a picture takes minutes"
        return [
            Finding(
                Health.OK if device.type == "mps" else Health.LOOK,
                "torch",
                f"{torch.__version__} on {device}{slow}",
            )
        ]

    return lambda: asyncio.to_thread(look)


async def driver() -> list[Finding]:
    """Which NVIDIA driver there is, and up to which CUDA it goes; nothing is told where there is none."""

    def look() -> list[Finding]:
        program = shutil.which("nvidia-smi")
        if program is None:
            return []
        try:
            version = _told_by(program, "--query-gpu=driver_version", "--format=csv,noheader")
            cuda = re.search(r"CUDA[^:|]*Version: (\S+)", _told_by(program))
        except (OSError, subprocess.SubprocessError) as error:
            return [Finding(Health.BROKEN, "driver", f"nvidia-smi fails: {first_line(error)}")]
        goes_up_to = f", for CUDA up to {cuda[1]}" if cuda is not None else ""
        return [Finding(Health.OK, "driver", f"NVIDIA {version.split()[0]}{goes_up_to}")]

    return await asyncio.to_thread(look)


def _told_by(program: str, *arguments: str) -> str:
    """What the driver's program prints.

    Raises:
        OSError, SubprocessError: it can't be run, fails, or doesn't end.
    """
    return subprocess.run(  # noqa: S603 - fixed arguments
        [program, *arguments], capture_output=True, check=True, timeout=NVIDIA_SMI_TIMEOUT_S, text=True
    ).stdout


def model(source: ModelSource) -> Examination:
    """Whether the model's files are there."""

    def look() -> list[Finding]:
        try:
            shape = read_model_shape(source)
        except ModelLoadError as error:
            return [Finding(Health.BROKEN, "model", f"{source.source}: {error.reason}")]
        if shape is None:
            told = f"{source.source} isn't here yet; the first start downloads 7 GB"
            return [Finding(Health.LOOK, "model", told)]
        return [Finding(Health.OK, "model", f"{source.source} is on this machine")]

    return lambda: asyncio.to_thread(look)


def memory(source: ModelSource, options: EngineOptions, *, copies: int = 1) -> Examination:
    """How the model fits into its device's memory, which so many copies share, and whether `options` fit too."""

    def look() -> list[Finding]:
        try:
            now, alone, planned = plans_here(source, copies=copies)
        except ModelLoadError:
            return []  # told of the model or of torch
        return [_how_it_fits(now, alone, planned.device), *_settings_that_do_not_fit(options, alone)]

    return lambda: asyncio.to_thread(look)


def _how_it_fits(now: MemoryPlan, alone: MemoryPlan, device: str) -> Finding:
    """Judge by all the memory that a device has, and tell where less is free: the bot itself may be running there."""
    if now.memory_bytes is None:
        return Finding(Health.LOOK, "memory", f"{device}: {conclusion(now)}")
    if not alone.fits:
        return Finding(Health.BROKEN, "memory", f"{device}: {conclusion(alone)}")
    if (now.fits, now.offload) == (True, alone.offload):
        return Finding(Health.OK, "memory", f"{device}: {conclusion(now)}")
    told = f"with what is free now: {conclusion(now)} With all that it has: {conclusion(alone)}"
    return Finding(
        Health.LOOK, "memory", f"{device}: {told} If it isn't this bot that runs there, close what is."
    )


def _settings_that_do_not_fit(options: EngineOptions, plan: MemoryPlan) -> Iterator[Finding]:
    slots = options.max_batch_slots
    if slots is not None and plan.memory_bytes is not None and slots > plan.slot_limit:
        told = f"drawing.max_batch_slots = {slots} is more than the memory holds: {plan.slot_limit} are drawn at once"
        yield Finding(Health.LOOK, "slots", told)
    if options.float8 and plan.offload is not Offload.NONE:
        told = "drawing.float8 needs all of the model in the device's memory: turn it off"
        yield Finding(Health.BROKEN, "float8", told)


def quantization(options: EngineOptions) -> Examination:
    """Whether what `drawing.float8` needs is installed; nothing is told where it is off."""

    async def look() -> list[Finding]:
        if not options.float8 or importlib.util.find_spec("torchao") is not None:
            return []
        told = "drawing.float8 needs a package more: pip install -r requirements-float8.txt"
        return [Finding(Health.BROKEN, "float8", told)]

    return look


def lora_folder(folder: Path | None) -> Examination:
    """Whether the folder of LoRAs is there; nothing is told where none is named."""

    def look() -> list[Finding]:
        if folder is None or folder.is_dir():
            return []
        return [Finding(Health.LOOK, "LoRAs", f"model.lora_folder = {str(folder)!r} is no folder")]

    return lambda: asyncio.to_thread(look)


def cluster() -> Examination:
    """Whether Ray is installed. Devices and model are those of its hosts."""

    async def look() -> list[Finding]:
        if importlib.util.find_spec("ray") is None:
            told = 'drawing.engine = "ray" needs a package more: pip install -r requirements-ray.txt'
            return [Finding(Health.BROKEN, "Ray", told)]
        told = "it is installed; its hosts have the devices and the model, which aren't looked at from here"
        return [Finding(Health.OK, "Ray", told)]

    return look


def database(url: str) -> Examination:
    """Whether the database answers, with tables that this program knows."""

    async def look() -> list[Finding]:
        parsed = make_url(url)
        shown = parsed.render_as_string(hide_password=True)
        file = Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None
        if file is not None and not file.exists():
            return [Finding(Health.OK, "database", f"{shown} will be made at the first start")]
        database = Database(url)
        try:
            health = await StorageHealth(database, Path()).database()
        except (SQLAlchemyError, OSError) as error:
            return [Finding(Health.BROKEN, "database", f"{shown} can't be used: {first_line(error)}")]
        finally:
            await database.stop()
        if health.revision not in known_revisions():
            told = f"{shown} is of version {health.revision}, newer than this program: update it"
            return [Finding(Health.BROKEN, "database", told)]
        return [Finding(Health.OK, "database", f"{shown} answers; its tables are {health.revision}")]

    return look


def disk(folder: Path) -> Examination:
    """Whether there is room for pictures, and for a model that has to be downloaded."""

    def look() -> list[Finding]:
        absolute = folder.absolute()
        usage = shutil.disk_usage(next(path for path in (absolute, *absolute.parents) if path.exists()))
        free = f"{usage.free / 1e9:.1f} GB free for {absolute}"
        if usage.free < LOW_DISK_BYTES:
            return [
                Finding(
                    Health.LOOK, "disk", f"{free}; pictures need room, and a model {MODEL_BYTES / 1e9:.0f} GB"
                )
            ]
        return [Finding(Health.OK, "disk", free)]

    return lambda: asyncio.to_thread(look)


async def fonts() -> list[Finding]:
    """Whether the pictures of events can be lettered with names in the scripts that people write."""

    def look() -> list[Finding]:
        found = system_fonts()
        lacking = [script for script, letters in SCRIPTS.items() if found.font_for(map(ord, letters)) is None]
        if found.emoji is None:
            lacking.append("emoji")
        if not features.check("raqm"):
            lacking.append("the joining of Arabic and Hindi letters")
        if not lacking:
            return [Finding(Health.OK, "fonts", "names in every usual script can be drawn")]
        told = f"names will show boxes for lack of {', '.join(lacking)}. On Debian: {FONTS_FOR_NAMES}"
        return [Finding(Health.LOOK, "fonts", told)]

    return await asyncio.to_thread(look)
