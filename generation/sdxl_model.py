"""A loaded SDXL model on one device: from the parameters of a picture to its pixels.

Importing this module imports torch and diffusers, which takes seconds; only the engine's thread does.
"""

import gc
import logging
from collections.abc import Callable
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from PIL import Image as PillowImage

from generation.errors import BrokenPicture, DrawingCancelled, OutOfMemory
from generation.image import ImageParameters
from generation.model_loading import load_pipeline, load_tokenizer
from generation.model_source import ModelSource
from generation.prompt_encoder import PromptEncoder, count_tokens

log = logging.getLogger(__name__)

WARM_UP_SIDE = 256
"""Pixels. Enough to create every kernel once; the first picture of a size still pays for its own shapes."""


class TokenCounter:
    """Counts a prompt's CLIP tokens. Needs only the tokenizer, so it is ready before the model is."""

    def __init__(self, source: ModelSource) -> None:
        self._tokenizer = load_tokenizer(source)

    def __call__(self, prompt: str) -> int:
        """The number of tokens, without the marks of begin and end."""
        return count_tokens(self._tokenizer, prompt)


class SdxlModel:
    """diffusers' `StableDiffusionXLPipeline` with our prompt encoder and a careful decoder.

    Raises:
        ModelLoadError: the model can't be loaded from `source`.
    """

    def __init__(self, source: ModelSource) -> None:
        self._pipeline: StableDiffusionXLPipeline = load_pipeline(source)
        self._pipeline.set_progress_bar_config(disable=True)
        self._encoder = PromptEncoder(
            self._pipeline.tokenizer,
            self._pipeline.tokenizer_2,
            self._pipeline.text_encoder,
            self._pipeline.text_encoder_2,
        )

    @property
    def device(self) -> str:
        """Where the model computes, such as "cuda:0" or "cpu"."""
        return str(self._pipeline.device)

    def warm_up(self) -> None:
        """Draw one small picture and throw it away, so that the first real one isn't the slow one."""
        parameters = ImageParameters(
            prompt="",
            negative_prompt="",
            width=WARM_UP_SIDE,
            height=WARM_UP_SIDE,
            num_inference_steps=2,
            guidance_scale=2.0,
            seed=0,
            sampler="Euler a",
            model="",
        )
        self.draw(parameters, lambda _step: None, lambda: False)

    def draw(
        self, parameters: ImageParameters, on_step: Callable[[int], None], is_cancelled: Callable[[], bool]
    ) -> PillowImage.Image:
        """Draw one picture; `on_step` hears 1, 2, ... after each step, `is_cancelled` is asked as often.

        The noise comes from one CPU generator, so a seed means the same picture on every device.

        Raises:
            DrawingCancelled: `is_cancelled` said so.
            OutOfMemory: the device's memory is too small; what was taken has been given back.
            BrokenPicture: the decoded picture isn't finite, even in float32.
        """
        try:
            latents = self._denoise(parameters, on_step, is_cancelled)
            return self._decode(latents, parameters.seed)
        except torch.OutOfMemoryError as error:
            log.warning("Out of memory at %d x %d: %s", parameters.width, parameters.height, error)
        # Outside the handler, where no traceback holds on to the failed picture's tensors any more.
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        raise OutOfMemory(self.device)

    @torch.inference_mode()
    def _denoise(
        self, parameters: ImageParameters, on_step: Callable[[int], None], is_cancelled: Callable[[], bool]
    ) -> torch.Tensor:
        """Return the finished latents: [1, 4, height / 8, width / 8] on the model's device."""

        def after_step(
            _pipeline: object, step: int, _timestep: object, tensors: dict[str, Any]
        ) -> dict[str, Any]:
            on_step(step + 1)
            if is_cancelled():
                raise DrawingCancelled
            return tensors

        embeds = self._encoder.encode(parameters.prompt, parameters.negative_prompt)
        result = self._pipeline(
            prompt_embeds=embeds.prompt_embeds,
            negative_prompt_embeds=embeds.negative_prompt_embeds,
            pooled_prompt_embeds=embeds.pooled_prompt_embeds,
            negative_pooled_prompt_embeds=embeds.negative_pooled_prompt_embeds,
            width=parameters.width,
            height=parameters.height,
            num_inference_steps=parameters.num_inference_steps,
            guidance_scale=parameters.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(parameters.seed),
            output_type="latent",
            callback_on_step_end=after_step,
        )
        latents: torch.Tensor = result.images
        return latents

    @torch.inference_mode()
    def _decode(self, latents: torch.Tensor, seed: int) -> PillowImage.Image:
        """Turn latents into pixels. SDXL's VAE overflows float16; a result that isn't finite is redone in float32."""
        vae = self._pipeline.vae
        pixels = self._decode_as(latents, vae.dtype)
        if not torch.isfinite(pixels).all() and vae.dtype != torch.float32:
            half_dtype = vae.dtype
            vae.to(torch.float32)
            try:
                pixels = self._decode_as(latents, torch.float32)
            finally:
                vae.to(half_dtype)
        if not torch.isfinite(pixels).all():
            raise BrokenPicture(seed)
        image: PillowImage.Image = self._pipeline.image_processor.postprocess(pixels, output_type="pil")[0]
        return image

    def _decode_as(self, latents: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        vae = self._pipeline.vae
        decoded: torch.Tensor = vae.decode(latents.to(dtype) / vae.config.scaling_factor, return_dict=False)[
            0
        ]
        return decoded
