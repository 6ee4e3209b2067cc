"""How a model is fitted into a device's memory: slots, offload, the VAE's mode. Arithmetic only, without torch.

Measuring a device and doing what the plan says is `engine/placement.py`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from generation.model_shape import SDXL, ModelShape

MOST_SLOTS = 16
"""More pictures at once than this pay on no device: one already keeps a large GPU's arithmetic busy."""

REFERENCE_PIXELS = 832 * 1216
"""The size of picture that the figures below were taken at."""

LARGEST_PIXELS = 1024 * 1024
"""The largest of the nine sizes that are drawn (`aspect_ratio.py`)."""

SLOT_BYTES = 0.32e9
"""Working memory of SDXL's UNet for one picture with guidance (two rows) at the reference size, two bytes a number.

Measured from the tensors alive at once (torch's FakeTensor, 2 to 16 rows); what kernels take beside isn't in it.
"""

DECODE_BYTES = 3.1e9
"""Working memory of SDXL's VAE for decoding one picture of the reference size in float32; half of it in 16 bits.

Measured as `SLOT_BYTES` was (1.56 GB in bfloat16).
"""

ALLOWANCE = 1.25
"""What the two figures above are taken times, for kernels' own memory and gaps between blocks. Our estimate."""

OVERHEAD_BYTES = 600_000_000
"""What CUDA and its libraries take on a device before any model (commonly seen), and about a process with torch."""

LARGEST_LAYER = 0.1
"""The largest layer's share of its part: the words' vectors are 9 % of SDXL's second text encoder."""

TILE_PX = 512
"""Side of the tiles that a picture is decoded in where it doesn't fit whole. Tiles may differ in tone."""

VAE_DTYPE_BYTES = {"float16": 2, "bfloat16": 2, "float32": 4}


class Offload(Enum):
    """Which parts wait in the computer's memory; each saves more of the device's memory and costs more time.

    SMALL_PARTS: the text encoders and the VAE come one at a time, for their calls, beside the UNet. MODEL: the
    UNet too, so that one part at a time is on the device. SEQUENTIAL: the parts come layer by layer in every
    call, which is many times slower.
    """

    NONE = "none"
    SMALL_PARTS = "small parts"
    MODEL = "model"
    SEQUENTIAL = "sequential"

    @property
    def stronger(self) -> "Offload | None":
        """The next one that saves more, None after the last."""
        levels = list(Offload)
        following = levels.index(self) + 1
        return levels[following] if following < len(levels) else None


class Presence(Enum):
    """When something takes the device's memory."""

    ALWAYS = "always"
    FOR_ITS_CALL = "for its call"
    LAYER_BY_LAYER = "layer by layer"
    WHILE_WORKING = "while working"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A line of the plan's table: something that takes `size_bytes`, and when it does."""

    part: str
    size_bytes: int
    presence: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """How a model is to be placed.

    `slot_limit` is how many pictures of the largest planned size fit side by side, each with its two rows of
    guidance; `vae_dtype` is a torch name; `vae_tile_px` is the side of tiles where pictures don't fit into the
    VAE whole, else None. `memory_bytes` is what the device has to give, None where that's unknown; `needed_bytes`
    the most that is taken at once. `rows` is what it was reckoned from. The VAE decodes one picture at a time,
    so there's nothing for diffusers' slicing to do.
    """

    slot_limit: int
    offload: Offload
    vae_dtype: str
    vae_tile_px: int | None
    memory_bytes: int | None
    needed_bytes: int
    largest_pixels: int
    slot_bytes: int
    slots_room_bytes: int
    rows: tuple[PlanRow, ...]

    @property
    def fits(self) -> bool:
        """Whether the device has what is needed, as far as that's known."""
        return self.memory_bytes is None or self.needed_bytes <= self.memory_bytes

    def slots_for(self, pixels: int) -> int:
        """How many pictures of `pixels` pixels each fit side by side: 1 to `MOST_SLOTS`."""
        each = self.slot_bytes * pixels / self.largest_pixels
        return max(1, min(MOST_SLOTS, int(self.slots_room_bytes / each)))


def plan_memory(
    device_memory_bytes: int | None,
    shape: ModelShape,
    *,
    dtype_bytes: int,
    vae_dtype: str,
    largest_pixels: int = LARGEST_PIXELS,
    can_offload: bool = True,
) -> MemoryPlan:
    """Find the plan that costs the least time and changes no picture, if there is one.

    `device_memory_bytes` is what is free before the model comes; None, for unknown, gives one slot and trust.
    `dtype_bytes` is the size of a number of the UNet and the text encoders, `vae_dtype` one of `VAE_DTYPE_BYTES`.
    Without `can_offload` (a CPU, or a GPU that shares its memory) all parts stay, and decoding waits its turn; with
    it, the decoder works beside the denoising as long as all parts are on the device. Working memory is taken to grow
    with pixels, bytes a number and, for models other than SDXL, channels at full size. Where nothing fits, the
    plan is the strongest there is and `fits` is False.
    """
    reckoning = _Reckoning(shape, dtype_bytes, vae_dtype, largest_pixels, decodes_beside=can_offload)
    chosen: tuple[Offload, int | None] = Offload.NONE, None
    if device_memory_bytes is not None:
        for chosen in _choices(can_offload=can_offload):
            if reckoning.needed(*chosen, slots=1) <= device_memory_bytes:
                break
    offload, tile_px = chosen
    slots, slots_room = 1, reckoning.slot
    if device_memory_bytes is not None:
        fixed = reckoning.beside_slots(offload, tile_px)
        slots_room = max(slots_room, device_memory_bytes - fixed)
        slots = min(MOST_SLOTS, slots_room // reckoning.slot)
    return MemoryPlan(
        slot_limit=slots,
        offload=offload,
        vae_dtype=vae_dtype,
        vae_tile_px=tile_px,
        memory_bytes=device_memory_bytes,
        needed_bytes=reckoning.needed(offload, tile_px, slots),
        largest_pixels=largest_pixels,
        slot_bytes=reckoning.slot,
        slots_room_bytes=slots_room,
        rows=reckoning.rows(offload, tile_px),
    )


def _choices(*, can_offload: bool) -> Iterator[tuple[Offload, int | None]]:
    """Offload and tiles, best first. Tiles may change a picture, but sequential offload takes minutes for one."""
    yield Offload.NONE, None
    if can_offload:
        yield Offload.SMALL_PARTS, None
        yield Offload.MODEL, None
        yield Offload.MODEL, TILE_PX
        yield Offload.SEQUENTIAL, None
        yield Offload.SEQUENTIAL, TILE_PX
    else:
        yield Offload.NONE, TILE_PX


class _Reckoning:
    """The sizes of one model's parts and of its work, in bytes."""

    def __init__(
        self, shape: ModelShape, dtype_bytes: int, vae_dtype: str, pixels: int, *, decodes_beside: bool
    ) -> None:
        vae_bytes = VAE_DTYPE_BYTES[vae_dtype]
        self._decodes_beside = decodes_beside
        self._pixels = pixels
        self.text_encoders = [count * dtype_bytes for count in shape.text_encoders]
        self.unet = shape.unet * dtype_bytes
        self.vae = shape.vae * vae_bytes
        scale = ALLOWANCE * pixels / REFERENCE_PIXELS
        unet_width = shape.unet_channels / SDXL.unet_channels
        vae_width = shape.vae_channels / SDXL.vae_channels
        self.slot = max(1, round(SLOT_BYTES * dtype_bytes / 2 * unet_width * scale))
        self._decode = round(DECODE_BYTES * vae_bytes / 4 * vae_width * scale)

    def decode(self, tile_px: int | None) -> int:
        if tile_px is None:
            return self._decode
        return round(self._decode * min(1.0, tile_px**2 / self._pixels))

    def needed(self, offload: Offload, tile_px: int | None, slots: int) -> int:
        """The most that is taken at once with so many pictures side by side."""
        denoising = self.beside_slots(offload, tile_px) + slots * self.slot
        decode = self.decode(tile_px)
        match offload:
            case Offload.NONE:
                other = self._all_parts + decode
            case Offload.SMALL_PARTS:
                other = self.unet + max(*self.text_encoders, self.vae + decode)
            case Offload.MODEL:
                other = max(*self.text_encoders, self.vae + decode)
            case Offload.SEQUENTIAL:
                other = self._largest_layer + decode
        return max(denoising, OVERHEAD_BYTES + other)

    def beside_slots(self, offload: Offload, tile_px: int | None) -> int:
        """What is taken while pictures are denoised, without their own share."""
        match offload:
            case Offload.NONE:
                parts = self._all_parts + (self.decode(tile_px) if self._decodes_beside else 0)
            case Offload.SMALL_PARTS | Offload.MODEL:
                parts = self.unet
            case Offload.SEQUENTIAL:
                parts = self._largest_layer
        return OVERHEAD_BYTES + parts

    def rows(self, offload: Offload, tile_px: int | None) -> tuple[PlanRow, ...]:
        small, unet = {
            Offload.NONE: (Presence.ALWAYS, Presence.ALWAYS),
            Offload.SMALL_PARTS: (Presence.FOR_ITS_CALL, Presence.ALWAYS),
            Offload.MODEL: (Presence.FOR_ITS_CALL, Presence.FOR_ITS_CALL),
            Offload.SEQUENTIAL: (Presence.LAYER_BY_LAYER, Presence.LAYER_BY_LAYER),
        }[offload]
        return (
            PlanRow("libraries", OVERHEAD_BYTES, Presence.ALWAYS),
            *(
                PlanRow(f"text encoder {number}", size, small)
                for number, size in enumerate(self.text_encoders, start=1)
            ),
            PlanRow("UNet", self.unet, unet),
            PlanRow("VAE", self.vae, small),
            PlanRow("decoding a picture", self.decode(tile_px), Presence.WHILE_WORKING),
            PlanRow("each picture being drawn", self.slot, Presence.WHILE_WORKING),
        )

    @property
    def _all_parts(self) -> int:
        return sum(self.text_encoders) + self.unet + self.vae

    @property
    def _largest_layer(self) -> int:
        return round(LARGEST_LAYER * max(self.text_encoders))
