"""Linear layers in eight bits: what the model is loaded in for them. The arithmetic itself needs a GPU."""

from pathlib import Path

import pytest
import torch
from torch import nn

from generation.encoding_mode import EncodingMode
from generation.engine import sdxl_model
from generation.engine.float8 import use_float8
from generation.engine_options import EngineOptions
from generation.model_errors import DeviceUnavailable
from generation.model_source import ModelSource


def test_all_but_the_vae_is_loaded_in_bfloat16_where_the_dtype_is_left_open(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quantised: list[nn.Module] = []
    monkeypatch.setattr(sdxl_model, "use_float8", lambda unet, _source: quantised.append(unet))
    source = ModelSource(source=str(tiny_checkpoint), device="cpu")
    pipeline = sdxl_model.SdxlModel(source, EngineOptions(float8=True), EncodingMode.PADDED).pipeline
    assert quantised == [pipeline.unet]
    parts = (pipeline.unet, pipeline.text_encoder, pipeline.text_encoder_2)
    assert {part.dtype for part in parts} == {torch.bfloat16}
    assert pipeline.vae.dtype == torch.float32


@pytest.mark.parametrize(
    ("dtype", "reason"),
    [
        (torch.float16, "needs the model in bfloat16, and it is in float16"),
        (torch.bfloat16, "needs an NVIDIA GPU"),
    ],
)
def test_another_dtype_and_a_device_without_such_arithmetic_are_told_in_a_sentence(
    dtype: torch.dtype, reason: str
) -> None:
    with pytest.raises(DeviceUnavailable, match=reason):
        use_float8(nn.Linear(16, 16, dtype=dtype), "tiny")
