"""The latents that a picture starts from: noise, noise between two seeds, a noised picture, enlarged latents.

Each is, to the bit, what the stock pipeline for it makes of the same generator: `StableDiffusionXLPipeline`,
`...Img2ImgPipeline` and `...InpaintPipeline` (of a UNet with 4 channels).
"""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.torch_utils import randn_tensor

from generation.engine.kept_region import KeptRegion
from generation.engine.source_picture import open_mask, open_picture
from generation.errors import PictureProblem, UnreadablePicture
from generation.image import ImageParameters
from generation.starting_point import SourcePicture, Upscale, Variation

VAE_SCALE = 8
"""Pixels to a latent, in each direction (SDXL's VAE halves three times)."""

LATENT_CHANNELS = 4


@dataclass(frozen=True, slots=True)
class StartingLatents:
    """Where a stage of drawing begins.

    `latents`: [1, 4, height / 8, width / 8], in the UNet's dtype, on its device. `first_step` is the index into the
    scheduler's timesteps of the first step. `kept` is what an inpainting keeps.
    """

    latents: torch.Tensor
    first_step: int = 0
    kept: KeptRegion | None = None


def starting_latents(
    parameters: ImageParameters,
    scheduler: Any,
    generator: torch.Generator,
    vae: Any,
    device: torch.device,
    dtype: torch.dtype,
) -> StartingLatents:
    """Make a picture's first latents. `scheduler.set_timesteps` has been called.

    Raises:
        UnreadablePicture: the source or its mask can't be used.
    """
    noise = _Noise(parameters, generator, device, dtype)
    if parameters.source is None:
        scheduler.set_begin_index(0)
        return StartingLatents(noise.draw() * scheduler.init_noise_sigma)
    return _from_picture(parameters, parameters.source, scheduler, noise, vae)


def enlarged_latents(
    latents: torch.Tensor,
    upscale: Upscale,
    parameters: ImageParameters,
    scheduler: Any,
    generator: torch.Generator,
) -> StartingLatents:
    """Enlarge finished latents and noise them for the steps that refine them; resets `scheduler`.

    Enlarged as in the demo of Animagine XL 3.1, each latent to its nearest place; sides are rounded to multiples
    of 16 pixels.
    """
    height, width = (2 * round(side * upscale.factor / 2) for side in latents.shape[-2:])
    enlarged = torch.nn.functional.interpolate(latents, size=(height, width), mode="nearest-exact")
    scheduler.set_timesteps(parameters.num_inference_steps, device="cpu")
    first_step = parameters.num_inference_steps - parameters.upscale_steps
    scheduler.set_begin_index(first_step)
    noise = randn_tensor(enlarged.shape, generator=generator, device=enlarged.device, dtype=enlarged.dtype)
    noised = scheduler.add_noise(enlarged, noise, scheduler.timesteps[first_step : first_step + 1])
    return StartingLatents(noised, first_step)


class _Noise:
    """Draws noise of a picture's shape from its generator, on the way to another seed where there is a variation."""

    def __init__(
        self,
        parameters: ImageParameters,
        generator: torch.Generator,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.generator = generator
        self.device = device
        self.dtype = dtype
        self._variation = parameters.variation
        self.shape = (1, LATENT_CHANNELS, parameters.height // VAE_SCALE, parameters.width // VAE_SCALE)

    def draw(self) -> torch.Tensor:
        noise = self._from(self.generator)
        if self._variation is None or self._variation.strength == 0:
            return noise
        other = self._from(torch.Generator("cpu").manual_seed(self._variation.seed))
        return _between(noise, other, self._variation)

    def _from(self, generator: torch.Generator) -> torch.Tensor:
        noise: torch.Tensor = randn_tensor(
            self.shape, generator=generator, device=self.device, dtype=self.dtype
        )
        return noise


def _between(noise: torch.Tensor, other: torch.Tensor, variation: Variation) -> torch.Tensor:
    """Go from `noise` towards `other` along the great circle (Shoemake 1985), so that the length stays noise's own."""
    start, end = noise.double(), other.double()
    cosine = (start * end).sum() / (start.norm() * end.norm())
    angle = torch.acos(cosine.clamp(-1, 1))
    if angle < 1e-6:  # the same seed twice
        return noise
    toward_start = torch.sin((1 - variation.strength) * angle) / torch.sin(angle)
    toward_end = torch.sin(variation.strength * angle) / torch.sin(angle)
    return (toward_start * start + toward_end * end).to(noise.dtype)


def _from_picture(
    parameters: ImageParameters, source: SourcePicture, scheduler: Any, noise: _Noise, vae: Any
) -> StartingLatents:
    first_step = parameters.num_inference_steps - parameters.first_stage_steps
    scheduler.set_begin_index(first_step)
    image_latents = _encoded(source, parameters, noise, vae)
    drawn = noise.draw()
    timestep = scheduler.timesteps[first_step : first_step + 1]
    if source.mask is None:
        return StartingLatents(scheduler.add_noise(image_latents, drawn, timestep), first_step)
    # The stock pipeline repeats these for a batch, which lays them out anew; over other strides convolutions round
    # otherwise.
    image_latents = image_latents.contiguous()
    # The stock pipeline also encodes the masked picture, for UNets of 9 channels. Only its draw is of use here: it
    # keeps the generator in step.
    randn_tensor(image_latents.shape, generator=noise.generator, device=noise.device, dtype=vae.dtype)
    if source.strength == 1:
        latents = drawn * scheduler.init_noise_sigma
    else:
        latents = scheduler.add_noise(image_latents, drawn, timestep)
    kept = KeptRegion(image_latents, drawn, _latent_mask(source.mask, parameters, noise))
    return StartingLatents(latents, first_step, kept)


def _encoded(source: SourcePicture, parameters: ImageParameters, noise: _Noise, vae: Any) -> torch.Tensor:
    """Encode the source picture at the size that is drawn: [1, 4, height / 8, width / 8]."""
    pixels = VaeImageProcessor(vae_scale_factor=VAE_SCALE).preprocess(
        open_picture(source.content), parameters.height, parameters.width
    )
    pixels = pixels.to(noise.device, noise.dtype).to(vae.dtype)
    config = vae.config
    latents = vae.encode(pixels).latent_dist.sample(noise.generator).to(noise.dtype)
    mean, deviation = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is not None and deviation is not None:
        shape = (1, LATENT_CHANNELS, 1, 1)
        latents = (latents - latents.new_tensor(mean).view(shape)) * config.scaling_factor
        latents = latents / latents.new_tensor(deviation).view(shape)
    else:
        latents = config.scaling_factor * latents
    encoded: torch.Tensor = latents
    return encoded


def _latent_mask(content: bytes, parameters: ImageParameters, noise: _Noise) -> torch.Tensor:
    """Return 1 where latents are drawn anew: [1, 1, height / 8, width / 8]."""
    processor = VaeImageProcessor(
        vae_scale_factor=VAE_SCALE, do_normalize=False, do_binarize=True, do_convert_grayscale=True
    )
    mask = processor.preprocess(open_mask(content), parameters.height, parameters.width)
    mask = torch.nn.functional.interpolate(mask, size=noise.shape[-2:])
    if not mask.any():
        raise UnreadablePicture(PictureProblem.NOTHING_MASKED)
    return mask.to(noise.device, noise.dtype)
