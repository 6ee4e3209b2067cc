"""The UNet's transformer blocks compiled by torch, in the background, and never a reason not to draw.

SDXL's UNet has seventy such blocks, of two widths: compiled one by one they need two graphs, for all sizes. The whole
UNet as one graph of any size kept torch's compiler busy for more than eight minutes on an H100, without an end
(docs/performance.md).
"""

import copy
import logging
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch._dynamo.exc import FailOnRecompileLimitHit

from generation.aspect_ratio import AspectRatio
from generation.engine.denoiser import Denoiser
from generation.engine.library_turns import LIBRARY_TURNS
from generation.engine.sample import Sample
from generation.image import ImageParameters

log = logging.getLogger(__name__)

LEAST_ROWS = 2
"""torch makes graphs of their own for calls with a single row; padded to two they share those for all."""

GRAPHS_MAX = 64
"""torch keeps a graph for each width of block, device and dtype of the process; beyond this many it gives up.

Its own limit is eight, which is four devices.
"""

COMPILER_THREAD = "compiler"


class CompiledUnet:
    """A UNet whose blocks torch compiles at their first call, and that goes on as it was where the compiler fails.

    One graph for each width of block serves every size, number of rows and text length. `unet` itself stays as it is,
    for who draws meanwhile. `cache` is where the compiler keeps its work; a process that was killed may leave half a
    file there, on which every later start would fail, so after an error it is emptied.
    """

    def __init__(
        self, unet: UNet2DConditionModel, cache: Path, *, backend: str | Callable[..., Any] = "inductor"
    ) -> None:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache)
        self._unet = unet
        self._cache = cache
        twin = _with_the_same_weights(unet)
        twin.compile_repeated_blocks(
            dynamic=True, fullgraph=True, backend=backend, recompile_limit=GRAPHS_MAX
        )
        self._compiled: Callable[..., Any] | None = twin

    @property
    def is_compiled(self) -> bool:
        """Whether calls still go through the compiler's work."""
        return self._compiled is not None

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the UNet. An error that it raises uncompiled too is the call's own and passes through."""
        if self._compiled is None:
            return self._unet(*arguments, **named)
        try:
            return self._compiled(*arguments, **named)
        except (torch.OutOfMemoryError, torch.AcceleratorError):
            raise
        except Exception as error:  # a compiler can fail in any way
            cause = error
        outcome = self._unet(*arguments, **named)
        log.warning("The compiled UNet failed; drawing goes on without it", exc_info=cause)
        self.give_up()
        if not isinstance(cause, FailOnRecompileLimitHit):  # which is no fault of what is kept
            shutil.rmtree(self._cache, ignore_errors=True)
        return outcome

    def give_up(self) -> None:
        """Go on uncompiled, such as after parts of the UNet were moved off the device."""
        self._compiled = None


def _with_the_same_weights(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """Return a copy of the modules that holds no numbers of its own."""
    shared = {id(tensor): tensor for tensor in (*unet.parameters(), *unet.buffers())}
    return copy.deepcopy(unet, shared)


def compile_in_background(
    unet: CompiledUnet,
    prepare: Callable[[ImageParameters], Sample],
    swap: Callable[[Denoiser], None],
) -> threading.Thread:
    """Try `unet` on a thread of its own and hand `swap` the denoiser that uses it, or nothing if it can't be compiled.

    `prepare` is called here, at once, for the samples to try it with; `swap` on the other thread. What is compiled
    meanwhile waits until nobody loads a model, and ends after the present call where `unet` is given up.
    """
    # What is equal in the first call (rows, height, width, length of text) torch takes to be equal always, so the
    # square comes second.
    samples = [prepare(_trial(AspectRatio.PORTRAIT)), prepare(_trial(AspectRatio.SQUARE))]

    def compile_and_swap() -> None:
        denoiser = Denoiser(unet, masks_texts=True, least_rows=LEAST_ROWS)
        with LIBRARY_TURNS.compiling(lambda: unet.is_compiled):
            try:
                for batch in ([samples[0]], [samples[1]], [samples[0], samples[0]]):
                    if unet.is_compiled:
                        denoiser.predict(batch)
            except Exception:  # too little memory beside what is drawn meanwhile, for one
                log.warning("The UNet could not be compiled; drawing goes on without that", exc_info=True)
                unet.give_up()
        denoiser.forget()
        if unet.is_compiled:
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
