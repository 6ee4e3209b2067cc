"""A first look at a picture in the making: colours straight from the latents, without the VAE."""

import torch
from PIL import Image as PillowImage

PREVIEW_SCALE = 3
"""Pixels of the preview to a latent, in each direction; the finished picture has 8."""

# Red, green and blue of a pixel, 0 to 255, for each of the four latent channels and on top of them. Measured by
# Timothy Alexis Vass, "Explaining the SDXL latent space" (huggingface.co/blog/TimothyAlexisVass), which diffusers'
# guide to callbacks cites too.
_CHANNELS_TO_RGB = ((60.0, 60.0, 60.0), (-60.0, -5.0, 10.0), (25.0, 15.0, -5.0), (-70.0, -50.0, -35.0))
_MEAN_RGB = (150.0, 140.0, 130.0)


@torch.inference_mode()
def latent_preview(latents: torch.Tensor) -> PillowImage.Image:
    """Make a small RGB picture of latents [1, 4, height / 8, width / 8]; what isn't finite is black."""
    pixels = torch.tensordot(
        latents[0].float(), latents.new_tensor(_CHANNELS_TO_RGB, dtype=torch.float32), dims=([0], [0])
    )
    pixels = pixels + pixels.new_tensor(_MEAN_RGB)
    array = torch.nan_to_num(pixels).clamp(0, 255).to(torch.uint8).cpu().numpy()
    height, width = array.shape[:2]
    size = (PREVIEW_SCALE * width, PREVIEW_SCALE * height)
    return PillowImage.fromarray(array, "RGB").resize(size, PillowImage.Resampling.BICUBIC)
