"""The options of a request as JSON: for presets, and for whatever else outlives a drawing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from generation.request import GenerationRequest

_REQUEST = TypeAdapter(GenerationRequest)


def options_to_json(request: GenerationRequest) -> dict[str, Any]:
    """Write down what makes a request what it is: not its seed, nor the pictures that it started from."""
    lasting = replace(request, seed=None, source=None, control=None, variation=None, upscale=None, grid=None)
    written: dict[str, Any] = _REQUEST.dump_python(lasting, mode="json", exclude_defaults=True)
    return written


def request_from_json(written: Mapping[str, Any]) -> GenerationRequest:
    """Read it again.

    Raises:
        ValueError: it was written by a version that this one doesn't understand.
        GenerationError: it asks for what can't be asked for any more.
    """
    return _REQUEST.validate_python(dict(written))
