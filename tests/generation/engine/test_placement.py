"""Parts that wait outside the device: what is where during which call, and that pictures stay the same to the bit.

Where no GPU is at hand, torch's "meta" device stands for one: it computes shapes only, and refuses to mix its
tensors with the CPU's, so that a weight or an argument left behind shows.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from torch import nn

from generation.engine.model_loading import load_pipeline
from generation.engine.placement import (
    DeviceMemory,
    apply_plan,
    can_offload,
    computer_memory,
    device_memory,
    enable_stronger_offload,
    execution_device,
    plan_placement,
    shape_of,
)
from generation.memory_plan import MemoryPlan, Offload, plan_memory
from generation.model_shape import SDXL, read_model_shape
from generation.model_source import ModelSource

CPU, META = torch.device("cpu"), torch.device("meta")
PARTS = ("text_encoder", "text_encoder_2", "unet", "vae")
OFFLOADS = [offload for offload in Offload if offload is not Offload.NONE]


@pytest.fixture
def pipeline(tiny_checkpoint: Path) -> StableDiffusionXLPipeline:
    return load_pipeline(ModelSource(source=str(tiny_checkpoint), device="cpu"))


def plan(offload: Offload, **changes: object) -> MemoryPlan:
    some_plan = plan_memory(None, SDXL, dtype_bytes=4, vae_dtype="float32")
    return replace(some_plan, offload=offload, **changes)  # type: ignore[arg-type]  # chosen by the tests


def draw(pipeline: StableDiffusionXLPipeline, device: torch.device) -> Iterator[tuple[str, torch.Tensor]]:
    """Call the parts as the engine does, one after the other; yield each one's name and result."""
    generator = torch.Generator().manual_seed(1)
    unet_dtype = pipeline.unet.dtype
    input_ids = torch.randint(0, 49_406, (2, 77), generator=generator)
    if device == CPU or pipeline.text_encoder.device != CPU:
        input_ids = input_ids.to(device)
    latents = torch.randn(2, 4, 16, 16, generator=generator).to(unet_dtype).to(device)
    with torch.inference_mode():
        first = pipeline.text_encoder(input_ids, output_hidden_states=True).hidden_states[-2]
        yield "text_encoder", first
        second = pipeline.text_encoder_2(input_ids, output_hidden_states=True)
        yield "text_encoder_2", second.text_embeds
        noise = pipeline.unet(
            latents,
            torch.tensor([999.0, 5.0], device=device),
            encoder_hidden_states=torch.cat([first, second.hidden_states[-2]], dim=-1),
            added_cond_kwargs={
                "text_embeds": second.text_embeds,
                "time_ids": torch.zeros(2, 6, dtype=unet_dtype, device=device),
            },
            return_dict=False,
        )[0]
        yield "unet", noise
        pixels = pipeline.vae.decode(noise.to(pipeline.vae.dtype), return_dict=False)[0]
        yield "vae", pixels
        yield "vae", pipeline.vae.encode(pixels).latent_dist.mean


def drawn(pipeline: StableDiffusionXLPipeline, device: torch.device) -> list[torch.Tensor]:
    return [result.cpu() for _, result in draw(pipeline, device)]


def assert_same(results: list[torch.Tensor], expected: list[torch.Tensor]) -> None:
    assert len(results) == len(expected)
    assert all(torch.equal(result, other) for result, other in zip(results, expected, strict=True))


def weights(pipeline: StableDiffusionXLPipeline, part: str) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in getattr(pipeline, part).state_dict().items()}


def devices(pipeline: StableDiffusionXLPipeline, part: str) -> set[str]:
    module = getattr(pipeline, part)
    return {tensor.device.type for tensor in (*module.parameters(), *module.buffers())}


def on_device(pipeline: StableDiffusionXLPipeline) -> set[str]:
    return {part for part in PARTS if devices(pipeline, part) == {"meta"}}


@pytest.mark.parametrize("offload", OFFLOADS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_plan_gives_the_same_results_to_the_bit_in_the_same_dtypes(
    pipeline: StableDiffusionXLPipeline, offload: Offload, dtype: torch.dtype
) -> None:
    for part in ("text_encoder", "text_encoder_2", "unet"):
        getattr(pipeline, part).to(dtype)
    apply_plan(pipeline, CPU, plan(Offload.NONE))
    expected = drawn(pipeline, CPU)
    apply_plan(pipeline, CPU, plan(offload))
    assert_same(drawn(pipeline, CPU), expected)
    assert pipeline.unet.dtype is dtype
    assert pipeline.vae.dtype is torch.float32
    assert execution_device(pipeline) == CPU


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_every_step_to_stronger_offload_gives_the_same_results(
    pipeline: StableDiffusionXLPipeline,
) -> None:
    cuda = torch.device("cuda")
    apply_plan(pipeline, cuda, plan(Offload.NONE))
    expected = drawn(pipeline, cuda)
    current = Offload.NONE
    for offload in OFFLOADS:
        current = enable_stronger_offload(pipeline, cuda, current)
        assert current is offload
        assert_same(drawn(pipeline, cuda), expected)
        assert_same(drawn(pipeline, cuda), expected)
        assert execution_device(pipeline).type == "cuda"


def test_small_parts_visit_one_at_a_time_while_the_unet_stays(pipeline: StableDiffusionXLPipeline) -> None:
    apply_plan(pipeline, META, plan(Offload.SMALL_PARTS))
    assert on_device(pipeline) == {"unet"}
    for part, result in draw(pipeline, META):
        assert result.device == META
        assert on_device(pipeline) == {part, "unet"}


def test_with_model_offload_one_part_at_a_time_is_on_the_device(pipeline: StableDiffusionXLPipeline) -> None:
    apply_plan(pipeline, META, plan(Offload.MODEL))
    assert on_device(pipeline) == set()
    for _ in range(2):
        for part, result in draw(pipeline, META):
            assert result.device == META
            assert on_device(pipeline) == {part}
            # Weights made inside inference mode couldn't be worked on outside it, by LoRAs for example.
            assert not any(weight.is_inference() for weight in getattr(pipeline, part).parameters())


@pytest.mark.parametrize("offload", OFFLOADS)
def test_arguments_are_brought_to_where_the_part_computes(
    pipeline: StableDiffusionXLPipeline, offload: Offload
) -> None:
    seen: list[torch.device] = []

    def look(_layer: nn.Module, _arguments: object, options: dict[str, torch.Tensor]) -> None:
        seen.append(options["input_ids"].device)

    apply_plan(pipeline, META, plan(offload))
    pipeline.text_encoder.embeddings.register_forward_pre_hook(look, with_kwargs=True)
    pipeline.text_encoder(torch.zeros(1, 77, dtype=torch.int64))
    assert seen == [META]


def test_with_sequential_offload_nothing_stays_on_the_device(pipeline: StableDiffusionXLPipeline) -> None:
    apply_plan(pipeline, META, plan(Offload.SEQUENTIAL))
    for _, result in draw(pipeline, META):
        assert result.device == META
        assert all(devices(pipeline, part) == {"cpu"} for part in PARTS)


@pytest.mark.parametrize("offload", OFFLOADS)
def test_the_device_is_told_wherever_the_weights_wait(
    pipeline: StableDiffusionXLPipeline, offload: Offload
) -> None:
    apply_plan(pipeline, META, plan(offload))
    assert execution_device(pipeline) == META
    assert pipeline.unet.dtype is torch.float32


def test_parts_come_home_unchanged_when_the_offload_gets_stronger(
    pipeline: StableDiffusionXLPipeline,
) -> None:
    before = {part: weights(pipeline, part) for part in PARTS}
    apply_plan(pipeline, META, plan(Offload.MODEL))
    assert list(draw(pipeline, META))
    assert enable_stronger_offload(pipeline, META, Offload.MODEL) is Offload.SEQUENTIAL
    assert list(draw(pipeline, META))
    for part in PARTS:
        after = weights(pipeline, part)
        assert after.keys() == before[part].keys()
        assert all(torch.equal(after[name], tensor) for name, tensor in before[part].items())
        assert not any(tensor.is_inference() for tensor in getattr(pipeline, part).parameters())


def test_offload_gets_stronger_step_by_step_and_then_no_more(pipeline: StableDiffusionXLPipeline) -> None:
    apply_plan(pipeline, CPU, plan(Offload.NONE))
    expected = drawn(pipeline, CPU)
    current = Offload.NONE
    for offload in OFFLOADS:
        current = enable_stronger_offload(pipeline, CPU, current)
        assert current is offload
        assert_same(drawn(pipeline, CPU), expected)
    assert enable_stronger_offload(pipeline, CPU, current) is current
    assert_same(drawn(pipeline, CPU), expected)


def test_a_resident_part_leaves_the_device_when_offload_begins(pipeline: StableDiffusionXLPipeline) -> None:
    """From resident on "meta" nothing returns, so the weights' way is followed up to where they are asked for."""
    apply_plan(pipeline, META, plan(Offload.NONE))
    assert on_device(pipeline) == set(PARTS)
    with pytest.raises(NotImplementedError, match="meta"):
        enable_stronger_offload(pipeline, META, Offload.NONE)


@pytest.mark.parametrize("offload", [Offload.MODEL, Offload.SEQUENTIAL])
def test_a_call_that_fails_midway_leaves_the_weights_sound(
    pipeline: StableDiffusionXLPipeline, offload: Offload
) -> None:
    before = weights(pipeline, "unet")

    def run_out(*_arguments: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    apply_plan(pipeline, META, plan(offload))
    failing = pipeline.unet.mid_block.register_forward_hook(run_out)
    with pytest.raises(torch.OutOfMemoryError):
        list(draw(pipeline, META))
    failing.remove()
    assert [part for part, _ in draw(pipeline, META)][-1] == "vae"
    assert devices(pipeline, "unet") == {"cpu"}
    after = weights(pipeline, "unet")
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


@pytest.mark.parametrize("offload", OFFLOADS)
def test_layers_that_are_added_later_travel_too(
    pipeline: StableDiffusionXLPipeline, offload: Offload
) -> None:
    apply_plan(pipeline, META, plan(offload))
    assert list(draw(pipeline, META))
    encoder = pipeline.text_encoder_2
    added = nn.Linear(16, 16, bias=False)
    encoder.text_projection = nn.Sequential(encoder.text_projection, added)
    results = dict(draw(pipeline, META))
    assert results["text_encoder_2"].device == META
    assert devices(pipeline, "text_encoder_2") == {"cpu"}


def test_what_is_added_while_a_part_is_on_the_device_leaves_with_it(
    pipeline: StableDiffusionXLPipeline,
) -> None:
    apply_plan(pipeline, META, plan(Offload.MODEL))
    calls = draw(pipeline, META)
    next(calls)
    pipeline.text_encoder.added = nn.Linear(2, 2, device=META)
    with pytest.raises(NotImplementedError, match="meta"):  # it is asked for its weights, which "meta" hasn't
        next(calls)


def test_a_change_of_dtype_while_on_the_device_and_back_changes_no_weight(
    pipeline: StableDiffusionXLPipeline,
) -> None:
    pipeline.vae.to(torch.bfloat16)
    before = weights(pipeline, "vae")
    apply_plan(pipeline, META, plan(Offload.MODEL))
    assert list(draw(pipeline, META))
    assert devices(pipeline, "vae") == {"meta"}
    pipeline.vae.to(torch.float32)
    pipeline.vae.decode(torch.zeros(1, 4, 8, 8, device=META))
    pipeline.vae.to(torch.bfloat16)
    next(draw(pipeline, META))
    after = weights(pipeline, "vae")
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_tiles_are_applied_only_when_the_plan_says_so(pipeline: StableDiffusionXLPipeline) -> None:
    apply_plan(pipeline, CPU, plan(Offload.NONE))
    assert not pipeline.vae.use_tiling
    latents = torch.randn(1, 4, 72, 72, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole = pipeline.vae.decode(latents, return_dict=False)[0]
        apply_plan(pipeline, CPU, plan(Offload.NONE, vae_tile_px=512))
        tiled = pipeline.vae.decode(latents, return_dict=False)[0]
        small = pipeline.vae.decode(latents[..., :64, :64], return_dict=False)[0]
    assert pipeline.vae.tile_latent_min_size == 64
    assert tiled.shape == whole.shape == (1, 3, 576, 576)
    assert not torch.equal(tiled, whole)
    assert small.shape == (1, 3, 512, 512)


def test_the_plan_for_a_loaded_pipeline_knows_its_sizes_and_dtypes(
    pipeline: StableDiffusionXLPipeline, tiny_checkpoint: Path
) -> None:
    assert shape_of(pipeline) == read_model_shape(ModelSource(source=str(tiny_checkpoint)))
    made = plan_placement(pipeline, CPU)
    memory = device_memory(CPU)
    assert memory is not None
    assert made.memory_bytes is not None
    assert 0 < made.memory_bytes <= memory.total
    assert made.offload is Offload.NONE
    assert made.vae_dtype == "float32"


def test_only_a_device_with_memory_of_its_own_gains_by_offload() -> None:
    assert can_offload(torch.device("cuda", 0))
    assert not can_offload(CPU)
    assert not can_offload(torch.device("mps"))


def test_what_torch_keeps_after_a_model_that_is_gone_counts_as_free(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"mem_get_info": (2_000, 16_000), "memory_reserved": 13_000, "memory_allocated": 1_000}
    for name, value in told.items():
        monkeypatch.setattr(torch.cuda, name, lambda _device, value=value: value)
    assert device_memory(torch.device("cuda", 0)) == DeviceMemory(total=16_000, free=14_000)


def test_the_memory_of_an_unknown_kind_of_device_is_unknown() -> None:
    assert device_memory(META) is None


def test_memory_is_what_the_machine_says_or_what_its_container_may_use(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal:  4000 kB\nMemFree: 1 kB\nMemAvailable:  3000 kB\n")
    machine = computer_memory(tmp_path)
    assert machine is not None
    assert (machine.total, machine.free) == (4000 * 1024, 3000 * 1024)
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.current").write_text("1024000\n")
    (group / "memory.max").write_text("max\n")
    assert computer_memory(tmp_path) == machine
    (group / "memory.max").write_text("2048000\n")
    contained = computer_memory(tmp_path)
    assert contained is not None
    assert (contained.total, contained.free) == (2048000, 1024000)


def test_where_only_the_total_is_known_half_of_it_is_taken_to_be_free(tmp_path: Path) -> None:
    memory = computer_memory(tmp_path)
    if memory is not None:  # Windows tells nothing
        assert memory.free == memory.total // 2 > 0
