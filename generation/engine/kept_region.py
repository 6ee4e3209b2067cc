"""The part of a picture that inpainting keeps: in the latents between the steps, and in the pixels at the end."""

from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image as PillowImage
from PIL import ImageFilter

from generation.engine.source_picture import open_mask, open_picture
from generation.starting_point import SourcePicture

EDGE_PX = 4
"""Radius of the blur between what was kept and what was drawn anew."""


@dataclass(frozen=True, slots=True)
class KeptRegion:
    """Puts the source's latents back where the mask is black, noised as far as the drawing is.

    It is latent blending, for UNets of 4 channels, as in diffusers' `StableDiffusionXLInpaintPipeline`.
    `image_latents` and `noise`: [1, 4, height / 8, width / 8]; `mask`: [1, 1, height / 8, width / 8], 1 where the
    picture is drawn anew.
    """

    image_latents: torch.Tensor
    noise: torch.Tensor
    mask: torch.Tensor

    def restore(self, latents: torch.Tensor, scheduler: Any, step: int) -> torch.Tensor:
        """Return `latents` after the step of index `step`, with the kept part put back."""
        kept = self.image_latents
        if step < len(scheduler.timesteps) - 1:
            kept = scheduler.add_noise(kept, self.noise, scheduler.timesteps[step + 1 : step + 2])
        return (1 - self.mask) * kept + self.mask * latents


def paste_kept_pixels(drawn: PillowImage.Image, source: SourcePicture) -> PillowImage.Image:
    """Lay the source's own pixels over what was kept, since the VAE doesn't give them back exactly."""
    if source.mask is None:
        return drawn
    picture = open_picture(source.content).resize(drawn.size, PillowImage.Resampling.LANCZOS)
    mask = open_mask(source.mask).resize(drawn.size, PillowImage.Resampling.BILINEAR)
    return PillowImage.composite(drawn, picture, mask.filter(ImageFilter.GaussianBlur(EDGE_PX)))
