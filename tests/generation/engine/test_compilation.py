"""The compiled UNet: its graphs serve everything that people ask for, and no trouble of the compiler is theirs.

torch's own tracer runs here, mostly with backends that count or fail where the code generator would take its time.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention import BasicTransformerBlock
from torch._dynamo.utils import counters

from generation.aspect_ratio import AspectRatio
from generation.engine.compilation import CompiledUnet, compile_in_background
from generation.engine.denoiser import Denoiser
from generation.engine.sdxl_model import SdxlModel
from tests.generation.engine.drawing import Ordered, core_of, load_model, parameters, run

TIMEOUT_S = 120


@pytest.fixture(autouse=True)
def _fresh_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TORCHINDUCTOR_CACHE_DIR", "")
    torch._dynamo.reset()


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> SdxlModel:
    return load_model(tiny_checkpoint, compile=True)


class CountingBackend:
    """Runs what torch traced as it is, and counts the graphs."""

    def __init__(self) -> None:
        self.graphs = 0

    def __call__(self, graph: torch.fx.GraphModule, _inputs: list[Any]) -> Callable[..., Any]:
        self.graphs += 1
        forward: Callable[..., Any] = graph.forward
        return forward


def failing_backend(_graph: torch.fx.GraphModule, _inputs: list[Any]) -> Callable[..., Any]:
    raise RuntimeError("half a file in the cache")


def compiled(
    model: SdxlModel, folder: Path, backend: str | Callable[..., Any]
) -> tuple[CompiledUnet, list[Denoiser]]:
    unet = CompiledUnet(model.pipeline.unet, folder, backend=backend)
    swapped: list[Denoiser] = []
    thread = compile_in_background(unet, model.prepare, swapped.append)
    thread.join(TIMEOUT_S)
    assert not thread.is_alive()
    return unet, swapped


@pytest.mark.slow
def test_a_graph_for_each_width_of_block_serves_all_sizes_rows_and_lengths_of_text(
    model: SdxlModel, tmp_path: Path
) -> None:
    backend = CountingBackend()
    unet, swapped = compiled(model, tmp_path, backend)
    core, latents = core_of(model)
    core.use_denoiser(swapped[0])
    long = ", ".join(["1girl, silver hair, night, city lights"] * 12)
    wanted = [
        parameters(seed=seed, width=aspect.width, height=aspect.height, num_inference_steps=1)
        for seed, aspect in enumerate(AspectRatio)
    ]
    wanted += [parameters(seed=20 + number, num_inference_steps=number) for number in (1, 2, 3, 4)]
    wanted += [parameters(seed=30, guidance_scale=1.0), parameters(seed=31, prompt=long)]
    run(core, *((0, Ordered(each, rank=rank)) for rank, each in enumerate(wanted)))
    assert unet.is_compiled
    blocks = [each for each in model.pipeline.unet.modules() if isinstance(each, BasicTransformerBlock)]
    assert len(blocks) > backend.graphs == len({block.dim for block in blocks})

    plain, plain_latents = core_of(model)
    run(plain, (0, Ordered(wanted[-1])))
    expected = plain_latents.by_seed[31]
    assert (latents.by_seed[31] - expected).abs().max() <= 1e-3 * expected.abs().max()


def unet_of_two_widths() -> UNet2DConditionModel:
    """As SDXL's blocks have, and the practice model's have not."""
    torch.manual_seed(0)
    return UNet2DConditionModel(
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=8,
        attention_head_dim=2,
        norm_num_groups=4,
    ).eval()


def step(unet: Callable[..., Any], rows: int, height: int, width: int, places: int) -> torch.Tensor:
    numbers = torch.Generator().manual_seed(1)
    latents, texts = (
        torch.randn(*shape, generator=numbers) for shape in ((rows, 4, height, width), (rows, places, 8))
    )
    with torch.inference_mode():
        prediction: torch.Tensor = unet(latents, torch.full((rows,), 500.0), texts, return_dict=False)[0]
    return prediction


def test_blocks_of_two_widths_make_two_graphs_for_all_shapes(tmp_path: Path) -> None:
    backend, plain = CountingBackend(), unet_of_two_widths()
    unet = CompiledUnet(plain, tmp_path, backend=backend)
    for shape in ((2, 8, 12, 77), (4, 12, 12, 154), (6, 12, 8, 77), (2, 16, 16, 231)):
        assert torch.equal(step(unet, *shape), step(plain, *shape))
        assert backend.graphs == 2
    assert unet.is_compiled


def test_more_graphs_than_torch_keeps_leave_the_cache_to_other_devices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.engine.compilation.GRAPHS_MAX", 1)
    (tmp_path / "of-another-device").write_bytes(b"\x00")
    plain = unet_of_two_widths()
    unet = CompiledUnet(plain, tmp_path, backend=CountingBackend())
    assert torch.equal(step(unet, 2, 8, 12, 77), step(plain, 2, 8, 12, 77))
    assert not unet.is_compiled
    assert (tmp_path / "of-another-device").exists()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch's compiler for CPUs needs g++")
def test_torchs_own_kernels_draw_the_same_picture_and_are_taken_from_disk_the_second_time(
    model: SdxlModel, tmp_path: Path
) -> None:
    wanted = Ordered(parameters(num_inference_steps=2))
    plain, latents = core_of(model)
    run(plain, (0, wanted))
    expected = latents.by_seed[7]
    for is_there_already in (False, True):
        counters.clear()
        torch._dynamo.reset()
        unet, swapped = compiled(model, tmp_path, "inductor")
        assert bool(counters["inductor"]["fxgraph_cache_hit"]) is is_there_already
        assert bool(counters["inductor"]["fxgraph_cache_miss"]) is not is_there_already
        core, latents = core_of(model)
        core.use_denoiser(swapped[0])
        run(core, (0, Ordered(parameters(num_inference_steps=2))))
        assert unet.is_compiled
        assert (latents.by_seed[7] - expected).abs().max() <= 1e-3 * expected.abs().max()


def test_what_is_compiled_has_no_weights_of_its_own_and_leaves_the_blocks_of_the_model_alone(
    model: SdxlModel, tmp_path: Path
) -> None:
    unet, _ = compiled(model, tmp_path, CountingBackend())
    twin = unet._compiled
    assert isinstance(twin, UNet2DConditionModel)
    plain = model.pipeline.unet
    assert all(own is other for own, other in zip(plain.parameters(), twin.parameters(), strict=True))
    for network, is_compiled in ((plain, False), (twin, True)):
        blocks = [each for each in network.modules() if isinstance(each, BasicTransformerBlock)]
        assert {each._compiled_call_impl is not None for each in blocks} == {is_compiled}


def test_a_compiler_that_fails_leaves_the_model_as_it_was_and_an_empty_cache(
    model: SdxlModel, tmp_path: Path
) -> None:
    folder = tmp_path / "compiled"
    folder.mkdir()
    (folder / "half-a-file").write_bytes(b"\x00")
    unet, swapped = compiled(model, folder, failing_backend)
    assert swapped == []
    assert not unet.is_compiled
    assert not folder.exists()
    ordered = Ordered(parameters())
    run(core_of(model)[0], (0, ordered))
    assert ordered.picture


def test_a_compiler_that_fails_later_is_left_for_good_and_nobody_notices(
    model: SdxlModel, tmp_path: Path
) -> None:
    unet, swapped = compiled(model, tmp_path / "compiled", CountingBackend())
    core, _ = core_of(model)
    core.use_denoiser(swapped[0])
    calls = 0

    def fail(*_arguments: Any, **_named: Any) -> Any:
        nonlocal calls
        calls += 1
        raise RuntimeError("no kernel for this shape")

    unet._compiled = fail
    ordered = Ordered(parameters())
    run(core, (0, ordered))
    assert ordered.picture
    assert (calls, unet.is_compiled) == (1, False)


def test_an_error_of_the_call_itself_does_not_end_the_compiled_unet(model: SdxlModel, tmp_path: Path) -> None:
    unet, _ = compiled(model, tmp_path / "compiled", CountingBackend())
    with pytest.raises(TypeError):
        unet(torch.zeros(1, 3, 8, 8), torch.zeros(1), encoder_hidden_states=torch.zeros(1, 77, 1))
    assert unet.is_compiled
