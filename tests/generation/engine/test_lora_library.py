"""LoRA files in both forms, against the stock pipeline; sets that come and go leave no trace."""

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import load_file, save_file

from generation.engine.lora_library import LoraLibrary
from generation.engine.sdxl_model import SdxlModel
from generation.errors import BrokenLora, UnknownLora
from generation.lora import LoraWeight
from tests.generation.engine.drawing import Ordered, core_of, finished_latents, load_model, parameters, run
from tests.generation.engine.lora_files import write_diffusers_lora, write_kohya_lora

INK, GLOW = LoraWeight("ink"), LoraWeight("glow.v2 (1)", 0.7)


def with_head(head: dict[str, Any]) -> bytes:
    """A safetensors file of one number, whose head may say anything of it."""
    written = json.dumps(head).encode()
    return struct.pack("<Q", len(written)) + written + bytes(4)


@pytest.fixture(scope="module")
def folder(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pipeline = fresh_pipeline(tiny_checkpoint)
    folder = tmp_path_factory.mktemp("loras")
    write_diffusers_lora(pipeline, folder / "ink.safetensors", seed=1)
    write_kohya_lora(pipeline, folder / "ink-kohya.safetensors", seed=1)
    write_diffusers_lora(pipeline, folder / "glow.v2 (1).safetensors", seed=2)
    save_file({"something": torch.zeros(3)}, folder / "no-lora.safetensors")
    (folder / "cut-off.safetensors").write_bytes((folder / "ink.safetensors").read_bytes()[:500])
    foreign = {name: torch.zeros(4, 77) for name in load_file(folder / "ink.safetensors")}
    save_file(foreign, folder / "other-model.safetensors")
    (folder / "pickle.ckpt").write_bytes(b"anything")
    return folder


def fresh_pipeline(tiny_checkpoint: Path) -> StableDiffusionXLPipeline:
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        tiny_checkpoint, dtype=torch.float32, add_watermarker=False
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture
def model(tiny_checkpoint: Path, folder: Path) -> SdxlModel:
    return load_model(tiny_checkpoint, lora_folder=folder)


def drawn(model: SdxlModel, *loras: LoraWeight, seed: int = 7) -> torch.Tensor:
    return finished_latents(model, parameters(loras=loras, seed=seed))


def stock(tiny_checkpoint: Path, files: dict[Path, float]) -> torch.Tensor:
    pipeline = fresh_pipeline(tiny_checkpoint)
    for number, file in enumerate(files):
        pipeline.load_lora_weights(str(file), adapter_name=f"a{number}")
    pipeline.set_adapters([f"a{number}" for number in range(len(files))], list(files.values()))
    wanted = parameters()
    latents: torch.Tensor = pipeline(
        wanted.prompt,
        negative_prompt=wanted.negative_prompt,
        width=wanted.width,
        height=wanted.height,
        num_inference_steps=wanted.num_inference_steps,
        guidance_scale=wanted.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(wanted.seed),
        output_type="latent",
    ).images
    return latents


def test_pictures_with_loras_are_the_stock_pipelines_to_the_bit(
    model: SdxlModel, tiny_checkpoint: Path, folder: Path
) -> None:
    ink, glow = folder / "ink.safetensors", folder / "glow.v2 (1).safetensors"
    assert torch.equal(drawn(model, INK), stock(tiny_checkpoint, {ink: 1.0}))
    assert torch.equal(drawn(model, INK, GLOW), stock(tiny_checkpoint, {ink: 1.0, glow: 0.7}))


def test_both_forms_of_file_with_the_same_numbers_give_the_same_picture(model: SdxlModel) -> None:
    ours, kohya = drawn(model, INK), drawn(model, LoraWeight("ink-kohya"))
    assert torch.allclose(ours, kohya, atol=1e-4)
    assert not torch.allclose(ours, drawn(model), atol=1e-2)


def test_a_lora_changes_what_the_text_encoders_say_too(model: SdxlModel) -> None:
    plain = model.prepare(parameters()).conditioning
    model.use_loras((INK,))
    changed = model.prepare(parameters()).conditioning
    half = model.pipeline.text_encoder.config.hidden_size
    for rows in (slice(0, half), slice(half, None)):
        assert not torch.equal(plain.prompt_embeds[..., rows], changed.prompt_embeds[..., rows])


def test_without_loras_the_model_is_to_the_bit_as_before(model: SdxlModel) -> None:
    before = drawn(model)
    drawn(model, INK, GLOW)
    assert torch.equal(drawn(model), before)


def test_requests_of_equal_sets_share_calls_and_weights_never_mix(model: SdxlModel) -> None:
    alone = {
        seed: drawn(model, *loras, seed=seed) for seed, loras in ((1, (INK,)), (2, ()), (3, (INK, GLOW)))
    }
    core, latents = core_of(model)
    rows: list[int] = []
    handle = model.pipeline.unet.register_forward_pre_hook(lambda _, inputs: rows.append(inputs[0].shape[0]))
    run(
        core,
        (0, Ordered(parameters(loras=(INK,), seed=1))),
        (0, Ordered(parameters(loras=(INK,), seed=4), rank=0)),
        (1, Ordered(parameters(seed=2), rank=-1)),
        (2, Ordered(parameters(loras=(INK, GLOW), seed=3), rank=-2)),
    )
    handle.remove()
    assert max(rows) == 4
    for seed, expected in alone.items():
        assert torch.allclose(latents.by_seed[seed], expected, atol=1e-4)


@pytest.mark.parametrize("name", ["", "../ink", "/etc/passwd", "nothing", "pickle", "ink.safetensors"])
def test_what_is_no_file_of_the_folder_is_unknown(model: SdxlModel, name: str) -> None:
    with pytest.raises(UnknownLora) as error:
        model.use_loras((LoraWeight(name),))
    assert "ink" in error.value.known
    assert "pickle" not in error.value.known


@pytest.mark.parametrize("name", ["no-lora", "cut-off", "other-model"])
@pytest.mark.parametrize("loaded_before", [(), (INK,)])
def test_a_file_that_does_not_fit_is_refused_and_leaves_no_trace(
    model: SdxlModel, name: str, loaded_before: tuple[LoraWeight, ...]
) -> None:
    before, with_ink = drawn(model), drawn(model, *loaded_before)
    broken = Ordered(parameters(loras=(LoraWeight(name),)))
    core, _ = core_of(model)
    run(core, (0, broken))
    assert isinstance(broken.outcome, BrokenLora)
    assert torch.equal(drawn(model), before)
    assert torch.equal(drawn(model, *loaded_before), with_ink)
    assert torch.allclose(drawn(model, GLOW), drawn(model, GLOW))


TENSOR = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
LYING_FILES: dict[str, bytes] = {
    "empty": b"",
    "short": bytes(7),
    "endless head": struct.pack("<Q", 2**63) + b"{}",
    "head past the end": struct.pack("<Q", 10**8) + b"{}",
    "head of noise": struct.pack("<Q", 4) + b"\xff" * 4,
    "head of brackets": struct.pack("<Q", 200_000) + b"[" * 100_000 + b"]" * 100_000,
    "data before the file": with_head({"unet.a.lora_A.weight": {**TENSOR, "data_offsets": [-4, 0]}}),
    "data past the file": with_head({"unet.a.lora_A.weight": {**TENSOR, "data_offsets": [0, 2**40]}}),
    "shape of more than memory": with_head({"unet.a.lora_A.weight": {**TENSOR, "shape": [2**62, 4]}}),
    "shape of no number": with_head({"unet.a.lora_A.weight": {**TENSOR, "shape": [float("nan")]}}),
    "shape of halves": with_head({"unet.a.lora_A.weight": {**TENSOR, "shape": [1.5]}}),
    "type that is none": with_head({"unet.a.lora_A.weight": {**TENSOR, "dtype": "X9"}}),
    "name of a path": with_head({"../../lora/" + "a" * 5000: TENSOR}),
    "pickle": pickle.dumps({"unet.a.lora_A.weight": [0.0]}),
    "zip": b"PK\3\4" + bytes(200),
}


def test_no_file_that_lies_gets_past_its_own_error(
    tiny_checkpoint: Path, folder: Path, tmp_path: Path
) -> None:
    """Renamed pickles are among them: nothing but a safetensors file is ever read."""
    pipeline = fresh_pipeline(tiny_checkpoint)
    for name, content in LYING_FILES.items():
        (tmp_path / f"{name}.safetensors").write_bytes(content)
    whole = load_file(folder / "ink.safetensors")
    wrong = {
        "numbers that are none": {name: tensor * float("nan") for name, tensor in whole.items()},
        "infinite numbers": {name: tensor + float("inf") for name, tensor in whole.items()},
        "half of it": {name: tensor for name, tensor in whole.items() if "lora_A" in name},
        "flat": {name: tensor.flatten() for name, tensor in whole.items()},
        "points": {name: torch.tensor(1.0) for name in whole},
        "rank 0": {name: tensor[:0] if "lora_A" in name else tensor[:, :0] for name, tensor in whole.items()},
    }
    for name, tensors in wrong.items():
        save_file(
            {key: tensor.contiguous() for key, tensor in tensors.items()}, tmp_path / f"{name}.safetensors"
        )
    library = LoraLibrary(pipeline, tmp_path)
    assert len(library.names()) == len(LYING_FILES) + len(wrong)
    for name in library.names():
        with pytest.raises(BrokenLora) as refusal:
            library.activate((LoraWeight(name),))
        assert refusal.value.reason.isprintable()
    assert not library.activate(())


def test_weight_0_is_the_model_without_and_a_name_given_twice_adds_up(model: SdxlModel) -> None:
    assert torch.equal(drawn(model, LoraWeight("ink", 0.0)), drawn(model))
    twice = drawn(model, LoraWeight("ink", 0.4), LoraWeight("ink", 0.6))
    assert torch.equal(twice, drawn(model, INK))


def test_the_one_unused_the_longest_makes_room(tiny_checkpoint: Path, folder: Path) -> None:
    pipeline = fresh_pipeline(tiny_checkpoint)
    library = LoraLibrary(pipeline, folder, loaded_at_most=2)
    for name in ("ink", "glow.v2 (1)", "ink-kohya"):
        assert library.activate((LoraWeight(name),))
    assert len({adapter for adapters in pipeline.get_list_adapters().values() for adapter in adapters}) == 2
    assert not library.activate((LoraWeight("ink-kohya"),))
    assert library.activate((INK,))


def test_without_a_folder_there_are_none(tiny_checkpoint: Path, tmp_path: Path) -> None:
    pipeline = fresh_pipeline(tiny_checkpoint)
    for folder in (None, tmp_path / "missing"):
        library = LoraLibrary(pipeline, folder)
        assert library.names() == []
        with pytest.raises(UnknownLora):
            library.activate((INK,))


def test_adapters_take_the_models_dtype(tiny_checkpoint: Path, folder: Path) -> None:
    model = load_model(tiny_checkpoint, "bfloat16", lora_folder=folder)
    latents = drawn(model, INK)
    assert latents.dtype == torch.bfloat16
    assert torch.isfinite(latents).all()
