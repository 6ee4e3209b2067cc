"""A loaded SDXL model on one device, taken apart into what the engine's core works with.

Importing this module imports torch and diffusers, which takes seconds; only the engine's thread does.
"""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import torch
from diffusers import StableDiffusionXLPipeline

from generation.encoding_mode import EncodingMode
from generation.engine.compilation import CompiledUnet, compile_in_background
from generation.engine.conditioning_rows import ConditioningRows
from generation.engine.controlnet import control_of, load_controlnet
from generation.engine.core import DrawingParts, EngineCore
from generation.engine.decoder import Decoder
from generation.engine.denoiser import Denoiser, FixedShape
from generation.engine.device_choice import device_for
from generation.engine.float8 import use_float8
from generation.engine.kept_region import paste_kept_pixels
from generation.engine.lora_library import LoraLibrary
from generation.engine.memory_guard import MemoryGuard, free_memory
from generation.engine.model_loading import load_pipeline, load_tokenizer
from generation.engine.picture_order import PictureOutcome
from generation.engine.placement import apply_plan, can_offload, enable_stronger_offload, plan_placement
from generation.engine.prompt_chunks import CHUNK_TOKENS, count_tokens
from generation.engine.prompt_encoder import PromptEncoder
from generation.engine.sample import Sample
from generation.engine.schedulers import make_scheduler
from generation.engine.shared_vae import SharedVae
from generation.engine.starting_latents import starting_latents
from generation.engine.text_attention import attend_by_text_length
from generation.engine.warm_up import WarmUp, warm_up
from generation.engine_options import EngineOptions
from generation.image import ImageParameters, PromptEdit
from generation.lora import LoraWeight
from generation.memory_plan import Offload
from generation.model_errors import ModelLoadError
from generation.model_source import ModelSource

log = logging.getLogger(__name__)


class TokenCounter:
    """Counts a prompt's CLIP tokens. Needs only the tokenizer, so it is ready before the model is."""

    def __init__(self, source: ModelSource) -> None:
        self._tokenizer = load_tokenizer(source)

    def __call__(self, prompt: str) -> int:
        """The number of tokens, without the marks of begin and end."""
        return count_tokens(self._tokenizer, prompt)


class SdxlModel:
    """diffusers' components of one SDXL model, with our prompt encoder and decoder around them.

    Raises:
        ModelLoadError: the model can't be loaded from `source`.
    """

    def __init__(self, source: ModelSource, options: EngineOptions, encoding: EncodingMode) -> None:
        source = options.settle(source)
        self._options = options
        self._source = source
        self._device = device_for(source)
        self.pipeline: StableDiffusionXLPipeline = load_pipeline(source)
        self.pipeline.set_progress_bar_config(disable=True)
        attend_by_text_length(self.pipeline.unet)
        # The ControlNet goes first, so that the plan reckons with what it leaves.
        self._controlnet = (
            load_controlnet(options.controlnet, self.pipeline.unet.dtype, self._device)
            if options.controlnet
            else None
        )
        self._plan = plan_placement(self.pipeline, self._device)
        self._offload = self._place()
        if options.float8:
            if self._offload is not Offload.NONE:
                raise ModelLoadError(source.source, "float8 needs all of the model in the device's memory")
            use_float8(self.pipeline.unet, source.source)
        self._compiled: CompiledUnet | None = None
        # A compiled graph adds rows up in its own way, and must not depend on who is in the call.
        is_exact = self._device.type == "cpu" and not options.compile
        networks = [self.pipeline.unet, *([self._controlnet] if self._controlnet else [])]
        self._conditioning_rows = ConditioningRows(*networks) if is_exact else None
        self._loras = LoraLibrary(self.pipeline, options.lora_folder)
        self._encoder = PromptEncoder(
            self.pipeline.tokenizer,
            self.pipeline.tokenizer_2,
            self.pipeline.text_encoder,
            self.pipeline.text_encoder_2,
            mode=encoding,
            device=self._device,
        )
        # Offloaded parts take turns on the device, so only one thread may call them.
        is_free = self._device.type == "cuda" and self._offload is Offload.NONE
        self._vae = SharedVae(self.pipeline.vae, self._device)
        self._decoder = Decoder(self._vae, self.pipeline.image_processor, in_background=is_free)

    @property
    def device(self) -> str:
        """Where the model computes, such as "cuda:0" or "cpu"."""
        return str(self._device)

    @property
    def loaded_loras(self) -> frozenset[str]:
        """Names of the LoRAs that are in memory; may be asked by any thread."""
        return self._loras.loaded

    def memory_use(self) -> tuple[int, int]:
        """How many bytes of the device's memory are in use, by whomever, and how many there are; 0 of 0 on a CPU."""
        if self._device.type != "cuda":
            return 0, 0
        free, total = torch.cuda.mem_get_info(self._device)
        return total - free, total

    def core(self) -> tuple[EngineCore, WarmUp]:
        """Warm up and make the core that draws with this model; also returns what the warm-up measured."""
        found = warm_up(
            self.prepare,
            self.denoiser(),
            size=self._options.usual_size,
            slots=self._options.max_batch_slots,
            slot_limit=self._plan.slot_limit,
        )
        parts = DrawingParts(
            prepare=self.prepare,
            prepare_sparingly=partial(self.prepare, in_tiles=True),
            use_loras=self.use_loras,
            denoiser=self.denoiser(self._fixed_shape(found.slots)),
            decode=self.decode,
            finish_decoding=self._decoder.wait,
            memory=MemoryGuard(found.slots, self._offload_more),
            slots_for=self._plan.slots_for,
        )
        return EngineCore(parts), found

    def compile(self, swap: Callable[[Denoiser], None]) -> None:
        """Have the UNet compiled beside the drawing, where the options ask for it; see `compile_in_background`.

        Not where parts of the model wait outside the device, LoRAs may be put into the UNet or a ControlNet steers
        it: each of these changes its layers, and would have it compiled anew in the middle of a picture.
        """
        if not self._options.compile:
            return
        changes = self._options.lora_folder is not None or self._controlnet is not None
        if changes or self._offload is not Offload.NONE:
            log.warning(
                "The UNet is not compiled: that needs all of the model on the device, no LoRAs and no ControlNet"
            )
            return
        self._compiled = CompiledUnet(self.pipeline.unet, self._options.compile_cache)
        compile_in_background(self._compiled, self.prepare, swap)

    def denoiser(self, fixed_shape: FixedShape | None = None) -> Denoiser:
        """Make what asks this model's UNet."""
        return Denoiser(
            self.pipeline.unet,
            fixed_shape=fixed_shape,
            conditioning_rows=self._conditioning_rows,
            controlnet=self._controlnet,
        )

    def use_loras(self, loras: tuple[LoraWeight, ...]) -> None:
        """Put a set of LoRAs in force, for prompts encoded and steps taken from now on.

        Raises:
            UnknownLora, BrokenLora: one of them can't be used; the others aren't either.
        """
        has_changed = True
        try:
            has_changed = self._loras.activate(loras)
        finally:
            if has_changed:  # where it failed too: then the ones before are out of force
                self._encoder.forget()

    @torch.inference_mode()
    def prepare(self, parameters: ImageParameters, *, in_tiles: bool = False) -> Sample:
        """Encode the prompts and make the first latents; the LoRAs must be in force.

        With `in_tiles` a picture to start from is encoded in tiles, which takes less memory and may differ in tone.
        """
        prompts: list[tuple[int, ImageParameters | PromptEdit]] = [
            (0, parameters),
            *((edit.first_step, edit) for edit in parameters.edits),
        ]
        conditionings = [
            (
                first,
                self._encoder.encode(own.prompt, own.negative_prompt, clip_skip=parameters.clip_skip),
            )
            for first, own in prompts
        ]
        scheduler = make_scheduler(parameters.sampler, self.pipeline.scheduler.config)
        scheduler.set_timesteps(parameters.num_inference_steps, device="cpu")
        generator = torch.Generator("cpu").manual_seed(parameters.seed)
        # Only a picture to start from needs the VAE, so that others needn't wait for what is being decoded.
        with nullcontext() if parameters.source is None else self._vae.turn(in_tiles=in_tiles):
            start = starting_latents(
                parameters, scheduler, generator, self.pipeline.vae, self._device, self.pipeline.unet.dtype
            )
        control = control_of(parameters, self._controlnet, self._device)
        return Sample.begin(parameters, conditionings, scheduler, generator, start, control)

    def decode(self, sample: Sample, on_end: Callable[[PictureOutcome], None]) -> None:
        """Turn a finished sample into pixels and tell `on_end`, now or later."""
        source = sample.parameters.source

        def finish(outcome: PictureOutcome) -> None:
            try:
                if source is not None and not isinstance(outcome, Exception):
                    outcome = paste_kept_pixels(outcome, source)
            except Exception as error:  # the decoder's thread has nobody else to tell
                outcome = error
            on_end(outcome)

        self._decoder.decode(sample.latents, sample.parameters.seed, finish)

    def close(self, *, decodes_the_rest: bool = False) -> None:
        """Finish what is being decoded; with `decodes_the_rest` also what waits, which else ends with DrawingCancelled.

        What is being compiled is given up.
        """
        if self._compiled is not None:
            self._compiled.give_up()
        if decodes_the_rest:
            self._decoder.stay_on_one_thread()
        else:
            self._decoder.close()

    def _fixed_shape(self, slots: int) -> FixedShape | None:
        if not self._options.exact_replay:
            return None
        chunks = -(-self._options.text_length_limit // CHUNK_TOKENS)
        return FixedShape(rows=2 * slots, text_length=chunks * (CHUNK_TOKENS + 2))

    def _place(self) -> Offload:
        """Put the model where the plan wants it, or with more of it outside the device where that fails."""
        offload = self._plan.offload
        while True:
            try:
                apply_plan(self.pipeline, self._device, replace(self._plan, offload=offload))
            except torch.OutOfMemoryError as error:
                reason = str(error)
            else:
                return offload
            free_memory()
            log.warning("The model doesn't fit with offload %s: %s", offload.value, reason)
            if offload.stronger is None:
                raise ModelLoadError(self._source.source, f"it doesn't fit into the memory of {self._device}")
            offload = offload.stronger

    def _offload_more(self) -> bool:
        """Move more of the model out of the device's memory; False when nothing is left to move."""
        if self._options.float8 or not can_offload(self._device):
            return False
        before = self._offload
        if self._compiled is not None:
            self._compiled.give_up()
        self._decoder.stay_on_one_thread()
        self._offload = enable_stronger_offload(self.pipeline, self._device, before)
        return self._offload is not before
