"""What the service asks of an engine, whatever draws behind it: one device, several, or a cluster."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from generation.errors import ModelUnavailable
from generation.image import Image
from generation.job import Job
from generation.work import Work


class EngineState(Enum):
    """How far the model is."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: steps done over all its pictures, and the newest preview as a WebP file."""

    steps_done: int
    preview: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineActivity:
    """What an engine, or one of its devices, has done since the program began, and what it does now.

    `steps` are denoising steps of single pictures, `batches` how often some were done together; `busy_s` is the time
    in which it computed. `pictures_in_flight` of at most `slots` are being drawn. The memory is the device's, and 0 of
    0 on the CPU.
    """

    steps: int = 0
    batches: int = 0
    busy_s: float = 0.0
    pictures_in_flight: int = 0
    slots: int = 0
    memory_used_bytes: int = 0
    memory_total_bytes: int = 0

    def __add__(self, other: "EngineActivity") -> "EngineActivity":
        """Both together."""
        return EngineActivity(
            steps=self.steps + other.steps,
            batches=self.batches + other.batches,
            busy_s=self.busy_s + other.busy_s,
            pictures_in_flight=self.pictures_in_flight + other.pictures_in_flight,
            slots=self.slots + other.slots,
            memory_used_bytes=self.memory_used_bytes + other.memory_used_bytes,
            memory_total_bytes=self.memory_total_bytes + other.memory_total_bytes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus:
    """One device of an engine: its name ("cuda:0"), how far its model is, and what it does."""

    name: str
    state: EngineState
    activity: EngineActivity

    def named(self, name: str) -> "DeviceStatus":
        """The same under another name."""
        return replace(self, name=name)


def told_apart(devices: Iterable[DeviceStatus]) -> tuple[DeviceStatus, ...]:
    """Number devices of one name."""
    devices = tuple(devices)
    many, seen = Counter(device.name for device in devices), Counter[str]()
    told = []
    for device in devices:
        seen[device.name] += 1
        is_alone = many[device.name] == 1
        told.append(device if is_alone else device.named(f"{device.name} #{seen[device.name]}"))
    return tuple(told)


class Engine(Protocol):
    """Draws jobs. Belongs to one event loop, and never blocks it.

    `on_change` is called on that loop whenever `state` changed or `takes` may answer otherwise than before.
    Previews are made while `shows_previews` says so; whoever feeds the engine turns them off under load.
    """

    on_change: Callable[[], None]
    shows_previews: bool

    @property
    def state(self) -> EngineState:
        """READY while any of its devices can draw, FAILED when none can and none is being loaded."""

    @property
    def failure(self) -> ModelUnavailable | None:
        """Why there is no model, when loading failed. DeviceGone as its cause: this process can't have one any more."""

    @property
    def devices(self) -> tuple[DeviceStatus, ...]:
        """All its devices, also those that can't draw."""

    @property
    def activity(self) -> EngineActivity:
        """What all devices together have done and do; may be asked at any time."""

    @property
    def has_controlnet(self) -> bool:
        """Whether control pictures can be read."""

    def seconds_for(self, work: Work, *, ahead: Work = Work()) -> float | None:  # noqa: B008 - a frozen value
        """How long until `work` is drawn that begins when `ahead` is done; None before the first model is warm.

        All devices share what is `ahead`, one draws `work`.
        """

    def takes(self, rank: float) -> bool:
        """Whether a job of this rank would be drawn at once: a place is free, or held by one that can wait."""

    def reserve(self, job: Job) -> None:
        """Count `job` among those in flight, before `draw` is awaited for it."""

    def release(self, job: Job) -> None:
        """Give back the places that `job` still holds."""

    def count_tokens(self, prompt: str) -> int | None:
        """How many CLIP tokens `prompt` takes; None while not even the tokenizer is loaded."""

    async def load(self) -> None:
        """Load the model, or load it again; the outcome is in `state` and `failure`, and never raised."""

    async def draw(self, job: Job, on_progress: Callable[[Progress], None]) -> tuple[Image, ...]:
        """Draw all pictures of `job`, calling `on_progress` on the event loop as they advance.

        Raises:
            DrawingCancelled: `job.request_cancel()` was called meanwhile.
            OutOfMemory, BrokenPicture, UnknownLora, ...: this job can't be drawn; the next one can.
            ModelUnavailable: no model is loaded.
        """

    async def close(self) -> None:
        """Let what runs come to an end soon, and take no more."""
