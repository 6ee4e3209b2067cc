"""From finished latents to pixels: the VAE, one picture at a time, on the engine's thread or beside it."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from PIL import Image as PillowImage

from generation.engine.memory_guard import free_memory
from generation.engine.picture_order import PictureOutcome
from generation.engine.placement import tile_vae
from generation.errors import BrokenPicture, OutOfMemory

log = logging.getLogger(__name__)

FALLBACK_TILE_PX = 512
"""Side of a tile when a picture doesn't fit into memory whole. Tiles may differ in tone, so only then."""


class Decoder:
    """Decodes latents with diffusers' AutoencoderKL, in the dtype that it is resident in.

    `in_background` decodes on a thread of its own, on CUDA in a stream of its own too, so that the next denoising
    step needn't wait; it is of no use on a CPU, where both want the same cores.
    """

    def __init__(self, vae: Any, image_processor: Any, *, in_background: bool) -> None:
        self._vae = vae
        self._image_processor = image_processor
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="decoder") if in_background else None
        self._stream: torch.cuda.Stream | None = None

    def decode(self, latents: torch.Tensor, seed: int, on_end: Callable[[PictureOutcome], None]) -> None:
        """Decode `latents` [1, 4, height / 8, width / 8] and tell `on_end` the pixels or what went wrong.

        That may be BrokenPicture (not finite even in float32), OutOfMemory (not even in tiles), or what torch raises.
        """
        if self._thread is None:
            on_end(self._outcome(latents, seed))
            return
        ready = torch.cuda.current_stream(latents.device).record_event() if latents.is_cuda else None
        self._thread.submit(lambda: on_end(self._outcome_beside(latents, seed, ready)))

    def stay_on_one_thread(self) -> None:
        """Finish what is being decoded, and decode on the caller's thread from now on."""
        self.close()
        self._thread = None

    def close(self) -> None:
        """Finish what is being decoded, and take no more."""
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)

    def _outcome_beside(
        self, latents: torch.Tensor, seed: int, ready: torch.cuda.Event | None
    ) -> PictureOutcome:
        if ready is None:
            return self._outcome(latents, seed)
        if self._stream is None:
            self._stream = torch.cuda.Stream(latents.device)  # type: ignore[no-untyped-call]  # as torch ships it
        self._stream.wait_event(ready)
        with torch.cuda.stream(self._stream):
            latents.record_stream(self._stream)
            return self._outcome(latents, seed)

    def _outcome(self, latents: torch.Tensor, seed: int) -> PictureOutcome:
        try:
            return self._pixels(latents, seed)
        except torch.OutOfMemoryError as error:
            log.warning("Out of memory while decoding: %s", error)
        except Exception as error:  # the border of this thread's work: whoever ordered the picture is told
            return error
        # Outside the handler, where no traceback holds on to the failed call's tensors any more.
        free_memory()
        has_tiles = self._vae.use_tiling
        tile_vae(self._vae, FALLBACK_TILE_PX)
        try:
            return self._pixels(latents, seed)
        except torch.OutOfMemoryError:
            outcome: PictureOutcome = OutOfMemory()
        except Exception as error:
            outcome = error
        finally:
            self._vae.use_tiling = has_tiles
        free_memory()
        return outcome

    @torch.inference_mode()
    def _pixels(self, latents: torch.Tensor, seed: int) -> PillowImage.Image:
        """Turn latents into pixels. SDXL's VAE overflows float16; what isn't finite is redone in float32."""
        if not torch.isfinite(latents).all():
            raise BrokenPicture(seed)
        pixels = self._decode_as(latents, self._vae.dtype)
        if not torch.isfinite(pixels).all() and self._vae.dtype != torch.float32:
            half_dtype = self._vae.dtype
            self._vae.to(torch.float32)
            try:
                pixels = self._decode_as(latents, torch.float32)
            finally:
                self._vae.to(half_dtype)
        if not torch.isfinite(pixels).all():
            raise BrokenPicture(seed)
        image: PillowImage.Image = self._image_processor.postprocess(pixels, output_type="pil")[0]
        return image

    def _decode_as(self, latents: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        config = self._vae.config
        latents = latents.to(dtype)
        mean, deviation = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
        if mean is not None and deviation is not None:
            shape = (1, len(mean), 1, 1)
            latents = latents * latents.new_tensor(deviation).view(
                shape
            ) / config.scaling_factor + latents.new_tensor(mean).view(shape)
        else:
            latents = latents / config.scaling_factor
        pixels: torch.Tensor = self._vae.decode(latents, return_dict=False)[0]
        return pixels
