"""The operator's LoRA files, loaded when first asked for and put in force set by set.

diffusers reads the files (its own form and kohya's) and peft carries them as adapters beside the model's own weights,
so that the model without LoRAs stays what it is.
"""

import logging
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from safetensors import SafetensorError
from safetensors.torch import load_file

from generation.engine.library_turns import LIBRARY_TURNS
from generation.errors import BrokenLora, UnknownLora
from generation.lora import LoraWeight
from generation.model_errors import first_line

log = logging.getLogger(__name__)

SUFFIX = ".safetensors"

LOADED_AT_MOST = 8
"""LoRAs that stay in memory; each is some 50 to 400 MB for SDXL. The one unused the longest goes first."""


class LoraLibrary:
    """Puts sets of LoRAs in force on a pipeline's UNet and text encoders; belongs to the engine's thread.

    `folder` holds one safetensors file for each LoRA, None where there are none. `loaded` names the LoRAs in memory,
    and may be read by any thread.
    """

    def __init__(
        self,
        pipeline: StableDiffusionXLPipeline,
        folder: Path | None,
        *,
        loaded_at_most: int = LOADED_AT_MOST,
    ) -> None:
        self._pipeline = pipeline
        self._folder = folder
        self._loaded_at_most = loaded_at_most
        self.loaded: frozenset[str] = frozenset()
        # peft's adapters are named by number: file names may hold what module names can't.
        self._adapters: OrderedDict[str, str] = OrderedDict()
        self._count = 0
        self._active: tuple[LoraWeight, ...] = ()

    def names(self) -> list[str]:
        """What can be asked for: the files' names without their suffix."""
        if self._folder is None or not self._folder.is_dir():
            return []
        return sorted(
            path.stem for path in self._folder.iterdir() if path.suffix == SUFFIX and path.is_file()
        )

    def activate(self, loras: tuple[LoraWeight, ...]) -> bool:
        """Put `loras` in force and no others; returns whether that changed anything.

        Weights of a LoRA that is named twice add up; without any in force the model is, to the bit, as it was.

        Raises:
            UnknownLora, BrokenLora: one of them can't be used; then none is in force.
        """
        if loras == self._active:
            return False
        weights: dict[str, float] = {}
        for lora in loras:
            weights[lora.name] = weights.get(lora.name, 0.0) + lora.weight
        wanted = {name: weight for name, weight in weights.items() if weight}
        self._deactivate()
        for name in weights:
            self._load(name, keep=set(weights))
        if wanted:
            self._pipeline.enable_lora()
            self._pipeline.set_adapters([self._adapters[name] for name in wanted], list(wanted.values()))
        self._active = loras
        return True

    def _deactivate(self) -> None:
        self._active = ()
        if self._adapters:
            self._pipeline.disable_lora()

    def _load(self, name: str, keep: set[str]) -> None:
        if name in self._adapters:
            self._adapters.move_to_end(name)
            return
        known = self.names()
        if self._folder is None or name not in known:
            raise UnknownLora(name, tuple(known))
        while len(self._adapters) >= self._loaded_at_most and (oldest := self._oldest(keep)):
            self._pipeline.delete_adapters(self._adapters.pop(oldest))
            self.loaded = frozenset(self._adapters)
            self._pipeline.disable_lora()  # taking one out puts another in force
        self._count += 1
        adapter = f"lora_{self._count}"
        try:
            with LIBRARY_TURNS.adapters:
                self._read(self._folder / (name + SUFFIX), adapter)
        except Exception as error:  # what the libraries raise over foreign files is of any kind
            self._remove(adapter)
            if isinstance(error, torch.OutOfMemoryError | torch.AcceleratorError):
                raise
            reason = first_line(error)
            log.warning("The LoRA %s can't be used: %s", name, reason)
            raise BrokenLora(name, reason) from error
        self._adapters[name] = adapter
        self.loaded = frozenset(self._adapters)
        self._pipeline.disable_lora()
        log.info("The LoRA %s is loaded", name)

    def _oldest(self, keep: set[str]) -> str | None:
        return next((name for name in self._adapters if name not in keep), None)

    def _read(self, file: Path, adapter: str) -> None:
        try:
            tensors = load_file(file)
        except SafetensorError as error:
            raise ValueError(f"it isn't a safetensors file: {error}") from error
        if not all(
            torch.isfinite(tensor.float()).all() for tensor in tensors.values() if tensor.is_floating_point()
        ):
            raise ValueError("some of its numbers are none, or infinite: every picture would be black")
        with torch.inference_mode(mode=False):
            # Passed as tensors: given a path, diffusers would take a pickle too.
            self._pipeline.load_lora_weights(tensors, adapter_name=adapter)
        taken = self._pipeline.get_list_adapters()
        if not any(adapter in adapters for adapters in taken.values()):
            raise ValueError("nothing in it fits this model")

    def _remove(self, adapter: str) -> None:
        """Take out what a failed load left behind; with nothing else loaded, peft's layers go altogether."""
        with suppress(Exception):  # there may be nothing to take out
            self._pipeline.delete_adapters(adapter)
        if self._adapters:
            self._pipeline.disable_lora()  # taking one out puts another in force
        else:
            with suppress(Exception):
                self._pipeline.unload_lora_weights()
