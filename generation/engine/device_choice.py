"""Which device and which number formats a `ModelSource` means on this machine."""

import torch

from generation.model_errors import DeviceUnavailable, first_line
from generation.model_source import ModelSource


def device_for(source: ModelSource) -> torch.device:
    """Return the device to use, after trying it; "auto" is CUDA, else Apple's MPS, else the CPU.

    Raises:
        DeviceUnavailable: this machine has no such device.
    """
    name = source.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        return torch.empty(1, device=name).device
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = first_line(error)
        raise DeviceUnavailable(source.source, reason, name) from error


def dtype_for(source: ModelSource, device: torch.device) -> torch.dtype:
    """Return the dtype of UNet and text encoders; "auto" is float32 on the CPU, float16 elsewhere.

    Raises:
        DeviceUnavailable: torch has no floating point type of that name.
    """
    if source.dtype == "auto":
        return torch.float32 if device.type == "cpu" else torch.float16
    dtype = getattr(torch, source.dtype, None)
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise DeviceUnavailable(
            source.source, f"torch has no floating point type {source.dtype}", str(device)
        )
    return dtype


def vae_dtype_for(device: torch.device) -> torch.dtype:
    """Return the VAE's dtype: bfloat16 where CUDA has it, else float32. It overflows float16 (diffusers issue 7188)."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float32
