"""One call of the UNet for the next step of many samples, each at its own timestep and with its own prompt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import ControlNetModel

from generation.engine.conditioning_rows import ConditioningRows
from generation.engine.controlnet import Control, residuals
from generation.engine.sample import Sample
from generation.engine.text_attention import TEXT_LENGTHS

UNet = Callable[..., tuple[torch.Tensor]]
"""diffusers' `UNet2DConditionModel`, or a compiled one."""


@dataclass(frozen=True, slots=True)
class FixedShape:
    """The shape that every call is padded to, for pictures that don't depend on their company even on a GPU.

    A GPU picks its kernels, and with them the order of its additions, by the shape of the call. `rows` is the
    least number of rows, `text_length` the least number of places for text.
    """

    rows: int
    text_length: int


@dataclass(frozen=True, slots=True)
class _Conditions:
    """What the rows of a call are conditioned on: one row each for the prompt and, if guided, the negative."""

    prompt_embeds: torch.Tensor
    pooled_prompt_embeds: torch.Tensor
    time_ids: torch.Tensor
    text_lengths: list[int]
    text_mask: torch.Tensor

    @property
    def added(self) -> dict[str, torch.Tensor]:
        """SDXL's conditions besides the text, as the UNet takes them."""
        return {"text_embeds": self.pooled_prompt_embeds, "time_ids": self.time_ids}


Predictions = list[tuple[torch.Tensor, torch.Tensor | None]]
"""For each sample the prediction for its prompt and, if it is guided, for its negative prompt."""


class Denoiser:
    """Asks the UNet what noise is in the latents of samples with equal batch keys.

    A sample's rows don't see the others': attention, normalisation and convolution work row by row. Texts of
    different lengths share a call: each is attended to at its own length (`text_attention.py`), or by a mask with
    `masks_texts`, which a compiled UNet and calls of fixed shape need. `fixed_shape` pads every call (see there),
    `least_rows` avoids calls so small that a compiled UNet would need a graph of its own for them.
    `conditioning_rows` is told whose rows are whose. `controlnet` steers samples that have a control picture, its
    texts always at their own length.
    """

    def __init__(
        self,
        unet: UNet,
        *,
        fixed_shape: FixedShape | None = None,
        masks_texts: bool = False,
        least_rows: int = 1,
        conditioning_rows: ConditioningRows | None = None,
        controlnet: ControlNetModel | None = None,
    ) -> None:
        self.unet = unet
        self._conditioning_rows = conditioning_rows
        self._controlnet = controlnet
        self._masks_texts = masks_texts or fixed_shape is not None
        self._least_rows = fixed_shape.rows if fixed_shape else least_rows
        self._least_text = fixed_shape.text_length if fixed_shape else 0
        self._last: tuple[tuple[tuple[Sample, bool, torch.Size, int], ...], _Conditions] | None = None

    @torch.inference_mode()
    def predict(self, samples: Sequence[Sample]) -> Predictions:
        """Predict the noise of each sample's next step, in one call."""
        device = samples[0].latents.device
        inputs, timesteps = [], []
        for sample in samples:
            rows = 2 if sample.is_guided else 1
            inputs += [sample.model_input()] * rows
            timesteps += [sample.timestep.to(torch.float32)] * rows
        row_count = len(inputs)
        padding = max(0, self._least_rows - row_count)
        if self._conditioning_rows is not None:
            self._conditioning_rows.per_sample = [
                *(2 if sample.is_guided else 1 for sample in samples),
                padding,
            ]
        conditions = self._conditions(samples, padding)
        latents = torch.cat([*inputs, *inputs[:1] * padding])
        timestep_rows = torch.stack([*timesteps, *timesteps[:1] * padding]).to(device)
        noise_pred = self.unet(
            latents,
            timestep_rows,
            encoder_hidden_states=conditions.prompt_embeds,
            encoder_attention_mask=conditions.text_mask if self._masks_texts else None,
            cross_attention_kwargs=None if self._masks_texts else {TEXT_LENGTHS: conditions.text_lengths},
            added_cond_kwargs=conditions.added,
            return_dict=False,
            **self._steering(samples, padding, latents, timestep_rows, conditions),
        )[0]
        predictions = iter(torch.split(noise_pred[:row_count], 1))
        result: Predictions = []
        for sample in samples:
            negative = next(predictions) if sample.is_guided else None
            result.append((next(predictions), negative))
        return result

    def _steering(
        self,
        samples: Sequence[Sample],
        padding: int,
        latents: torch.Tensor,
        timestep_rows: torch.Tensor,
        conditions: _Conditions,
    ) -> dict[str, Any]:
        """What a ControlNet adds to the call; nothing where no picture steers."""
        controls: list[Control] = []
        for sample in samples:
            if sample.control is not None:
                controls += [sample.control] * (2 if sample.is_guided else 1)
        if not controls or self._controlnet is None:
            return {}
        return residuals(
            self._controlnet,
            latents,
            timestep_rows,
            [*controls, *controls[:1] * padding],
            prompt_embeds=conditions.prompt_embeds,
            text_lengths=conditions.text_lengths,
            added_cond_kwargs=conditions.added,
        )

    def _conditions(self, samples: Sequence[Sample], padding: int) -> _Conditions:
        """Put the rows' conditions together; the same company in the next tick gets the same ones again."""
        company = tuple(
            (sample, sample.is_guided, sample.latents.shape, id(sample.conditioning)) for sample in samples
        )
        if self._last is None or self._last[0] != company:
            self._last = company, _conditions_of(samples, padding, self._least_text)
        return self._last[1]

    def forget(self) -> None:
        """Let go of the last company, whose tensors would otherwise stay."""
        self._last = None


def _conditions_of(samples: Sequence[Sample], padding: int, least_text: int) -> _Conditions:
    texts, pooled, time_ids = [], [], []
    for sample in samples:
        embeds = sample.conditioning
        if sample.is_guided:
            texts.append(embeds.negative_prompt_embeds)
            pooled.append(embeds.negative_pooled_prompt_embeds)
        texts.append(embeds.prompt_embeds)
        pooled.append(embeds.pooled_prompt_embeds)
        time_ids += [_time_ids(sample)] * (2 if sample.is_guided else 1)
    for rows in (texts, pooled, time_ids):
        rows.extend(rows[:1] * padding)
    lengths = [text.shape[1] for text in texts]
    longest = max(*lengths, least_text)
    return _Conditions(
        torch.cat([_lengthened(text, longest) for text in texts]),
        torch.cat(pooled),
        torch.cat(time_ids),
        lengths,
        _text_mask(lengths, longest, texts[0].device),
    )


def _time_ids(sample: Sample) -> torch.Tensor:
    """SDXL's size conditions [1, 6]: original size, crop, target size, each as height and width (its paper, 2.2)."""
    height, width = sample.size_px
    embeds = sample.conditioning.prompt_embeds
    return torch.tensor([[height, width, 0, 0, height, width]], dtype=embeds.dtype, device=embeds.device)


def _lengthened(text: torch.Tensor, length: int) -> torch.Tensor:
    return torch.nn.functional.pad(text, (0, 0, 0, length - text.shape[1]))


def _text_mask(lengths: list[int], longest: int, device: torch.device) -> torch.Tensor:
    """Return 1 where a row has text, 0 where it is padded: [rows, longest]."""
    places = torch.arange(longest)
    return (places < torch.tensor(lengths).unsqueeze(1)).to(device)
