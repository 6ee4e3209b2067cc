"""What can go wrong while a model is loaded. What hinders a drawing afterwards lives in `errors.py`."""

from dataclasses import dataclass

from generation.errors import GenerationError


@dataclass(eq=False)
class ModelLoadError(GenerationError):
    """The model isn't there. `source` is how the operator named it, `reason` what was found, in words."""

    source: str
    reason: str


@dataclass(eq=False)
class ModelNotFound(ModelLoadError):
    """Neither this machine nor the Hub (if it could be reached) has what `source` names."""


@dataclass(eq=False)
class UnsafeModelFile(ModelLoadError):
    """The weights are pickles, which can run code when opened, so they weren't. `path` is such a file."""

    path: str


@dataclass(eq=False)
class BrokenModelFile(ModelLoadError):
    """A file of the model can't be read: cut off, damaged, or missing its companions."""


@dataclass(eq=False)
class WrongModelKind(ModelLoadError):
    """The model is readable but isn't an SDXL model."""


@dataclass(eq=False)
class DeviceUnavailable(ModelLoadError):
    """`device`, or the dtype asked for on it, doesn't exist on this machine."""

    device: str


@dataclass(eq=False)
class DeviceGone(DeviceUnavailable):
    """`device` drew in this process and was lost for it: a broken CUDA context stays so. Another process may use it."""


def first_line(error: Exception) -> str:
    """Say what an error of a library says, without the advice that it prints below."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
