"""A model's sizes, read from its files without loading it."""

import json
from pathlib import Path

import huggingface_hub.constants
import pytest
from safetensors.numpy import load_file

from generation.model_errors import BrokenModelFile, ModelNotFound, UnsafeModelFile, WrongModelKind
from generation.model_shape import SDXL, ModelShape, read_model_shape
from generation.model_source import ModelSource
from tests.generation.engine.single_file import write_single_file


def shape_at(path: Path | str) -> ModelShape | None:
    return read_model_shape(ModelSource(source=str(path)))


def test_a_folder_is_counted_as_its_weights_are(tiny_checkpoint: Path) -> None:
    def weights(part: str) -> int:
        (file,) = (tiny_checkpoint / part).glob("*.safetensors")
        return sum(tensor.size for tensor in load_file(file).values())

    assert shape_at(tiny_checkpoint) == ModelShape(
        text_encoders=(weights("text_encoder"), weights("text_encoder_2")),
        unet=weights("unet"),
        vae=weights("vae"),
        unet_channels=8,
        vae_channels=4,
    )


def test_a_single_file_is_counted_as_the_folder_that_it_was_made_of(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    single = shape_at(write_single_file(tiny_checkpoint, tmp_path / "practice.safetensors"))
    folder = shape_at(tiny_checkpoint)
    assert single is not None
    assert folder is not None
    assert (single.unet, single.vae, single.unet_channels, single.vae_channels) == (
        folder.unet, folder.vae, folder.unet_channels, folder.vae_channels,
    )  # fmt: skip
    # Such a file has what CLIP's own release has beside the weights, too.
    assert single.text_encoders == pytest.approx(folder.text_encoders, rel=0.01)


def test_copies_in_another_number_format_are_not_counted_twice(tiny_checkpoint: Path, tmp_path: Path) -> None:
    for part in ("text_encoder", "text_encoder_2", "unet", "vae"):
        (tmp_path / part).mkdir()
        (file,) = (tiny_checkpoint / part).glob("*.safetensors")
        for name in ("model.safetensors", "model.fp16.safetensors"):
            (tmp_path / part / name).symlink_to(file)
    assert shape_at(tmp_path) == shape_at(tiny_checkpoint)


def test_a_hub_model_that_is_not_here_has_no_shape_and_one_in_the_cache_has(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    assert shape_at("circle/practice") is None
    commit = "0123456789abcdef0123456789abcdef01234567"
    entry = tmp_path / "models--circle--practice"
    (entry / "refs").mkdir(parents=True)
    (entry / "refs" / "main").write_text(commit)
    snapshot = entry / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / "model_index.json").write_text("{}")
    assert shape_at("circle/practice") is None, "a download that was broken off"
    for part in ("text_encoder", "text_encoder_2", "unet", "vae"):
        (snapshot / part).symlink_to(tiny_checkpoint / part)
    assert shape_at("circle/practice") == shape_at(tiny_checkpoint)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    for missing in (tmp_path / "no-such-folder", tmp_path / "no.safetensors", "models/no.safetensors"):
        with pytest.raises(ModelNotFound):
            shape_at(missing)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "model.ckpt"
    file.write_bytes(b"\x80")
    with pytest.raises(UnsafeModelFile):
        shape_at(file)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x10",
        (10**9).to_bytes(8, "little") + b"{}",
        (40).to_bytes(8, "little") + b'{"a": ',
        (2).to_bytes(8, "little") + b"[]",
        (10).to_bytes(8, "little") + b'{"a": 12} ',
        (2).to_bytes(8, "little") + b"\xff\xfe",
    ],
)
def test_a_broken_file_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.safetensors"
    file.write_bytes(content)
    with pytest.raises(BrokenModelFile, match=r"broken\.safetensors"):
        shape_at(file)


def test_a_file_that_is_cut_off_is_named(tiny_checkpoint: Path, tmp_path: Path) -> None:
    whole = write_single_file(tiny_checkpoint, tmp_path / "practice.safetensors")
    with whole.open("r+b") as stream:
        stream.truncate(whole.stat().st_size - 1)
    with pytest.raises(BrokenModelFile, match=r"practice\.safetensors is cut off"):
        shape_at(whole)


def test_another_kind_of_model_is_told_by_what_it_lacks(tmp_path: Path) -> None:
    header = json.dumps({"weight": {"dtype": "F16", "shape": [2, 2], "data_offsets": [0, 8]}}).encode()
    file = tmp_path / "lora.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(WrongModelKind, match="text_encoder, text_encoder_2, unet, vae"):
        shape_at(file)


def test_sdxls_own_numbers_are_those_of_its_configurations() -> None:
    torch = pytest.importorskip("torch")
    from diffusers import AutoencoderKL, UNet2DConditionModel  # noqa: PLC0415 - takes seconds
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection  # noqa: PLC0415

    folder = Path(__file__).parents[2] / "generation" / "engine" / "sdxl_config"
    configs = {
        part: json.loads((folder / part / "config.json").read_text())
        for part in ("text_encoder", "text_encoder_2", "unet", "vae")
    }
    with torch.device("meta"):
        parts = [
            CLIPTextModel(CLIPTextConfig(**configs["text_encoder"])),
            CLIPTextModelWithProjection(CLIPTextConfig(**configs["text_encoder_2"])),
            UNet2DConditionModel.from_config(configs["unet"]),
            AutoencoderKL.from_config(configs["vae"]),
        ]
    counts = [sum(parameter.numel() for parameter in part.parameters()) for part in parts]
    assert counts == [*SDXL.text_encoders, SDXL.unet, SDXL.vae]
    assert configs["unet"]["block_out_channels"][0] == SDXL.unet_channels
    assert configs["vae"]["block_out_channels"][0] == SDXL.vae_channels
