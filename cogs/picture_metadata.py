"""What a picture file says of how it was drawn, as most tools write it, by the library sd-parsers."""

import io
from typing import Any

import sd_parsers

DESCRIPTION_LENGTH = 4000
"""More than any prompt that is drawn; the rest of one is left out."""


def read_metadata(content: bytes) -> str:
    """Return all of it, line by line, for people; empty where the file says nothing. Blocks."""
    found = _parsed(content)
    if found is None:
        return ""
    lines = [
        *(f"Prompt: {prompt.value}" for prompt in found.prompts),
        *(f"Negative prompt: {prompt.value}" for prompt in found.negative_prompts),
        *(f"Model: {model.name}" for model in found.models if model.name),
        *(f"{sampler.name}: {sampler.parameters}" for sampler in found.samplers),
        *(f"{name}: {value}" for name, value in found.metadata.items()),
    ]
    return "\n".join([f"({found.generator})", *lines])


def read_prompt(content: bytes) -> str:
    """Return what the picture was asked to show, for the policy; empty where the file doesn't say. Blocks."""
    found = _parsed(content)
    prompts = [] if found is None else [str(prompt.value) for prompt in found.prompts]
    return ", ".join(prompts)[:DESCRIPTION_LENGTH]


def _parsed(content: bytes) -> Any:
    try:
        return sd_parsers.ParserManager().parse(io.BytesIO(content))
    except Exception:  # whatever strangers' files make of a parser, they say nothing then
        return None
