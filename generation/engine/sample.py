"""A sample: one picture in the making, with all that a denoising step reads and changes of it."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import rescale_noise_cfg

from generation.engine.controlnet import Control
from generation.engine.prompt_encoder import EncodedPrompt
from generation.engine.starting_latents import VAE_SCALE, StartingLatents, enlarged_latents
from generation.image import ImageParameters
from generation.lora import LoraWeight

BatchKey = tuple[torch.Size, tuple[LoraWeight, ...], bool]
"""Samples of equal keys may share a call of the UNet: one shape of latents, one set of LoRAs, all steered or none."""


@dataclass(slots=True, eq=False, kw_only=True)
class Sample:
    """One picture between two denoising steps.

    `latents`: [1, 4, height / 8, width / 8] in the UNet's dtype, on its device. `scheduler` is the picture's own
    stock scheduler, `generator` its own CPU generator, so that nobody else's steps move its noise. `step` is the
    index into `scheduler.timesteps` of the next step. `conditionings` are the encoded prompts with the steps of the
    first stage that they begin at, the first one at 0. `predicted` is where the last step took the latents to be
    heading: what a preview shows.
    """

    parameters: ImageParameters
    conditionings: Sequence[tuple[int, EncodedPrompt]]
    scheduler: Any
    generator: torch.Generator
    start: StartingLatents
    latents: torch.Tensor
    predicted: torch.Tensor
    step: int
    control: Control | None = None
    is_refining: bool = False

    @classmethod
    def begin(
        cls,
        parameters: ImageParameters,
        conditionings: Sequence[tuple[int, EncodedPrompt]],
        scheduler: Any,
        generator: torch.Generator,
        start: StartingLatents,
        control: Control | None = None,
    ) -> "Sample":
        """Make the sample that stands before its first step."""
        return cls(
            parameters=parameters,
            conditionings=conditionings,
            scheduler=scheduler,
            generator=generator,
            start=start,
            latents=start.latents,
            predicted=start.latents,
            step=start.first_step,
            control=control,
        )

    @property
    def batch_key(self) -> BatchKey:
        """What this sample shares with those that it may be batched with."""
        return self.latents.shape, self.parameters.loras, self.control is not None

    @property
    def size_px(self) -> tuple[int, int]:
        """Height and width of what is being drawn, in pixels."""
        height, width = self.latents.shape[-2:]
        return VAE_SCALE * height, VAE_SCALE * width

    @property
    def conditioning(self) -> EncodedPrompt:
        """The prompts of the next step; a second stage goes on with the last."""
        begun = [encoded for first, encoded in self.conditionings if self.is_refining or first <= self.step]
        return begun[-1]

    @property
    def timestep(self) -> torch.Tensor:
        """The next step's timestep, a scalar on the CPU."""
        timestep: torch.Tensor = self.scheduler.timesteps[self.step]
        return timestep

    @property
    def is_guided(self) -> bool:
        """Whether the next step needs a row for the negative prompt. Guidance 1 and below is the prompt alone."""
        is_early = self.step < self.parameters.guided_share * len(self.scheduler.timesteps)
        return self.parameters.guidance_scale > 1 and is_early

    @property
    def is_on_last_step(self) -> bool:
        """Whether only one step is left in all."""
        return self.steps_done == self.parameters.total_steps - 1

    @property
    def is_finished(self) -> bool:
        """Whether this stage has no more steps."""
        return self.step == len(self.scheduler.timesteps)

    @property
    def steps_done(self) -> int:
        """Steps done over both stages."""
        before = self.parameters.first_stage_steps if self.is_refining else 0
        return before + self.step - self.start.first_step

    def model_input(self) -> torch.Tensor:
        """The latents as the UNet reads them at the next timestep; same shape."""
        scaled: torch.Tensor = self.scheduler.scale_model_input(self.latents, self.timestep)
        return scaled

    def advance(self, noise_pred: torch.Tensor, negative_noise_pred: torch.Tensor | None) -> None:
        """Take the step that the UNet's prediction(s) lead to, or, where that raises, none at all.

        Both are [1, 4, height / 8, width / 8]; without a negative one the prediction isn't guided.
        """
        undo = self._snapshot()
        try:
            latents = self._stepped(self._guided(noise_pred, negative_noise_pred))
        except BaseException:
            undo()
            raise
        self.latents = latents
        self.step += 1

    def begin_refining(self) -> None:
        """Enlarge the finished latents and stand before the first step of the second stage."""
        upscale = self.parameters.upscale
        if upscale is None:
            raise AssertionError("only a sample with an upscale has a second stage")
        undo = self._snapshot()
        try:
            start = enlarged_latents(self.latents, upscale, self.parameters, self.scheduler, self.generator)
        except BaseException:
            undo()
            raise
        self.start, self.latents, self.step, self.is_refining = start, start.latents, start.first_step, True
        if self.control is not None:
            self.control = self.control.resized(*self.size_px)

    def _guided(self, noise_pred: torch.Tensor, negative_noise_pred: torch.Tensor | None) -> torch.Tensor:
        if negative_noise_pred is None:
            return noise_pred
        scale, rescale = self.parameters.guidance_scale, self.parameters.guidance_rescale
        guided = negative_noise_pred + scale * (noise_pred - negative_noise_pred)
        if rescale > 0:
            guided = rescale_noise_cfg(guided, noise_pred, guidance_rescale=rescale)
        return guided

    def _stepped(self, noise_pred: torch.Tensor) -> torch.Tensor:
        options = {"generator": self.generator} if _takes_generator(self.scheduler) else {}
        output = self.scheduler.step(noise_pred, self.timestep, self.latents, **options)
        latents: torch.Tensor = output.prev_sample
        # Multistep schedulers keep the prediction in their memory instead of giving it out.
        predicted = getattr(output, "pred_original_sample", None)
        self.predicted = self.scheduler.model_outputs[-1] if predicted is None else predicted
        if self.start.kept is not None:
            latents = self.start.kept.restore(latents, self.scheduler, self.step)
        return latents

    def _snapshot(self) -> Callable[[], None]:
        """Remember what a step changes besides `latents` and `step`; returns how to bring it back.

        Schedulers keep past predictions in lists, which they change in place; tensors they replace.
        """
        noise = self.generator.get_state()
        memory = {
            name: list(value) if isinstance(value, list) else value
            for name, value in vars(self.scheduler).items()
        }

        def undo() -> None:
            self.generator.set_state(noise)
            vars(self.scheduler).clear()
            vars(self.scheduler).update(memory)

        return undo


def _takes_generator(scheduler: Any) -> bool:
    return "generator" in inspect.signature(scheduler.step).parameters
