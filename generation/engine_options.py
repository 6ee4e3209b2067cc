"""How the engine is to work on its device. Plain values: importing this imports no torch."""

from dataclasses import dataclass, replace
from pathlib import Path

from generation.aspect_ratio import AspectRatio
from generation.model_source import ModelSource

FLOAT8_DTYPE = "bfloat16"
"""What a model is loaded in before its linear layers go to eight bits: torchao 0.18 scales rows of nothing else
(the assertion for `PerRow` in its `quantization/quant_api.py`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """The operator's choices about drawing.

    `max_batch_slots` is how many pictures are drawn side by side at most; None measures at warm-up how many pay,
    with pictures of `usual_size` (width and height in pixels).
    `exact_replay` pads every call of the UNet to one shape, so that a picture is the same to the bit whatever
    its neighbours, on a GPU too; it costs the speed of the padding. `text_length_limit` is the longest text in
    tokens that the service lets through. `lora_folder` holds the operator's LoRAs, `controlnet` is the
    folder or hub id of a ControlNet, "" for none. `preview_interval_s` is the
    least time between two previews of a job, 0 for none. `compile` has torch compile the UNet in the
    background, with `compile_cache` as its folder.
    `float8` computes the UNet's linear layers in eight bits, which changes pictures.
    """

    max_batch_slots: int | None = 1
    usual_size: tuple[int, int] = (AspectRatio.PORTRAIT.width, AspectRatio.PORTRAIT.height)
    exact_replay: bool = False
    text_length_limit: int = 225
    lora_folder: Path | None = None
    controlnet: str = ""
    preview_interval_s: float = 4.0
    compile: bool = False
    compile_cache: Path = Path("data/compiled")
    float8: bool = False

    @property
    def precision(self) -> str:
        """What goes into the metadata where the model computes in less than its own precision, else nothing."""
        return "float8" if self.float8 else ""

    def settle(self, source: ModelSource) -> ModelSource:
        """Return `source` in the dtype that float8 needs, where it leaves the dtype open."""
        if self.float8 and source.dtype == "auto":
            return replace(source, dtype=FLOAT8_DTYPE)
        return source
