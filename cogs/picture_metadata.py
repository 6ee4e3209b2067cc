"""What a picture file says of how it was drawn, as most tools write it, by the library sd-parsers.

The library gets the texts alone. Files it would open with every reader that Pillow has, and it remembers the last
comment by the address of its image, so that somebody else's might be told.
"""

import json
from collections.abc import Callable
from typing import Any

import sd_parsers
from PIL import Image as PillowImage

from cogs.plain_text import storable
from generation.engine.source_picture import texts_in

DESCRIPTION_LENGTH = 4000
"""More than any prompt that is drawn; the rest of one is left out."""

TEXT_LENGTH_MAX = 32_768
SOURCE_LENGTH_MAX = 200
GRAPH_LENGTH_MAX, GRAPH_NODES_MAX = 2**20, 200
"""Longer texts and larger graphs of nodes are passed over: the library takes minutes to read them."""

_GRAPHS = ("prompt", "workflow")
_SOURCE = "Source"


def read_metadata(content: bytes) -> str:
    """Return all of it, line by line, for people; empty where the file says nothing. Blocks."""
    return _read(content, _lines)


def read_prompt(content: bytes) -> str:
    """Return what the picture was asked to show, for the policy; empty where the file doesn't say. Blocks."""
    return _read(content, _prompts)[:DESCRIPTION_LENGTH]


def _read(content: bytes, tell: Callable[[Any], str]) -> str:
    try:
        texts = {name: text for name, text in texts_in(content).items() if _is_readable(name, text)}
        carrier = PillowImage.new("L", (1, 1))
        carrier.format = "PNG"
        carrier.info.update(texts)
        found = sd_parsers.ParserManager(eagerness=sd_parsers.Eagerness.FAST).parse(carrier)
        return "" if found is None else storable(tell(found))
    except Exception:  # whatever strangers' files make of a parser, they say nothing then
        return ""


def _lines(found: Any) -> str:
    lines = [
        *(f"Prompt: {prompt.value}" for prompt in found.prompts),
        *(f"Negative prompt: {prompt.value}" for prompt in found.negative_prompts),
        *(f"Model: {model.name}" for model in found.models if model.name),
        *(f"{sampler.name}: {sampler.parameters}" for sampler in found.samplers),
        *(f"{name}: {value}" for name, value in found.metadata.items()),
    ]
    return "\n".join([f"({found.generator})", *lines])


def _prompts(found: Any) -> str:
    return ", ".join(str(prompt.value) for prompt in found.prompts)


def _is_readable(name: str, text: str) -> bool:
    """Whether a text is short enough for the library's patterns, whose time may grow with its square."""
    if name == _SOURCE:
        return len(text) <= SOURCE_LENGTH_MAX
    if name not in _GRAPHS:
        return len(text) <= TEXT_LENGTH_MAX
    try:
        graph = json.loads(text) if len(text) <= GRAPH_LENGTH_MAX else None
    except (ValueError, RecursionError):
        return False
    return isinstance(graph, dict) and max(len(graph), len(graph.get("links") or ())) <= GRAPH_NODES_MAX
