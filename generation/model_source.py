"""Where a model comes from and how it is to be loaded. Plain values: importing this imports no torch."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """One model, as the operator names it.

    `source` is a Hugging Face Hub id ("owner/name"), a local folder in diffusers' layout, or a local
    `.safetensors` file that holds a whole SDXL checkpoint. `revision` is a branch, tag or commit; only a Hub
    id has one. `device` is "auto" (CUDA, else Apple's MPS, else the CPU) or what torch calls it ("cuda:1").
    `dtype` is "auto" (float16 on an accelerator, float32 on the CPU; see also `EngineOptions.settle`) or a torch name
    such as "bfloat16".
    `config` is a local folder with the components' configurations for a single file; SDXL's own where None.
    """

    source: str
    revision: str | None = None
    device: str = "auto"
    dtype: str = "auto"
    config: str | None = None
