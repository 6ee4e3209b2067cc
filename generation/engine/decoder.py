"""From finished latents to pixels: the VAE, one picture at a time, on the engine's thread or beside it."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import torch
from PIL import Image as PillowImage

from generation.engine.memory_guard import free_memory
from generation.engine.picture_order import PictureOutcome
from generation.engine.shared_vae import SharedVae
from generation.errors import BrokenPicture, DrawingCancelled, OutOfMemory

log = logging.getLogger(__name__)


class Decoder:
    """Decodes latents with diffusers' AutoencoderKL, in the dtype that it is resident in.

    `in_background` decodes on a thread of its own, on CUDA in a stream of its own too, so that the next denoising
    step needn't wait; it is of no use on a CPU, where both want the same cores. Whatever happens, each picture's
    `on_end` is called once.
    """

    def __init__(self, vae: SharedVae, image_processor: Any, *, in_background: bool) -> None:
        self._vae = vae
        self._image_processor = image_processor
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="decoder") if in_background else None
        self._stream: torch.cuda.Stream | None = None
        self._is_closing = False

    def decode(self, latents: torch.Tensor, seed: int, on_end: Callable[[PictureOutcome], None]) -> None:
        """Decode `latents` [1, 4, height / 8, width / 8] and tell `on_end` the pixels or what went wrong.

        That may be BrokenPicture (not finite even in float32), OutOfMemory (not even in tiles), DrawingCancelled
        (closed before its turn came), or what torch raises.
        """
        if self._thread is None:
            on_end(_outcome(partial(self._picture, latents, seed)))
            return
        try:
            ready = torch.cuda.current_stream(latents.device).record_event() if latents.is_cuda else None
        except Exception as error:  # such as a lost device's; the latents have left the batch already
            on_end(error)
            return
        work = partial(self._picture_beside, latents, seed, ready)
        self._thread.submit(lambda: on_end(_outcome(work)))

    def wait(self) -> None:
        """Return once all that was handed over is decoded."""
        if self._thread is not None:
            self._thread.submit(lambda: None).result()

    def stay_on_one_thread(self) -> None:
        """Finish all that was handed over, and decode on the caller's thread from now on."""
        if self._thread is not None:
            self._thread.shutdown(wait=True)
            self._thread = None

    def close(self) -> None:
        """Finish what is being decoded; what waits for its turn ends with DrawingCancelled."""
        self._is_closing = True
        self.stay_on_one_thread()

    def _picture_beside(
        self, latents: torch.Tensor, seed: int, ready: torch.cuda.Event | None
    ) -> PillowImage.Image:
        if self._is_closing:
            raise DrawingCancelled
        if ready is None:
            return self._picture(latents, seed)
        if self._stream is None:
            self._stream = torch.cuda.Stream(latents.device)  # type: ignore[no-untyped-call]  # as torch ships it
        self._stream.wait_event(ready)
        with torch.cuda.stream(self._stream):
            latents.record_stream(self._stream)
            return self._picture(latents, seed)

    def _picture(self, latents: torch.Tensor, seed: int) -> PillowImage.Image:
        for in_tiles in (False, True):
            try:
                pixels = self._pixels(latents, seed, in_tiles=in_tiles)
                image: PillowImage.Image = self._image_processor.postprocess(pixels, output_type="pil")[0]
            except torch.OutOfMemoryError as error:
                log.warning("Out of memory while decoding: %s", error)
            else:
                return image
            # Outside the handler, where no traceback holds on to the failed call's tensors any more.
            free_memory()
        raise OutOfMemory

    @torch.inference_mode()
    def _pixels(self, latents: torch.Tensor, seed: int, *, in_tiles: bool) -> torch.Tensor:
        """Turn latents into pixels. SDXL's VAE overflows float16; what isn't finite is redone in float32."""
        if not torch.isfinite(latents).all():
            raise BrokenPicture(seed)
        with self._vae.turn(in_tiles=in_tiles) as vae:
            pixels = _decoded(vae, latents)
            if not torch.isfinite(pixels).all() and vae.dtype != torch.float32:
                half_dtype = vae.dtype
                vae.to(torch.float32)
                try:
                    pixels = _decoded(vae, latents)
                finally:
                    vae.to(half_dtype)
        if not torch.isfinite(pixels).all():
            raise BrokenPicture(seed)
        return pixels


def _outcome(work: Callable[[], PillowImage.Image]) -> PictureOutcome:
    try:
        return work()
    except Exception as error:  # the border of this work: whoever ordered the picture is told
        return error


def _decoded(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    latents = latents.to(vae.dtype)
    config = vae.config
    mean, deviation = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
    if mean is not None and deviation is not None:
        shape = (1, len(mean), 1, 1)
        latents = latents * latents.new_tensor(deviation).view(
            shape
        ) / config.scaling_factor + latents.new_tensor(mean).view(shape)
    else:
        latents = latents / config.scaling_factor
    pixels: torch.Tensor = vae.decode(latents, return_dict=False)[0]
    return pixels
