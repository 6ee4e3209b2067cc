"""ControlNet: a second network that reads a picture of edges, a pose or depth, and steers the UNet by it.

The rows of different people share its call: each has its own picture and its own scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel
from diffusers.image_processor import VaeImageProcessor

from generation.engine.model_loading import broken_files_named, hub_failures_named
from generation.engine.source_picture import open_picture
from generation.engine.starting_latents import VAE_SCALE
from generation.engine.text_attention import TEXT_LENGTHS, attend_by_text_length
from generation.errors import NoControlNet
from generation.image import ImageParameters
from generation.model_errors import WrongModelKind
from generation.model_source import ModelSource


@dataclass(frozen=True, slots=True)
class Control:
    """What steers one picture: `picture` [1, 3, height, width] from 0 to 1, and how strongly it does."""

    picture: torch.Tensor
    scale: float

    def resized(self, height: int, width: int) -> "Control":
        """Fit the picture to another size in pixels."""
        if self.picture.shape[-2:] == (height, width):
            return self
        size = (height, width)
        picture = torch.nn.functional.interpolate(self.picture, size=size, mode="bilinear")
        return Control(picture, self.scale)


def control_of(
    parameters: ImageParameters, network: ControlNetModel | None, device: torch.device
) -> Control | None:
    """Read the control picture of a request, at the size that is drawn; None where there is none.

    Raises:
        NoControlNet: the operator has named no network.
        UnreadablePicture: the file can't be used.
    """
    if parameters.control is None:
        return None
    if network is None:
        raise NoControlNet
    processor = VaeImageProcessor(vae_scale_factor=VAE_SCALE, do_convert_rgb=True, do_normalize=False)
    picture = processor.preprocess(
        open_picture(parameters.control.content), parameters.height, parameters.width
    )
    # diffusers' pipelines hand it on row by row too; a convolution adds up in another order for another layout.
    return Control(picture.to(device, network.dtype).contiguous(), parameters.control.scale)


def load_controlnet(source: str, dtype: torch.dtype, device: torch.device) -> ControlNetModel:
    """Load a ControlNet for SDXL from a folder in diffusers' layout, or from the hub; safetensors only.

    Raises:
        ModelNotFound, BrokenModelFile, WrongModelKind: there is none, or it can't be used.
    """
    is_local = Path(source).exists()
    failures_named = broken_files_named if is_local else hub_failures_named
    with failures_named(ModelSource(source=source)):
        network = ControlNetModel.from_pretrained(
            source, torch_dtype=dtype, use_safetensors=True, local_files_only=is_local
        )
    if network.config.addition_embed_type != "text_time":
        raise WrongModelKind(source, "it is a ControlNet, but not one for SDXL")
    attend_by_text_length(network)
    return network.to(device).eval()


def residuals(
    network: ControlNetModel,
    latents: torch.Tensor,
    timesteps: torch.Tensor,
    controls: Sequence[Control],
    *,
    prompt_embeds: torch.Tensor,
    text_lengths: Sequence[int],
    added_cond_kwargs: dict[str, torch.Tensor],
) -> dict[str, Any]:
    """Return what the UNet adds to its levels, as its arguments; everything has one row for each of its rows."""
    down, middle = network(
        latents,
        timesteps,
        encoder_hidden_states=prompt_embeds,
        controlnet_cond=torch.cat([control.picture for control in controls]),
        conditioning_scale=1.0,
        cross_attention_kwargs={TEXT_LENGTHS: text_lengths},
        added_cond_kwargs=added_cond_kwargs,
        return_dict=False,
    )
    scales = torch.tensor([control.scale for control in controls], device=latents.device).view(-1, 1, 1, 1)

    def scaled(level: torch.Tensor) -> torch.Tensor:
        # In float32 and rounded once, as torch does where the scale is one number for all.
        return (level.float() * scales).to(level.dtype)

    return {
        "down_block_additional_residuals": [scaled(level) for level in down],
        "mid_block_additional_residual": scaled(middle),
    }
