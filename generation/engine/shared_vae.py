"""The VAE, used by two threads: the decoder's turns latents into pixels, the engine's encodes what people draw over."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from generation.engine.placement import tile_vae

FALLBACK_TILE_PX = 512
"""Side of a tile when a picture doesn't fit into memory whole. Tiles may differ in tone, so only then."""


class SharedVae:
    """diffusers' AutoencoderKL, which computes on `device`, with turns for whoever calls it.

    Its dtype and its tiles change for single pictures, which another call in the middle of it would see.
    """

    def __init__(self, vae: Any, device: torch.device) -> None:
        self._vae = vae
        self._device = device
        self._turn = threading.Lock()

    @contextmanager
    def turn(self, *, in_tiles: bool = False) -> Iterator[Any]:
        """Yield the VAE, which nobody else uses before the block has ended; with `in_tiles` set to small tiles."""
        with self._turn:
            has_tiles = self._vae.use_tiling
            if in_tiles:
                tile_vae(self._vae, FALLBACK_TILE_PX)
            try:
                yield self._vae
            finally:
                self._vae.use_tiling = has_tiles
                if self._device.type == "cuda":
                    # The two threads have a stream each: the next one would read, and free, what this one still uses.
                    torch.cuda.current_stream(self._device).synchronize()
