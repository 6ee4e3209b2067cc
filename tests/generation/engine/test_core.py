"""The engine's core against the stock pipeline, and in company: who joins, leaves or fails doesn't touch the others."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from generation.engine.denoiser import FixedShape
from generation.engine.sample import Sample
from generation.engine.sdxl_model import SdxlModel
from generation.errors import BrokenPicture, DeviceLost, DrawingCancelled, OutOfMemory
from generation.image import ImageParameters
from generation.sampler import Sampler
from generation.starting_point import SourcePicture, Upscale
from tests.generation.engine.drawing import Ordered, core_of, load_model, parameters, run, stock_latents

LONG_PROMPT = ", ".join(["1girl, silver hair, night, city lights, looking at viewer"] * 12)

COMPANY = [
    (0, parameters()),
    (0, parameters(seed=1, num_inference_steps=9, guidance_scale=3.5, prompt=LONG_PROMPT)),
    (1, parameters(seed=2, guidance_scale=1.0, num_inference_steps=7)),
    (
        2,
        parameters(
            seed=3, sampler=Sampler.DPM_PLUS_PLUS_2M_KARRAS, num_inference_steps=8, guidance_scale=7.0
        ),
    ),
    (3, parameters(seed=4, sampler=Sampler.UNIPC, negative_prompt=LONG_PROMPT, num_inference_steps=6)),
    (3, parameters(seed=5, width=256, height=192, sampler=Sampler.EULER)),
    (5, parameters(seed=6, guidance_rescale=0.7, num_inference_steps=4)),
    (6, parameters(seed=8, guided_share=0.5, num_inference_steps=6)),
]
"""Arrivals of different steps, guidance, samplers, sizes and lengths of text."""


@pytest.fixture(scope="module")
def float_model(tiny_checkpoint: Path) -> SdxlModel:
    return load_model(tiny_checkpoint)


@pytest.fixture(scope="module")
def bfloat_model(tiny_checkpoint: Path) -> SdxlModel:
    return load_model(tiny_checkpoint, "bfloat16")


@pytest.fixture(params=["float32", "bfloat16"])
def model(request: pytest.FixtureRequest) -> SdxlModel:
    fixture = {"float32": "float_model", "bfloat16": "bfloat_model"}[request.param]
    model: SdxlModel = request.getfixturevalue(fixture)
    return model


def alone(model: SdxlModel, wanted: ImageParameters) -> tuple[torch.Tensor, PillowImage.Image]:
    core, latents = core_of(model, slots=1)
    ordered = Ordered(wanted)
    run(core, (0, ordered))
    return latents.by_seed[wanted.seed], ordered.picture


@contextmanager
def before_each_unet_call(model: SdxlModel, hook: Callable[[int, Any], None]) -> Iterator[None]:
    """Call `hook` with the number of the call, from 1, and its first argument, the latents."""
    calls = 0

    def count(_module: object, arguments: tuple[Any, ...]) -> None:
        nonlocal calls
        calls += 1
        hook(calls, arguments[0])

    handle = model.pipeline.unet.register_forward_pre_hook(count)
    try:
        yield
    finally:
        handle.remove()


@pytest.mark.parametrize("sampler", Sampler)
@pytest.mark.parametrize("guidance_scale", [6.0, 1.0])
def test_alone_a_picture_is_the_stock_pipelines_to_the_bit(
    model: SdxlModel, sampler: Sampler, guidance_scale: float
) -> None:
    wanted = parameters(sampler=sampler, guidance_scale=guidance_scale)
    latents, _ = alone(model, wanted)
    assert torch.equal(latents, stock_latents(model.pipeline, model, wanted))


def test_guidance_rescale_is_the_stock_pipelines_to_the_bit(model: SdxlModel) -> None:
    wanted = parameters(guidance_rescale=0.7)
    latents, _ = alone(model, wanted)
    assert torch.equal(latents, stock_latents(model.pipeline, model, wanted))
    assert not torch.equal(latents, alone(model, parameters())[0])


def test_in_company_every_picture_stays_what_it_is_alone(model: SdxlModel) -> None:
    core, latents = core_of(model)
    arrivals = [(tick, Ordered(wanted, rank=rank)) for rank, (tick, wanted) in enumerate(COMPANY)]
    cancelled = Ordered(parameters(seed=99, num_inference_steps=9), rank=0.5)
    arrivals[3][1].on_step = lambda step: setattr(cancelled, "is_cancelled", step >= 2)
    run(core, *arrivals, (1, cancelled))
    assert isinstance(cancelled.outcome, DrawingCancelled)
    for _, ordered in arrivals:
        expected, expected_picture = alone(model, ordered.parameters)
        actual = latents.by_seed[ordered.parameters.seed]
        if expected.dtype == torch.bfloat16:
            assert torch.equal(actual, expected), ordered.parameters
        else:
            assert (actual - expected).abs().max() <= 1e-4 * expected.abs().max(), ordered.parameters
        difference = np.abs(
            np.asarray(ordered.picture, dtype=int) - np.asarray(expected_picture, dtype=int)
        ).max(axis=2)
        assert difference.max() <= 1
        assert (difference > 0).mean() <= 1e-4


def test_pictures_of_one_size_share_their_calls_and_a_newcomer_joins_at_the_next_step(
    float_model: SdxlModel,
) -> None:
    rows: list[int] = []
    core, _ = core_of(float_model)
    first, second = Ordered(parameters(seed=1)), Ordered(parameters(seed=2), rank=1)
    with before_each_unet_call(float_model, lambda _, latents: rows.append(latents.shape[0])):
        run(core, (0, first), (2, second))
    assert rows == [2, 2, 4, 4, 4, 2, 2]
    assert first.steps == second.steps == [1, 2, 3, 4, 5]


def test_guidance_of_1_and_the_unguided_share_take_one_row(float_model: SdxlModel) -> None:
    rows: list[int] = []
    core, _ = core_of(float_model)
    with before_each_unet_call(float_model, lambda _, latents: rows.append(latents.shape[0])):
        run(core, (0, Ordered(parameters(guidance_scale=1.0))))
        run(core, (0, Ordered(parameters(guided_share=0.6))))
    assert rows == [1, 1, 1, 1, 1, 2, 2, 2, 1, 1]


def test_the_more_urgent_take_the_slots_and_the_others_go_on_afterwards(float_model: SdxlModel) -> None:
    core, latents = core_of(float_model, slots=1)
    told: list[str] = []
    long = Ordered(parameters(seed=1, num_inference_steps=9), rank=5, on_step=lambda _: told.append("long"))
    short = Ordered(parameters(seed=2, num_inference_steps=3), rank=2, on_step=lambda _: told.append("short"))
    run(core, (0, long), (4, short))
    assert told == ["long"] * 4 + ["short"] * 3 + ["long"] * 5
    assert torch.equal(latents.by_seed[1], alone(float_model, long.parameters)[0])


def test_sizes_take_turns_by_rank(float_model: SdxlModel) -> None:
    sizes: list[tuple[int, ...]] = []
    core, _ = core_of(float_model)
    tall, wide = parameters(num_inference_steps=2), parameters(num_inference_steps=2, width=256, height=192)
    with before_each_unet_call(float_model, lambda _, latents: sizes.append(tuple(latents.shape))):
        run(core, (0, Ordered(wide, rank=2)), (0, Ordered(tall, rank=1)), (0, Ordered(tall, rank=3)))
    assert sizes == [(4, 4, 32, 24)] * 2 + [(2, 4, 24, 32)] * 2


def test_of_pictures_too_large_for_all_slots_fewer_go_at_once(float_model: SdxlModel) -> None:
    rows: list[int] = []
    core, _ = core_of(float_model, slots_for=lambda pixels: 1 if pixels > 192 * 256 else 4)
    sizes = [(192, 256, 0), (192, 256, 1), (256, 256, 2), (256, 256, 3)]
    everybody = [
        Ordered(parameters(width=width, height=height, seed=rank, num_inference_steps=1), rank=rank)
        for width, height, rank in sizes
    ]
    with before_each_unet_call(float_model, lambda _, latents: rows.append(latents.shape[0])):
        run(core, *((0, ordered) for ordered in everybody))
    assert rows == [4, 2, 2]


def test_a_place_is_announced_as_free_before_the_last_step_and_once(float_model: SdxlModel) -> None:
    core, _ = core_of(float_model)
    seen: list[int] = []
    ordered = Ordered(parameters(), on_step=lambda _: seen.append(ordered.leavings))
    run(core, (0, ordered))
    assert seen == [0, 0, 0, 0, 1]
    assert ordered.leavings == 1


def test_a_cancel_frees_its_slot_by_the_next_tick(float_model: SdxlModel) -> None:
    core, _ = core_of(float_model, slots=1)
    cancelled, next_one = Ordered(parameters(num_inference_steps=50)), Ordered(parameters(seed=2), rank=1)
    cancelled.on_step = lambda step: setattr(cancelled, "is_cancelled", step == 3)
    run(core, (0, cancelled), (0, next_one))
    assert cancelled.steps == [1, 2, 3]
    assert isinstance(cancelled.outcome, DrawingCancelled)
    assert cancelled.leavings == 1
    assert next_one.picture


def test_who_is_cancelled_before_joining_never_joins(float_model: SdxlModel) -> None:
    core, _ = core_of(float_model)
    ordered = Ordered(parameters(), is_cancelled=True)
    assert run(core, (0, ordered)) == 1
    assert isinstance(ordered.outcome, DrawingCancelled)
    assert ordered.steps == []


def test_a_picture_that_turns_to_nan_fails_alone(float_model: SdxlModel) -> None:
    core, latents = core_of(float_model)
    broken, neighbour = Ordered(parameters(seed=1)), Ordered(parameters(seed=2), rank=1)

    def spoil(call: int, batch: torch.Tensor) -> None:
        if call == 2:
            batch[0:2] = float("nan")

    with before_each_unet_call(float_model, spoil):
        run(core, (0, broken), (0, neighbour))
    assert isinstance(broken.outcome, BrokenPicture)
    expected, _ = alone(float_model, neighbour.parameters)
    assert (latents.by_seed[2] - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_what_raises_in_company_is_tried_alone_and_only_the_culprit_ends(float_model: SdxlModel) -> None:
    core, latents = core_of(float_model)
    culprit = Ordered(parameters(seed=1))
    neighbours = [Ordered(parameters(seed=seed), rank=seed) for seed in (2, 3)]

    def refuse(_call: int, batch: torch.Tensor) -> None:
        first_noise = culprit_noise[0] if culprit_noise else None
        if first_noise is not None and any(torch.equal(row, first_noise) for row in batch):
            raise ValueError("bad weights")

    culprit_noise: list[torch.Tensor] = []
    sample = float_model.prepare(culprit.parameters)
    culprit_noise.append(sample.model_input()[0])
    with before_each_unet_call(float_model, refuse):
        run(core, (0, culprit), *((0, neighbour) for neighbour in neighbours))
    assert isinstance(culprit.outcome, ValueError)
    assert culprit.leavings == 1
    for neighbour in neighbours:
        expected, _ = alone(float_model, neighbour.parameters)
        actual = latents.by_seed[neighbour.parameters.seed]
        assert (actual - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_what_cannot_be_prepared_ends_alone(float_model: SdxlModel) -> None:
    core, _ = core_of(float_model)
    bad, good = Ordered(parameters(width=-8)), Ordered(parameters(), rank=1)
    run(core, (0, bad), (0, good))
    assert isinstance(bad.outcome, Exception)
    assert bad.leavings == 1
    assert good.picture


@pytest.mark.parametrize("tick", [1, 3, 5])
def test_out_of_memory_halves_the_slots_and_nobody_notices(float_model: SdxlModel, tick: int) -> None:
    core, latents = core_of(float_model, slots=4)
    everybody = [Ordered(parameters(seed=seed), rank=seed) for seed in range(4)]

    def run_out(call: int, _batch: torch.Tensor) -> None:
        if call == tick:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    with before_each_unet_call(float_model, run_out):
        run(core, *((0, ordered) for ordered in everybody))
    assert core.slots == 2
    for ordered in everybody:
        expected, _ = alone(float_model, ordered.parameters)
        actual = latents.by_seed[ordered.parameters.seed]
        assert (actual - expected).abs().max() <= 1e-4 * expected.abs().max()
        assert ordered.steps == [1, 2, 3, 4, 5]


def test_out_of_memory_in_the_middle_of_taking_the_steps_repeats_none(
    float_model: SdxlModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, latents = core_of(float_model, slots=2)
    everybody = [
        Ordered(parameters(seed=seed, sampler=sampler), rank=seed)
        for seed, sampler in enumerate((Sampler.EULER_ANCESTRAL, Sampler.DPM_PLUS_PLUS_2M_KARRAS))
    ]
    advance, calls = Sample._guided, 0

    def run_out_after_the_scheduler(sample: Sample, *noise: Any) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 4:
            # What a scheduler changes before it runs out: its memory and the generator.
            torch.randn(5, generator=sample.generator)
            sample.scheduler.model_outputs[0] = torch.zeros(1)
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return advance(sample, *noise)

    monkeypatch.setattr(Sample, "_guided", run_out_after_the_scheduler)
    run(core, *((0, ordered) for ordered in everybody))
    monkeypatch.undo()
    for ordered in everybody:
        expected, _ = alone(float_model, ordered.parameters)
        actual = latents.by_seed[ordered.parameters.seed]
        assert (actual - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_out_of_memory_twice_in_a_row_moves_to_the_offload_plan(float_model: SdxlModel) -> None:
    offloaded: list[bool] = []

    def offload_once() -> bool:
        offloaded.append(not offloaded)
        return offloaded[-1]

    core, _ = core_of(float_model, slots=4, offload_more=offload_once)
    everybody = [Ordered(parameters(seed=seed), rank=seed) for seed in range(4)]

    def run_out(call: int, _batch: torch.Tensor) -> None:
        if call in (2, 3):
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    with before_each_unet_call(float_model, run_out):
        run(core, *((0, ordered) for ordered in everybody))
    assert offloaded == [True]
    assert core.slots == 1
    assert all(ordered.picture for ordered in everybody)


def test_a_picture_too_large_for_the_device_ends_with_out_of_memory_and_the_next_is_drawn(
    float_model: SdxlModel,
) -> None:
    core, _ = core_of(float_model)
    large, small = Ordered(parameters(width=256)), Ordered(parameters(), rank=1)

    def run_out(_call: int, batch: torch.Tensor) -> None:
        if batch.shape[-1] == 32:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    with before_each_unet_call(float_model, run_out):
        run(core, (0, large), (0, small))
    assert isinstance(large.outcome, OutOfMemory)
    assert small.picture


@pytest.mark.parametrize(("failures", "is_drawn"), [(1, True), (2, False)])
def test_out_of_memory_over_a_picture_to_start_from_is_tried_again_in_tiles_and_the_batch_keeps_its_slots(
    float_model: SdxlModel, failures: int, *, is_drawn: bool
) -> None:
    finished: list[bool] = []
    core, _ = core_of(
        float_model,
        slots=4,
        offload_more=lambda: pytest.fail("nothing has to move out"),
        finish_decoding=lambda: finished.append(True),
    )
    content = io.BytesIO()
    PillowImage.new("RGB", (576, 256), "teal").save(content, "PNG")
    source = SourcePicture(content=content.getvalue(), strength=0.5)
    over_a_picture = Ordered(parameters(width=576, source=source, num_inference_steps=2))
    other = Ordered(parameters(seed=2, num_inference_steps=2), rank=1)
    widths: list[int] = []

    def run_out(_module: object, arguments: tuple[torch.Tensor, ...]) -> None:
        widths.append(arguments[0].shape[-1])
        if len(widths) <= failures:
            raise torch.OutOfMemoryError("CUDA out of memory")

    handle = float_model.pipeline.vae.encoder.register_forward_pre_hook(run_out)
    try:
        run(core, (0, over_a_picture), (0, other))
    finally:
        handle.remove()
    assert widths[:2] == [576, 512]
    assert finished == [True] * failures
    assert isinstance(over_a_picture.outcome, PillowImage.Image if is_drawn else OutOfMemory)
    assert other.picture
    assert core.slots == 4
    assert not float_model.pipeline.vae.use_tiling


@pytest.mark.parametrize(("failures", "is_drawn"), [(1, True), (2, False)])
def test_out_of_memory_over_a_second_stage_is_tried_again_and_the_batch_keeps_its_slots(
    float_model: SdxlModel, monkeypatch: pytest.MonkeyPatch, failures: int, *, is_drawn: bool
) -> None:
    core, _ = core_of(float_model, slots=4, offload_more=lambda: pytest.fail("nothing has to move out"))
    refine, calls = Sample.begin_refining, 0

    def run_out(sample: Sample) -> None:
        nonlocal calls
        calls += 1
        if calls <= failures:
            raise torch.OutOfMemoryError("CUDA out of memory")
        refine(sample)

    monkeypatch.setattr(Sample, "begin_refining", run_out)
    upscaled = Ordered(parameters(upscale=Upscale(factor=1.5, strength=0.6), num_inference_steps=2))
    run(core, (0, upscaled))
    assert isinstance(upscaled.outcome, PillowImage.Image if is_drawn else OutOfMemory)
    assert core.slots == 4


def test_a_lost_device_is_reported_and_the_orders_can_be_drawn_by_another_core(
    float_model: SdxlModel,
) -> None:
    core, _ = core_of(float_model)
    everybody = [Ordered(parameters(seed=seed), rank=seed) for seed in range(2)]

    def break_down(call: int, _batch: torch.Tensor) -> None:
        if call == 3:
            raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    with before_each_unet_call(float_model, break_down), pytest.raises(DeviceLost):
        run(core, *((0, ordered) for ordered in everybody))
    assert core.slots == 4
    orders = core.abandon()
    assert core.is_idle
    other, latents = core_of(float_model)
    for order in orders:
        other.add(order)
    run(other)
    for ordered in everybody:
        expected, _ = alone(float_model, ordered.parameters)
        assert (
            latents.by_seed[ordered.parameters.seed] - expected
        ).abs().max() <= 1e-4 * expected.abs().max()


def test_exact_replay_gives_the_same_bits_in_float32_whatever_the_company(float_model: SdxlModel) -> None:
    shape = FixedShape(rows=8, text_length=231)
    texts = [
        parameters(seed=1),
        parameters(seed=2, prompt=LONG_PROMPT[:200]),
        parameters(seed=3, guidance_scale=1.0),
    ]
    solo = {}
    for wanted in texts:
        core, latents = core_of(float_model, fixed_shape=shape)
        run(core, (0, Ordered(wanted)))
        solo[wanted.seed] = latents.by_seed[wanted.seed]
    core, latents = core_of(float_model, fixed_shape=shape)
    run(core, *((place, Ordered(wanted, rank=-place)) for place, wanted in enumerate(texts)))
    for seed, expected in solo.items():
        assert torch.equal(latents.by_seed[seed], expected)


def test_an_upscale_is_a_second_stage_of_larger_latents(float_model: SdxlModel) -> None:
    wanted = parameters(upscale=Upscale(factor=1.5, strength=0.6))
    core, latents = core_of(float_model)
    ordered = Ordered(wanted)
    shapes: list[tuple[int, ...]] = []
    with before_each_unet_call(float_model, lambda _, batch: shapes.append(tuple(batch.shape[-2:]))):
        run(core, (0, ordered))
    assert shapes == [(32, 24)] * 5 + [(48, 36)] * 3
    assert ordered.steps == list(range(1, 9))
    assert ordered.picture.size == (288, 384)
    assert replace(wanted, upscale=None).total_steps == 5
    assert latents.by_seed[7].shape[-2:] == (48, 36)


def test_a_preview_is_made_when_wanted_whatever_the_sampler(float_model: SdxlModel) -> None:
    core, _ = core_of(float_model)
    quiet = Ordered(parameters())
    watched = [
        Ordered(parameters(sampler=sampler), rank=rank, wants_previews=True)
        for rank, sampler in enumerate(Sampler)
    ]
    run(core, (0, quiet), *((0, ordered) for ordered in watched))
    assert quiet.previews == []
    for ordered in watched:
        assert len(ordered.previews) == 5
        assert ordered.previews[0].size == (72, 96)
        assert ordered.previews[-1].tobytes() != ordered.previews[0].tobytes()
