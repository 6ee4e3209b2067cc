"""Loading a model from a folder, a file or the Hub's cache, and what is said when it can't be loaded."""

import errno
import json
import shutil
import socket
from pathlib import Path
from typing import Any, NoReturn

import huggingface_hub.constants
import pytest
import torch
from diffusers import (
    AutoencoderKL,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from generation.encoding_mode import EncodingMode
from generation.engine.model_loading import SDXL_CONFIG, load_pipeline, load_tokenizer
from generation.engine.sdxl_config.clip_tokenizer import clip_tokenizer
from generation.engine.sdxl_model import SdxlModel
from generation.engine_options import EngineOptions
from generation.model_errors import (
    BrokenModelFile,
    DeviceUnavailable,
    ModelLoadError,
    ModelNotFound,
    UnsafeModelFile,
    WrongModelKind,
)
from generation.model_source import ModelSource
from tests.generation.engine.single_file import write_single_file

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every attempt to reach another machine an error."""

    def refuse(*_arguments: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def model(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of the practice model that a test may spoil."""
    return shutil.copytree(tiny_checkpoint, tmp_path / "model")


@pytest.fixture
def hub_cache(tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Hub's cache on a machine without network, holding "circle/practice"; returns that model's folder."""
    cache = tmp_path / "hub"
    entry = cache / "models--circle--practice"
    (entry / "refs").mkdir(parents=True)
    (entry / "refs" / "main").write_text(COMMIT)
    snapshot = shutil.copytree(tiny_checkpoint, entry / "snapshots" / COMMIT)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return Path(snapshot)


def cpu(source: Path | str, **options: Any) -> ModelSource:
    return ModelSource(source=str(source), device="cpu", **options)


def latents(pipeline: StableDiffusionXLPipeline) -> torch.Tensor:
    pipeline.set_progress_bar_config(disable=True)
    drawn = pipeline(
        "1girl, solo",
        width=64,
        height=64,
        num_inference_steps=3,
        generator=torch.Generator().manual_seed(0),
        output_type="latent",
    )
    images: torch.Tensor = drawn.images
    return images


# What loads


@pytest.mark.usefixtures("no_network")
def test_a_folder_loads_in_float32_on_a_processor_without_the_network(tiny_checkpoint: Path) -> None:
    pipeline = load_pipeline(cpu(tiny_checkpoint))
    assert pipeline.device.type == "cpu"
    assert {pipeline.unet.dtype, pipeline.vae.dtype, pipeline.text_encoder.dtype} == {torch.float32}
    assert pipeline.watermark is None
    assert torch.isfinite(latents(pipeline)).all()


@pytest.mark.usefixtures("no_network")
def test_the_vae_stays_in_float32_on_a_processor_whatever_the_rest_gets(tiny_checkpoint: Path) -> None:
    pipeline = load_pipeline(cpu(tiny_checkpoint, dtype="float16"))
    rest = (pipeline.unet, pipeline.text_encoder, pipeline.text_encoder_2)
    assert {part.dtype for part in rest} == {torch.float16}
    assert pipeline.vae.dtype == torch.float32


def test_the_sampler_is_euler_ancestral_whatever_the_folder_says(model: Path) -> None:
    config = json.loads((model / "scheduler" / "scheduler_config.json").read_text())
    config["_class_name"] = EulerDiscreteScheduler.__name__
    (model / "scheduler" / "scheduler_config.json").write_text(json.dumps(config))
    index = json.loads((model / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", EulerDiscreteScheduler.__name__]
    (model / "model_index.json").write_text(json.dumps(index))
    scheduler = load_pipeline(cpu(model)).scheduler
    assert isinstance(scheduler, EulerAncestralDiscreteScheduler)
    assert scheduler.config.timestep_spacing == "leading"


@pytest.mark.usefixtures("no_network")
def test_a_single_file_draws_what_the_folder_of_the_same_weights_draws(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    file = write_single_file(tiny_checkpoint, tmp_path / "practice.safetensors")
    from_file = load_pipeline(cpu(file, config=str(tiny_checkpoint)))
    from_folder = load_pipeline(cpu(tiny_checkpoint))
    assert torch.equal(latents(from_file), latents(from_folder))
    assert from_file.watermark is None
    half_dtype = load_pipeline(cpu(file, config=str(tiny_checkpoint), dtype="bfloat16"))
    assert (half_dtype.unet.dtype, half_dtype.vae.dtype) == (torch.bfloat16, torch.float32)
    decoder = from_folder.vae.decoder.state_dict()
    assert all(
        torch.equal(value, decoder[name]) for name, value in half_dtype.vae.decoder.state_dict().items()
    )


@pytest.mark.usefixtures("no_network")
def test_a_model_in_the_cache_of_the_hub_loads_without_the_network(hub_cache: Path) -> None:
    del hub_cache
    assert load_pipeline(cpu("circle/practice")).unet.config.addition_embed_type == "text_time"
    assert load_tokenizer(cpu("circle/practice"))("1girl").input_ids[0] == 49_406


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_cuda_gets_float16_and_a_vae_that_does_not_overflow(tiny_checkpoint: Path) -> None:
    # Read on the CPU, and put on the device by the plan for its memory.
    model = SdxlModel(ModelSource(source=str(tiny_checkpoint)), EngineOptions(), EncodingMode.PADDED)
    pipeline = model.pipeline
    assert {pipeline.unet.device.type, pipeline.vae.device.type} == {"cuda"}
    assert pipeline.unet.dtype == pipeline.text_encoder_2.dtype == torch.float16
    assert pipeline.vae.dtype in {torch.bfloat16, torch.float32}


# What SDXL's own configuration describes


def test_the_shipped_configuration_is_that_of_sdxl() -> None:
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(
            UNet2DConditionModel.load_config(SDXL_CONFIG, subfolder="unet")
        )
        vae = AutoencoderKL.from_config(AutoencoderKL.load_config(SDXL_CONFIG, subfolder="vae"))
        first = CLIPTextModel(CLIPTextConfig.from_pretrained(SDXL_CONFIG, subfolder="text_encoder"))
        second = CLIPTextModelWithProjection(
            CLIPTextConfig.from_pretrained(SDXL_CONFIG, subfolder="text_encoder_2")
        )
    # The numbers of Stability AI's release: 2.57 billion in the UNet, 123 and 695 million in the text encoders.
    assert sum(parameter.numel() for parameter in unet.parameters()) == 2_567_463_684
    assert sum(parameter.numel() for parameter in vae.parameters()) == 83_653_863
    assert sum(parameter.numel() for parameter in first.parameters()) == 123_060_480
    assert sum(parameter.numel() for parameter in second.parameters()) == 694_659_840
    assert unet.config.cross_attention_dim == first.config.hidden_size + second.config.hidden_size
    assert (vae.config.scaling_factor, vae.config.force_upcast) == (0.13025, True)


@pytest.mark.usefixtures("no_network")
def test_a_single_file_gets_the_tokenizer_of_clip(tiny_checkpoint: Path, tmp_path: Path) -> None:
    file = write_single_file(tiny_checkpoint, tmp_path / "practice.safetensors")
    # The ids that OpenAI's CLIP gives.
    assert load_tokenizer(cpu(file))("a photo of a cat").input_ids == [
        49406,
        320,
        1125,
        539,
        320,
        2368,
        49407,
    ]
    second = clip_tokenizer("!")("a", padding="max_length").input_ids
    assert (len(second), second[:3], set(second[3:])) == (77, [49406, 320, 49407], {0})


# What doesn't load


@pytest.mark.parametrize("name", ["model.ckpt", "model.BIN", "model.pt", "model.pth", "model.pkl"])
def test_a_pickle_is_refused_by_its_name_and_not_opened(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    for load in (load_pipeline, load_tokenizer):
        with pytest.raises(UnsafeModelFile) as refusal:
            load(cpu(file))
        assert refusal.value.path == str(file)


def as_pickle(part: Path) -> Path:
    (weights,) = part.glob("*.safetensors")
    pickle = part / "pytorch_model.bin"
    torch.save(load_file(weights), pickle)
    weights.unlink()
    return pickle


def test_a_folder_whose_weights_are_pickles_is_refused(model: Path) -> None:
    pickle = as_pickle(model / "text_encoder")
    with pytest.raises(UnsafeModelFile) as refusal:
        load_pipeline(cpu(model))
    assert refusal.value.path == str(pickle)


def test_a_folder_around_one_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"")
    with pytest.raises(UnsafeModelFile):
        load_pipeline(cpu(tmp_path))


def test_a_model_of_the_hub_whose_weights_are_pickles_is_refused(hub_cache: Path) -> None:
    as_pickle(hub_cache / "unet")
    with pytest.raises(UnsafeModelFile):
        load_pipeline(cpu("circle/practice"))


@pytest.mark.usefixtures("hub_cache", "no_network")
@pytest.mark.parametrize(
    "source", ["circle/unknown", "nowhere/at/all", "./nowhere", "nowhere", "nowhere.safetensors", "a b/c?"]
)
def test_a_model_that_is_nowhere_is_not_found(source: str) -> None:
    for load in (load_pipeline, load_tokenizer):
        with pytest.raises(ModelNotFound) as failure:
            load(cpu(source))
        assert failure.value.source == source
        assert failure.value.reason


def test_an_empty_folder_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound):
        load_pipeline(cpu(tmp_path))


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "text_encoder_2"])
def test_a_file_that_was_cut_off_is_broken(part: str, model: Path) -> None:
    (weights,) = (model / part).glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(BrokenModelFile):
        load_pipeline(cpu(model))


@pytest.mark.parametrize("missing", ["unet", "tokenizer", "tokenizer_2", "scheduler"])
def test_a_folder_that_lacks_a_part_is_broken(missing: str, model: Path) -> None:
    shutil.rmtree(model / missing)
    with pytest.raises(BrokenModelFile):
        load_pipeline(cpu(model))


@pytest.mark.parametrize(
    ("part", "lost"),
    [
        ("unet", "mid_block.resnets.0.conv1.weight"),
        ("vae", "decoder.conv_out.bias"),
        ("text_encoder", "final_layer_norm.bias"),
        ("text_encoder_2", "text_projection.weight"),
    ],
)
def test_a_folder_that_lacks_a_tensor_is_broken(part: str, lost: str, model: Path) -> None:
    (file,) = (model / part).glob("*.safetensors")
    kept = {name: tensor for name, tensor in load_file(file).items() if not name.endswith(lost)}
    save_file(kept, file, metadata={"format": "pt"})
    with pytest.raises(BrokenModelFile, match=lost):
        load_pipeline(cpu(model))


def test_a_folder_without_its_tokenizer_counts_no_tokens(model: Path) -> None:
    shutil.rmtree(model / "tokenizer")
    with pytest.raises(BrokenModelFile):
        load_tokenizer(cpu(model))


def test_an_index_that_is_no_json_is_broken(model: Path) -> None:
    (model / "model_index.json").write_text("{")
    with pytest.raises(BrokenModelFile):
        load_tokenizer(cpu(model))


def test_a_single_file_that_is_broken_is_named_broken(tiny_checkpoint: Path, tmp_path: Path) -> None:
    file = write_single_file(tiny_checkpoint, tmp_path / "practice.safetensors")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(BrokenModelFile):
        load_pipeline(cpu(file, config=str(tiny_checkpoint)))
    file.write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(BrokenModelFile):
        load_pipeline(cpu(file))


@pytest.mark.parametrize(
    "lost",
    [
        "model.diffusion_model.middle_block.0.in_layers.2.weight",
        "conditioner.embedders.1.model.ln_final.bias",
        "first_stage_model.decoder.conv_out.bias",
    ],
)
def test_a_single_file_that_lacks_a_tensor_is_broken(
    lost: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    file = write_single_file(tiny_checkpoint, tmp_path / "practice.safetensors")
    save_file({name: tensor for name, tensor in load_file(file).items() if name != lost}, file)
    with pytest.raises(BrokenModelFile):
        load_pipeline(cpu(file, config=str(tiny_checkpoint)))


@pytest.mark.parametrize(
    "lost", ["conditioner.embedders.1.", "model.diffusion_model.label_emb.", "first_stage_model."]
)
def test_a_single_file_that_lacks_a_part_of_sdxl_is_another_kind(
    lost: str, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    file = write_single_file(tiny_checkpoint, tmp_path / "practice.safetensors")
    save_file({name: tensor for name, tensor in load_file(file).items() if not name.startswith(lost)}, file)
    with pytest.raises(WrongModelKind):
        load_pipeline(cpu(file, config=str(tiny_checkpoint)))


def test_a_single_file_for_inpainting_is_another_kind(tiny_checkpoint: Path, tmp_path: Path) -> None:
    file = write_single_file(tiny_checkpoint, tmp_path / "practice.safetensors")
    tensors = load_file(file)
    tensors["model.diffusion_model.input_blocks.0.0.weight"] = torch.zeros(8, 9, 3, 3)
    save_file(tensors, file)
    with pytest.raises(WrongModelKind):
        load_pipeline(cpu(file, config=str(tiny_checkpoint)))


def test_a_folder_of_another_pipeline_is_another_kind(model: Path) -> None:
    index = json.loads((model / "model_index.json").read_text())
    index["_class_name"] = "StableDiffusionPipeline"
    (model / "model_index.json").write_text(json.dumps(index))
    for load in (load_pipeline, load_tokenizer):
        with pytest.raises(WrongModelKind):
            load(cpu(model))


def test_a_folder_with_the_unet_of_another_model_is_another_kind(model: Path) -> None:
    shutil.rmtree(model / "unet")
    other = UNet2DConditionModel(
        block_out_channels=(8, 8),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=8,
        attention_head_dim=1,
        norm_num_groups=4,
    )
    other.save_pretrained(model / "unet")
    with pytest.raises(WrongModelKind):
        load_pipeline(cpu(model))


@pytest.mark.parametrize("device", ["cuda:99", "nonsense"])
def test_a_device_that_is_not_there_is_named(device: str, tiny_checkpoint: Path) -> None:
    with pytest.raises(DeviceUnavailable) as failure:
        load_pipeline(ModelSource(source=str(tiny_checkpoint), device=device))
    assert failure.value.device == device


@pytest.mark.parametrize("dtype", ["float17", "int8", "nn"])
def test_a_number_format_that_torch_lacks_is_named(dtype: str, tiny_checkpoint: Path) -> None:
    with pytest.raises(DeviceUnavailable, match=dtype):
        load_pipeline(cpu(tiny_checkpoint, dtype=dtype))


@pytest.mark.usefixtures("hub_cache")
def test_a_disk_that_fills_up_during_a_download_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_arguments: object, **_options: object) -> NoReturn:
        full = OSError(errno.ENOSPC, "No space left on device")
        raise RuntimeError("the download failed") from full

    monkeypatch.setattr(StableDiffusionXLPipeline, "download", fill)
    with pytest.raises(ModelLoadError, match="disk is full"):
        load_pipeline(cpu("circle/practice"))
