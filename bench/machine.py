"""What a benchmark was run on, in words."""

import os
import platform
from pathlib import Path

import torch


def describe_machine(device: str) -> str:
    """Name the device (as torch does, "cuda:1" or "cpu"), the cores and the versions that figures depend on."""
    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else _processor()
    return (
        f"{name}, {os.cpu_count()} CPU cores, torch {torch.__version__}, Python {platform.python_version()}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
