"""The UNet compiled by torch: one graph for all sizes, made in the background, never a reason not to draw."""

import logging
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.fx.experimental._config

from generation.aspect_ratio import AspectRatio
from generation.engine.denoiser import Denoiser
from generation.engine.sample import Sample
from generation.image import ImageParameters

log = logging.getLogger(__name__)

LEAST_ROWS = 2
"""torch makes a graph of its own for calls with a single row; padded to two they share the one for all."""

COMPILER_THREAD = "compiler"


def compile_unet(
    unet: Callable[..., Any], *, backend: str | Callable[..., Any] = "inductor"
) -> Callable[..., Any]:
    """Wrap `unet` so that its first call compiles it, into one graph for every size, number of rows and text length.

    Without "duck shapes", by which torch takes sides that happen to be equal to be so always, a square picture
    would need a graph of its own.
    """
    torch.fx.experimental._config.use_duck_shape = False
    compiled: Callable[..., Any] = torch.compile(unet, dynamic=True, fullgraph=True, backend=backend)
    return compiled


def compile_in_background(
    unet: Callable[..., Any],
    prepare: Callable[[ImageParameters], Sample],
    swap: Callable[[Denoiser], None],
    cache: Path,
    *,
    backend: str | Callable[..., Any] = "inductor",
) -> threading.Thread:
    """Compile `unet` on a thread of its own and hand `swap` the denoiser that uses it, or nothing if that fails.

    `prepare` is called here, at once, for the samples to try it with. `cache` is where the compiler keeps its
    work; a process that was killed may leave half a file there, on which every later start would fail, so after an
    error it is emptied.
    """
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache)
    samples = [prepare(_trial(AspectRatio.SQUARE)), prepare(_trial(AspectRatio.PORTRAIT))]

    def compile_and_swap() -> None:
        denoiser = Denoiser(compile_unet(unet, backend=backend), masks_texts=True, least_rows=LEAST_ROWS)
        try:
            for sample in samples:
                denoiser.predict([sample])
            denoiser.predict([samples[0], samples[0]])
        except Exception:  # a compiler can fail in any way, and drawing goes on without it
            log.warning("The UNet could not be compiled; drawing goes on as before", exc_info=True)
            shutil.rmtree(cache, ignore_errors=True)
            return
        denoiser.forget()
        log.info("The UNet is compiled")
        swap(denoiser)

    thread = threading.Thread(target=compile_and_swap, name=COMPILER_THREAD, daemon=True)
    thread.start()
    return thread


def _trial(aspect: AspectRatio) -> ImageParameters:
    return ImageParameters(
        prompt="1girl",
        negative_prompt="",
        width=aspect.width,
        height=aspect.height,
        num_inference_steps=2,
        guidance_scale=5.0,
        seed=0,
        model="",
    )
