"""The UNet's linear layers in eight bits, on GPUs that multiply those faster. Opt-in: it changes pictures."""

from typing import Any

import torch
from torch import nn

from generation.engine_options import FLOAT8_DTYPE
from generation.model_errors import DeviceUnavailable

SMALLEST_SIDE = 16
"""cuBLAS multiplies float8 matrices only with sides that are multiples of this."""


def use_float8(unet: nn.Module, source: str) -> None:
    """Make torchao compute the linear layers of `unet` in float8, each row scaled by its own largest value.

    About two thirds of SDXL's arithmetic are linear layers; the convolutions stay as they are.

    Raises:
        DeviceUnavailable: the package isn't installed, the device has no float8 arithmetic, or the weights are in
            another dtype than the package takes.
    """
    weight = next(unet.parameters())
    device, dtype = weight.device, str(weight.dtype).removeprefix("torch.")
    if dtype != FLOAT8_DTYPE:
        raise DeviceUnavailable(
            source, f"float8 needs the model in {FLOAT8_DTYPE}, and it is in {dtype}", str(device)
        )
    if device.type != "cuda" or torch.cuda.get_device_capability(device) < (8, 9):
        raise DeviceUnavailable(
            source, "float8 needs an NVIDIA GPU of the Ada or Hopper generation, or later", str(device)
        )
    try:
        from torchao.quantization import (  # noqa: PLC0415 - optional, and noisy beside a torch without CUDA
            Float8DynamicActivationFloat8WeightConfig,
            PerRow,
            quantize_,
        )
    except ImportError as error:
        raise DeviceUnavailable(
            source, "float8 needs the packages of requirements-float8.txt", str(device)
        ) from error
    quantize_(unet, Float8DynamicActivationFloat8WeightConfig(granularity=PerRow()), filter_fn=_is_suitable)


def _is_suitable(module: nn.Module, _name: str, *_: Any) -> bool:
    return isinstance(module, nn.Linear) and not any(
        side % SMALLEST_SIDE for side in (module.in_features, module.out_features)
    )
