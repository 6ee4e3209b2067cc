"""`render --plan`: how the model would be fitted into the device's memory, as a table, without drawing."""

from dataclasses import dataclass

from generation.memory_plan import MOST_SLOTS, MemoryPlan, Offload, Presence, plan_memory
from generation.model_shape import SDXL, read_model_shape
from generation.model_source import ModelSource

_WHERE = {
    Presence.ALWAYS: "always on the device",
    Presence.FOR_ITS_CALL: "on the device for its call",
    Presence.LAYER_BY_LAYER: "layer by layer",
    Presence.WHILE_WORKING: "while it works",
}
_OFFLOAD = {
    Offload.NONE: "none: every part stays on the device",
    Offload.SMALL_PARTS: "text encoders and VAE wait in the computer's memory (a little slower)",
    Offload.MODEL: "one part at a time is on the device (seconds more for each picture)",
    Offload.SEQUENTIAL: "layer by layer (many times slower)",
}


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """What is planned for: the model and device as people call them, and whether the sizes are the model's own."""

    name: str
    device: str
    dtype: str
    is_measured: bool


def plan_text(source: ModelSource) -> str:
    """Plan for the model and this machine's device, and return the table to print; see `plan_here`."""
    return format_plan(*plan_here(source))


def plan_here(source: ModelSource) -> tuple[MemoryPlan, PlannedModel]:
    """Plan for the model and what is free now on this machine's device; see `plans_here`."""
    now, _, planned = plans_here(source)
    return now, planned


def plans_here(source: ModelSource, *, copies: int = 1) -> tuple[MemoryPlan, MemoryPlan, PlannedModel]:
    """Plan for the model and this machine's device, on which `copies` of it share the memory.

    The first plan reckons with what is free now, the second with all that the device has. The sizes are read from the
    files' headers; a model that isn't on this machine yet is taken to be of SDXL's size.

    Raises:
        ModelLoadError: the files or the device can't be used.
    """
    from generation.engine.device_choice import device_for, dtype_for, vae_dtype_for  # noqa: PLC0415 - imports torch
    from generation.engine.placement import can_offload, device_memory  # noqa: PLC0415 - as above

    shape = read_model_shape(source)
    device = device_for(source)
    dtype = dtype_for(source, device)
    memory = device_memory(device)
    now, alone = (
        plan_memory(
            None if to_be_had is None else to_be_had // copies,
            shape or SDXL,
            dtype_bytes=dtype.itemsize,
            vae_dtype=str(vae_dtype_for(device)).removeprefix("torch."),
            can_offload=can_offload(device),
        )
        for to_be_had in ((None, None) if memory is None else (memory.free, memory.total))
    )
    name = str(dtype).removeprefix("torch.")
    return now, alone, PlannedModel(source.source, str(device), name, is_measured=shape is not None)


def format_plan(plan: MemoryPlan, model: PlannedModel) -> str:
    """Write a plan as a table and a sentence of conclusion."""
    sizes = "" if model.is_measured else "\nThe model isn't on this machine yet; these are SDXL's sizes."
    have = "unknown" if plan.memory_bytes is None else _size(plan.memory_bytes)
    table = [(row.part, _size(row.size_bytes), _WHERE[row.presence]) for row in plan.rows]
    table += [
        ("the most at once", _size(plan.needed_bytes), f"with {_pictures(plan.slot_limit)} being drawn"),
        ("memory to be had", have, "free now"),
    ]
    if plan.memory_bytes is not None and plan.fits:
        table.append(("left", _size(plan.memory_bytes - plan.needed_bytes), ""))
    part_width = max(len(part) for part, _, _ in table)
    size_width = max(len(size) for _, size, _ in table)
    lines = [f"  {part:<{part_width}}  {size:>{size_width}}  {where}".rstrip() for part, size, where in table]
    settings = [
        f"  slots    {plan.slot_limit}" + (" (more never pay)" if plan.slot_limit == MOST_SLOTS else ""),
        f"  VAE      {plan.vae_dtype}, {_vae_mode(plan)}",
        f"  offload  {_OFFLOAD[plan.offload]}",
    ]
    title = f"Memory plan for {model.name} in {model.dtype} on {model.device}{sizes}"
    return "\n".join([title, "", *lines, "", *settings, "", conclusion(plan)])


def conclusion(plan: MemoryPlan) -> str:
    """Say in a sentence what the plan comes to."""
    if plan.memory_bytes is None:
        return "How much memory this device has is unknown: one picture at a time, and parts move out when it runs out."
    if not plan.fits:
        return f"It doesn't fit: {_size(plan.needed_bytes)} are needed even so, {_size(plan.memory_bytes)} are free."
    price = {
        Offload.NONE: "The whole model fits",
        Offload.SMALL_PARTS: "The model fits while its small parts take turns",
        Offload.MODEL: "The model fits one part at a time",
        Offload.SEQUENTIAL: "The model fits only layer by layer",
    }[plan.offload]
    tiles = "" if plan.vae_tile_px is None else ", which may differ in tone where tiles meet"
    return f"{price}, with room for {_pictures(plan.slot_limit)} side by side{tiles}."


def _vae_mode(plan: MemoryPlan) -> str:
    if plan.vae_tile_px is None:
        return "one whole picture at a time"
    return f"one picture at a time in tiles of {plan.vae_tile_px} pixels"


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _size(size_bytes: int) -> str:
    """Write a size in GB of 10^9 bytes, small ones in MB."""
    return f"{size_bytes / 1e9:.2f} GB" if size_bytes >= 1e8 else f"{size_bytes / 1e6:.1f} MB"
