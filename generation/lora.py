"""A LoRA as a request names it: which file of the operator's folder, and how strongly."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class LoraWeight:
    """`name` is the file's name without `.safetensors`; `weight` 1 is as trained, 0 nothing, below 0 the opposite."""

    name: str
    weight: float = 1.0
