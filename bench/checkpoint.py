"""Checkpoints of random weights to measure with: one on which computing dominates on a CPU, and one of SDXL's size."""

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from generation.engine import sdxl_config
from generation.tiny_checkpoint import build_tiny_checkpoint, is_built

WIDTHS = (96, 192, 384)
"""Channels of the medium UNet's three levels (320, 640 and 1280 in SDXL)."""

_SDXL_CONFIG = Path(sdxl_config.__file__).parent


def build_medium(folder: Path) -> Path:
    """Make a checkpoint with a UNet of 70 million weights, and the practice model's other parts, unless it is there."""
    if not is_built(folder):
        pipeline = _practice_pipeline(folder)
        practice = pipeline.unet.config
        torch.manual_seed(0)
        unet = UNet2DConditionModel.from_config(
            {
                **practice,
                "block_out_channels": WIDTHS,
                "layers_per_block": 2,
                "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                "attention_head_dim": tuple(width // 48 for width in WIDTHS),
                "transformer_layers_per_block": [1, 1, 2],
                "norm_num_groups": 32,
            }
        )
        pipeline.register_modules(unet=unet)
        pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def build_full(folder: Path, device: str) -> Path:
    """Make a checkpoint of SDXL's own shapes in float16 (7 GB), unless it is there."""
    if not is_built(folder):
        pipeline = _practice_pipeline(folder)
        torch.manual_seed(0)
        with torch.device(device):
            parts: dict[str, Any] = {
                "unet": UNet2DConditionModel.from_config(
                    UNet2DConditionModel.load_config(_SDXL_CONFIG / "unet")
                ),
                "vae": AutoencoderKL.from_config(AutoencoderKL.load_config(_SDXL_CONFIG / "vae")),
                "text_encoder": CLIPTextModel(CLIPTextConfig.from_pretrained(_SDXL_CONFIG / "text_encoder")),
                "text_encoder_2": CLIPTextModelWithProjection(
                    CLIPTextConfig.from_pretrained(_SDXL_CONFIG / "text_encoder_2")
                ),
            }
        pipeline.register_modules(**{name: part.half() for name, part in parts.items()})
        pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def _practice_pipeline(folder: Path) -> StableDiffusionXLPipeline:
    practice = build_tiny_checkpoint(folder.parent / "practice")
    return StableDiffusionXLPipeline.from_pretrained(practice, use_safetensors=True, add_watermarker=False)
