"""Prompts that change between two steps: what the engine draws is what the stock pipeline draws with them swapped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine.sdxl_model import SdxlModel
from generation.image import PromptEdit
from generation.starting_point import Upscale
from tests.generation.engine.drawing import (
    Ordered,
    core_of,
    finished_latents,
    load_model,
    parameters,
    run,
    stock_latents,
    stock_result,
)

LATER = PromptEdit(first_step=3, prompt="1girl, blue hair, night", negative_prompt="hat")
PLAIN = parameters(seed=7, num_inference_steps=6, prompt="1girl, red hair, day")
EDITED = replace(PLAIN, edits=(LATER,))


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> SdxlModel:
    return load_model(tiny_checkpoint)


def test_a_prompt_that_is_swapped_between_two_steps_gives_the_stock_pipelines_latents(
    model: SdxlModel,
) -> None:
    later = model.prepare(
        replace(PLAIN, prompt=LATER.prompt, negative_prompt=LATER.negative_prompt)
    ).conditioning

    def swap(_pipeline: object, step: int, _timestep: object, tensors: dict[str, Any]) -> dict[str, Any]:
        if step == LATER.first_step - 1:
            tensors["prompt_embeds"] = torch.cat([later.negative_prompt_embeds, later.prompt_embeds])
            tensors["add_text_embeds"] = torch.cat(
                [later.negative_pooled_prompt_embeds, later.pooled_prompt_embeds]
            )
        return tensors

    stock = stock_result(
        model.pipeline,
        model,
        PLAIN,
        width=PLAIN.width,
        height=PLAIN.height,
        callback_on_step_end=swap,
        callback_on_step_end_tensor_inputs=["prompt_embeds", "add_text_embeds"],
    )
    assert torch.equal(finished_latents(model, EDITED), stock)
    assert not torch.equal(stock, stock_latents(model.pipeline, model, PLAIN))


def test_an_edit_moves_nobody_else_and_is_moved_by_nobody(model: SdxlModel) -> None:
    others = [parameters(seed=8, num_inference_steps=5), replace(EDITED, seed=9), replace(PLAIN, seed=10)]
    alone = {each.seed: finished_latents(model, each) for each in (EDITED, *others)}
    core, latents = core_of(model, slots=4)
    run(core, *((number, Ordered(each)) for number, each in enumerate((EDITED, *others))))
    for seed, solo in alone.items():
        assert torch.allclose(latents.by_seed[seed], solo, atol=1e-4), seed


def test_a_second_stage_goes_on_with_the_last_prompt(model: SdxlModel) -> None:
    sample = model.prepare(replace(EDITED, upscale=Upscale(factor=1.5)))
    assert sample.conditioning is sample.conditionings[0][1]
    sample.step = LATER.first_step
    assert sample.conditioning is sample.conditionings[1][1]
    sample.step, sample.is_refining = 0, True
    assert sample.conditioning is sample.conditionings[1][1]
