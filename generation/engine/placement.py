"""Puts a pipeline's parts where a `MemoryPlan` wants them, and measures the memory that there is.

Parts that wait in the computer's memory travel by hooks of accelerate, which fire for `text_encoder(...)`,
`unet(...)`, `vae.decode(...)` and `vae.encode(...)`. They keep their weights there and lend copies to the device,
so that nothing is ever copied back, and results are the same to the bit. Plans are reckoned in `memory_plan.py`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.hooks import ModelHook, add_hook_to_module, remove_hook_from_module
from accelerate.utils import send_to_device
from diffusers import StableDiffusionXLPipeline
from torch import nn

from generation.engine.memory_guard import free_memory
from generation.memory_plan import MemoryPlan, Offload, plan_memory
from generation.model_shape import ModelShape

HOME = torch.device("cpu")
"""Where parts wait."""


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """A device's memory in bytes: all of it, and what nobody uses now."""

    total: int
    free: int


def device_memory(device: torch.device) -> DeviceMemory | None:
    """Measure the memory of `device`; None where that can't be found out.

    On CUDA what torch keeps for later, after a model that is gone, counts as free. On the CPU it's the computer's
    memory, or what its container may use of that.
    """
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return DeviceMemory(total, free + kept)
    if device.type == "mps":
        total = torch.mps.recommended_max_memory()
        return DeviceMemory(total, max(0, total - torch.mps.driver_allocated_memory()))
    return computer_memory() if device.type == "cpu" else None


def computer_memory(root: Path = Path("/")) -> DeviceMemory | None:
    """Measure the computer's memory from what Linux tells below `root`; None on Windows.

    Elsewhere only the total is known, and half of it is taken to be free.
    """
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
        sizes = {
            name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)
        }
        memory = DeviceMemory(sizes["MemTotal"], sizes["MemAvailable"])
    except (OSError, ValueError, KeyError, IndexError):
        try:
            total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, ValueError, OSError):
            return None
        return DeviceMemory(total, total // 2)
    try:
        group = root / "sys/fs/cgroup"
        limit, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return memory
    return DeviceMemory(min(memory.total, limit), max(0, min(memory.free, limit - used)))


def can_offload(device: torch.device) -> bool:
    """Whether `device` has memory of its own, so that something is gained when parts wait outside it."""
    return device.type not in {"cpu", "mps"}


def shape_of(pipeline: StableDiffusionXLPipeline) -> ModelShape:
    """Count the weights of a loaded pipeline."""
    return ModelShape(
        text_encoders=(_weights(pipeline.text_encoder), _weights(pipeline.text_encoder_2)),
        unet=_weights(pipeline.unet),
        vae=_weights(pipeline.vae),
        unet_channels=pipeline.unet.config.block_out_channels[0],
        vae_channels=pipeline.vae.config.block_out_channels[0],
    )


def plan_placement(pipeline: StableDiffusionXLPipeline, device: torch.device) -> MemoryPlan:
    """Plan for a pipeline that was loaded into the computer's memory and is to work on `device`."""
    memory = device_memory(device)
    free = None if memory is None else memory.free
    if free is not None and memory is not None and device.type == "cpu":
        # The weights are already among what is used.
        loaded = sum(
            tensor.nbytes for part in _parts(pipeline).values() for _, _, tensor in _tensors(part, deep=True)
        )
        free = min(memory.total, free + loaded)
    return plan_memory(
        free,
        shape_of(pipeline),
        dtype_bytes=pipeline.unet.dtype.itemsize,
        vae_dtype=str(pipeline.vae.dtype).removeprefix("torch."),
        can_offload=can_offload(device),
    )


def apply_plan(pipeline: StableDiffusionXLPipeline, device: torch.device, plan: MemoryPlan) -> None:
    """Put the parts of a pipeline, which are in the computer's memory, where `plan` wants them; dtypes stay.

    With any offload the parts may be called from one thread only.

    Raises:
        torch.OutOfMemoryError: the plan was too hopeful; a stronger one may do.
    """
    _place(pipeline, _exact(device), plan.offload)
    if plan.vae_tile_px is not None:
        tile_vae(pipeline.vae, plan.vae_tile_px)


def enable_stronger_offload(
    pipeline: StableDiffusionXLPipeline, device: torch.device, current: Offload
) -> Offload:
    """Move a placed pipeline to the next stronger offload, free memory, and return what is in force then.

    That is `current` where there's nothing stronger. No part may be at work meanwhile.
    """
    stronger = current.stronger
    if stronger is None:
        return current
    _place(pipeline, _exact(device), stronger)
    free_memory()
    return stronger


def execution_device(pipeline: StableDiffusionXLPipeline) -> torch.device:
    """Where a placed pipeline computes, wherever its weights wait."""
    hook = getattr(pipeline.unet, "_hf_hook", None)
    if isinstance(hook, _TravelHook):
        return hook.execution_device
    device: torch.device = pipeline.unet.device
    return device


def tile_vae(vae: Any, tile_px: int) -> None:
    """Let an AutoencoderKL work in tiles of `tile_px` pixels where a picture is larger. Tiles may differ in tone."""
    vae.enable_tiling()
    vae.tile_sample_min_size = tile_px
    vae.tile_latent_min_size = tile_px // 2 ** (len(vae.config.block_out_channels) - 1)


def _weights(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _parts(pipeline: StableDiffusionXLPipeline) -> dict[str, nn.Module]:
    return {name: part for name, part in pipeline.components.items() if isinstance(part, nn.Module)}


def _exact(device: torch.device) -> torch.device:
    """Name a device as its tensors do: "cuda" becomes "cuda:0"."""
    return torch.empty(0, device=device).device


# Tensors that are made inside inference mode can't be used outside it, and weights outlive a call.
@torch.inference_mode(mode=False)
def _place(pipeline: StableDiffusionXLPipeline, device: torch.device, offload: Offload) -> None:
    parts = _parts(pipeline)
    for part in parts.values():
        _unhook(part)
    if offload is Offload.NONE:
        pipeline.to(device, silence_dtype_warnings=True)
        return
    for name, part in parts.items():
        if offload is not Offload.SMALL_PARTS or name != "unet":
            part.to(HOME)
    if offload is Offload.SEQUENTIAL:
        for part in parts.values():
            add_hook_to_module(part, _PiecesHook(device, part))
        return
    turns = {name: _TurnHook(device, part) for name, part in parts.items()}
    for name, part in parts.items():
        turns[name].others = [turn for turn in turns.values() if turn is not turns[name]]
        add_hook_to_module(part, turns[name])
    if offload is Offload.SMALL_PARTS:
        turns["unet"].stays = True
        parts["unet"].to(device)


def _unhook(part: nn.Module) -> None:
    for module in part.modules():
        if isinstance(getattr(module, "_hf_hook", None), _TravelHook):
            remove_hook_from_module(module)


class _Travel:
    """The weights of a module, at home or on the device. `deep` means those of the modules in it too."""

    def __init__(self, module: nn.Module, device: torch.device, *, deep: bool) -> None:
        self._module = module
        self._device = device
        self._deep = deep
        self._at_home: list[tuple[dict[str, Any], str, torch.Tensor]] = []

    @torch.inference_mode(mode=False)
    def go(self) -> None:
        """Put copies of all weights on the device in their place."""
        copies: dict[int, torch.Tensor] = {}
        for owner, name, tensor in _tensors(self._module, deep=self._deep):
            if tensor.device != self._device:
                if id(tensor) not in copies:  # weights that are shared stay so
                    copies[id(tensor)] = _moved(tensor, self._device)
                self._at_home.append((owner, name, tensor))
                owner[name] = copies[id(tensor)]

    @torch.inference_mode(mode=False)
    def return_home(self) -> None:
        """Drop the copies, whose values nobody changes, and move what came while they were there, such as a LoRA."""
        if self._device == HOME:
            return
        for owner, name, tensor in self._at_home:
            if owner.get(name) is not None and owner[name].dtype == tensor.dtype:
                owner[name] = tensor
        self._at_home.clear()
        for owner, name, tensor in _tensors(self._module, deep=self._deep):
            if tensor.device == self._device:
                owner[name] = _moved(tensor, HOME)


class _TravelHook(ModelHook):  # type: ignore[misc]  # accelerate ships no types
    """A hook that sends a call's arguments to the device that the module computes on."""

    def __init__(self, device: torch.device) -> None:
        self.execution_device = device

    def pre_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        return send_to_device(args, self.execution_device), send_to_device(kwargs, self.execution_device)


class _TurnHook(_TravelHook):
    """Lets one part at a time onto the device: each part's call sends the others home. One may stay for good."""

    def __init__(self, device: torch.device, part: nn.Module) -> None:
        super().__init__(device)
        self.travel = _Travel(part, device, deep=True)
        self.others: list[_TurnHook] = []
        self.stays = False

    def pre_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        for other in self.others:
            if not other.stays:
                other.travel.return_home()
        self.travel.go()
        return super().pre_forward(module, *args, **kwargs)

    def detach_hook(self, module: nn.Module) -> nn.Module:
        if not self.stays:
            self.travel.return_home()
        return module


class _LayerHook(_TravelHook):
    """Brings a module's own weights for the time of its call, not those of the modules in it."""

    def __init__(self, device: torch.device, layer: nn.Module) -> None:
        super().__init__(device)
        self._travel = _Travel(layer, device, deep=False)

    def pre_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        self._travel.go()
        return super().pre_forward(module, *args, **kwargs)

    def post_forward(self, module: nn.Module, output: Any) -> Any:
        self._travel.return_home()
        return output

    def detach_hook(self, module: nn.Module) -> nn.Module:
        self._travel.return_home()
        return module


class _PiecesHook(_LayerHook):
    """Stands on a whole part: sees to it that each of its layers has its hook, those of LoRAs that came later too."""

    def pre_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        for layer in module.modules():
            if not hasattr(layer, "_hf_hook") and any(True for _ in _tensors(layer, deep=False)):
                add_hook_to_module(layer, _LayerHook(self.execution_device, layer))
        return super().pre_forward(module, *args, **kwargs)


def _tensors(module: nn.Module, *, deep: bool) -> Iterator[tuple[dict[str, Any], str, torch.Tensor]]:
    """Yield each weight and buffer with where it is kept: the table of its module, and its name there."""
    for owner in module.modules() if deep else (module,):
        for table in (owner._parameters, owner._buffers):
            for name, tensor in list(table.items()):
                if tensor is not None:
                    yield table, name, tensor


def _moved(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    if isinstance(tensor, nn.Parameter):
        return nn.Parameter(tensor.detach().to(device), requires_grad=tensor.requires_grad)
    return tensor.to(device)
