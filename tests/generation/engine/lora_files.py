"""Small LoRA files for the practice model, in diffusers' form and in kohya's, with the same numbers."""

from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import save_file
from torch import nn

RANK, ALPHA = 2, 1.0
PROJECTIONS = ("to_q", "to_k", "to_v", "to_out.0", "q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


def _layers(pipeline: StableDiffusionXLPipeline) -> dict[str, nn.Linear]:
    """The layers that LoRAs change, by their name with the part before it."""
    return {
        f"{part}.{name}": layer
        for part in ("unet", "text_encoder", "text_encoder_2")
        for name, layer in getattr(pipeline, part).named_modules()
        if isinstance(layer, nn.Linear) and name.endswith(PROJECTIONS)
    }


def _numbers(pipeline: StableDiffusionXLPipeline, seed: int) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    return {
        name: (
            torch.randn(RANK, layer.in_features, generator=generator) * 0.3,
            torch.randn(layer.out_features, RANK, generator=generator) * 0.3,
        )
        for name, layer in _layers(pipeline).items()
    }


def write_diffusers_lora(pipeline: StableDiffusionXLPipeline, file: Path, seed: int) -> Path:
    """Write a LoRA in the form that diffusers and peft save; its numbers already hold alpha / rank."""
    tensors = {}
    for name, (down, up) in _numbers(pipeline, seed).items():
        tensors[f"{name}.lora_A.weight"] = down
        tensors[f"{name}.lora_B.weight"] = up * (ALPHA / RANK)
    save_file(tensors, file)
    return file


def write_kohya_lora(pipeline: StableDiffusionXLPipeline, file: Path, seed: int) -> Path:
    """Write the same LoRA in the form of kohya's trainer: names with underscores, an alpha for each layer."""
    tensors = {}
    for name, (down, up) in _numbers(pipeline, seed).items():
        part, _, layer = name.partition(".")
        prefix = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}[part]
        if part != "unet":
            layer = layer if layer.startswith("text_model.") else f"text_model.{layer}"
        base = f"{prefix}_{layer.replace('.', '_')}"
        tensors[f"{base}.lora_down.weight"] = down
        tensors[f"{base}.lora_up.weight"] = up
        tensors[f"{base}.alpha"] = torch.tensor(ALPHA)
    save_file(tensors, file)
    return file
