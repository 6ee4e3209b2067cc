"""What the engine's tests share: the tiny model in a core without a thread, and orders that remember their end."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from PIL import Image as PillowImage

from generation.encoding_mode import EncodingMode
from generation.engine.core import DrawingParts, EngineCore
from generation.engine.denoiser import FixedShape
from generation.engine.memory_guard import MemoryGuard
from generation.engine.picture_order import PictureOrder, PictureOutcome
from generation.engine.sample import Sample
from generation.engine.sdxl_model import SdxlModel
from generation.engine_options import EngineOptions
from generation.image import ImageParameters
from generation.model_source import ModelSource


def parameters(**options: Any) -> ImageParameters:
    """Parameters of a small picture with few steps."""
    return ImageParameters(
        **{
            "prompt": "1girl, silver hair",
            "negative_prompt": "lowres",
            "width": 192,
            "height": 256,
            "num_inference_steps": 5,
            "guidance_scale": 6.0,
            "seed": 7,
            "model": "tiny",
            **options,
        }
    )


def load_model(folder: Path, dtype: str = "float32", **options: Any) -> SdxlModel:
    """Load the tiny model on the CPU."""
    source = ModelSource(source=str(folder), device="cpu", dtype=dtype)
    return SdxlModel(source, EngineOptions(**options), EncodingMode.PADDED)


@dataclass(eq=False)
class Ordered:
    """An order under test: what it was told so far, and the latents that it ended with."""

    parameters: ImageParameters
    rank: float = 0.0
    is_cancelled: bool = False
    steps: list[int] = field(default_factory=list)
    wants_previews: bool = False
    previews: list[PillowImage.Image] = field(default_factory=list)
    leavings: int = 0
    outcome: PictureOutcome | None = None
    on_step: Callable[[int], None] = lambda _step: None

    def order(self) -> PictureOrder:
        """Make the order that the core takes."""

        def end(outcome: PictureOutcome) -> None:
            assert self.outcome is None, "an order ends once"
            self.outcome = outcome

        def leave() -> None:
            self.leavings += 1

        def step(number: int) -> None:
            self.steps.append(number)
            self.on_step(number)

        return PictureOrder(
            parameters=self.parameters,
            rank=self.rank,
            is_cancelled=lambda: self.is_cancelled,
            on_step=step,
            wants_preview=lambda: self.wants_previews,
            on_preview=self.previews.append,
            on_leaving=leave,
            on_end=end,
        )

    @property
    def picture(self) -> PillowImage.Image:
        """The finished picture."""
        assert isinstance(self.outcome, PillowImage.Image), self.outcome
        return self.outcome


def run(core: EngineCore, *arrivals: tuple[int, Ordered]) -> int:
    """Tick until all is drawn, each order arriving before the tick of its number; returns the number of ticks."""
    waiting = list(arrivals)
    tick = 0
    while waiting or not core.is_idle:
        for pair in [pair for pair in waiting if pair[0] <= tick]:
            core.add(pair[1].order())
            waiting.remove(pair)
        core.tick()
        tick += 1
    return tick


def stock_result(pipeline: Any, model: SdxlModel, wanted: ImageParameters, **options: Any) -> torch.Tensor:
    """The latents that a stock pipeline of any kind makes of the same embeddings, seed, steps and guidance."""
    sample = model.prepare(replace(wanted, source=None, control=None))
    embeds = sample.conditioning
    pipeline.scheduler = sample.scheduler
    result = pipeline(
        prompt_embeds=embeds.prompt_embeds,
        negative_prompt_embeds=embeds.negative_prompt_embeds,
        pooled_prompt_embeds=embeds.pooled_prompt_embeds,
        negative_pooled_prompt_embeds=embeds.negative_pooled_prompt_embeds,
        num_inference_steps=wanted.num_inference_steps,
        guidance_scale=wanted.guidance_scale,
        output_type="latent",
        **{"generator": torch.Generator("cpu").manual_seed(wanted.seed), **options},
    )
    latents: torch.Tensor = result.images
    return latents


def stock_latents(
    pipeline: StableDiffusionXLPipeline, model: SdxlModel, wanted: ImageParameters
) -> torch.Tensor:
    """What the stock text-to-image pipeline makes of it."""
    return stock_result(
        pipeline,
        model,
        wanted,
        width=wanted.width,
        height=wanted.height,
        guidance_rescale=wanted.guidance_rescale,
    )


class Latents:
    """Remembers the latents that samples ended with, by seed, besides having them decoded."""

    def __init__(self, model: SdxlModel) -> None:
        """`model` decodes them."""
        self.model = model
        self.by_seed: dict[int, torch.Tensor] = {}

    def decode(self, sample: Sample, on_end: Callable[..., None]) -> None:
        self.by_seed[sample.parameters.seed] = sample.latents
        self.model.decode(sample, on_end)


def core_of(
    model: SdxlModel,
    *,
    slots: int = 4,
    fixed_shape: FixedShape | None = None,
    offload_more: Callable[[], bool] = lambda: False,
    slots_for: Callable[[int], int] = lambda _pixels: 64,
    finish_decoding: Callable[[], None] = lambda: None,
) -> tuple[EngineCore, Latents]:
    """Make a core that draws with `model`, and what remembers its latents."""
    latents = Latents(model)
    parts = DrawingParts(
        prepare=model.prepare,
        prepare_sparingly=partial(model.prepare, in_tiles=True),
        use_loras=model.use_loras,
        denoiser=model.denoiser(fixed_shape),
        decode=latents.decode,
        finish_decoding=finish_decoding,
        memory=MemoryGuard(slots, offload_more),
        slots_for=slots_for,
    )
    return EngineCore(parts), latents


def finished_latents(model: SdxlModel, wanted: ImageParameters) -> torch.Tensor:
    """What the engine makes of a picture alone."""
    core, latents = core_of(model, slots=1)
    ordered = Ordered(wanted)
    run(core, (0, ordered))
    assert ordered.picture
    return latents.by_seed[wanted.seed]
