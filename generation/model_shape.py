"""How large a model's parts are, read from the headers of its files: no weights are loaded, no torch imported.

What that means for a device's memory is reckoned in `memory_plan.py`.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.model_errors import BrokenModelFile, ModelNotFound, UnsafeModelFile, WrongModelKind
from generation.model_source import ModelSource

TEXT_ENCODERS, UNET, VAE = ("text_encoder", "text_encoder_2"), "unet", "vae"
"""Folders of a model in diffusers' layout that hold weights."""

SINGLE_FILE_PREFIXES = {
    "conditioner.embedders.0.": "text_encoder",
    "conditioner.embedders.1.": "text_encoder_2",
    "model.diffusion_model.": "unet",
    "first_stage_model.": "vae",
}
"""By which a part's tensors are known in a single file (the names of Stability AI's own release)."""

HEADER_LIMIT_BYTES = 100_000_000
"""The longest header that safetensors itself accepts (its format's description)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """Numbers of weights, and the widths that a picture's working memory goes by.

    `text_encoders` has one number for each. `unet_channels` and `vae_channels` are the channels at full size, the
    first of diffusers' `block_out_channels`.
    """

    text_encoders: tuple[int, ...]
    unet: int
    vae: int
    unet_channels: int
    vae_channels: int


SDXL = ModelShape(
    text_encoders=(123_060_480, 694_659_840),
    unet=2_567_463_684,
    vae=83_653_863,
    unet_channels=320,
    vae_channels=128,
)
"""SDXL's own shape, counted from its published configurations (`engine/sdxl_config`)."""


def read_model_shape(source: ModelSource) -> ModelShape | None:
    """Read the shape of the model that `source` names; None for a model on the Hub that isn't on this machine.

    Raises:
        ModelNotFound: there is no such file or folder.
        UnsafeModelFile: the weights are pickles.
        BrokenModelFile: a file can't be read or lacks something.
        WrongModelKind: a part of SDXL is missing.
    """
    path = Path(source.source).expanduser()
    if path.is_file():
        if path.suffix.lower() != ".safetensors":
            raise UnsafeModelFile(source.source, "only .safetensors files are opened", str(path))
        return _shape(source, _single_file_parts(source, path))
    folder = path if path.is_dir() else _downloaded_folder(source)
    return None if folder is None else _shape(source, _folder_parts(source, folder))


_Shapes = dict[str, tuple[int, ...]]
"""The tensors' shapes by their names."""


def _downloaded_folder(source: ModelSource) -> Path | None:
    """Where the Hub's cache holds the model, None if it doesn't."""
    from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 - takes a second, and few need it

    if not re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", source.source) or source.source.endswith(
        ".safetensors"
    ):
        raise ModelNotFound(
            source.source, "there is no such file or folder, and it isn't a name on the Hub (owner/name)"
        )
    index = try_to_load_from_cache(source.source, "model_index.json", revision=source.revision)
    if not isinstance(index, str):
        return None
    folder = Path(index).parent
    # A download that was broken off has the index, which comes first, but not all weights.
    is_whole = all(any((folder / part).glob("*.safetensors")) for part in (*TEXT_ENCODERS, UNET, VAE))
    return folder if is_whole else None


def _folder_parts(source: ModelSource, folder: Path) -> dict[str, _Shapes]:
    parts: dict[str, _Shapes] = {}
    for part in (*TEXT_ENCODERS, UNET, VAE):
        # Parts of one model, and copies of it in other number formats, which have the same names.
        for file in sorted((folder / part).glob("*.safetensors")):
            parts.setdefault(part, {}).update(_header(source, file))
    return parts


def _single_file_parts(source: ModelSource, file: Path) -> dict[str, _Shapes]:
    parts: dict[str, _Shapes] = {}
    for name, shape in _header(source, file):
        for prefix, part in SINGLE_FILE_PREFIXES.items():
            if name.startswith(prefix):
                parts.setdefault(part, {})[name.removeprefix(prefix)] = shape
    return parts


def _header(source: ModelSource, file: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Read names and shapes: eight bytes that tell a length, then so many bytes of JSON (safetensors' format)."""
    try:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > HEADER_LIMIT_BYTES:
                raise BrokenModelFile(source.source, f"{file.name} isn't a safetensors file")
            header: dict[str, Any] = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        promised = 8 + length + max((tensor["data_offsets"][1] for tensor in header.values()), default=0)
        if file.stat().st_size < promised:
            raise BrokenModelFile(source.source, f"{file.name} is cut off: copy or download it once more")
        for name, tensor in header.items():
            yield name, tuple(int(side) for side in tensor["shape"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BrokenModelFile(source.source, f"{file.name} can't be read: {error}") from error


def _shape(source: ModelSource, parts: Mapping[str, _Shapes]) -> ModelShape:
    missing = [part for part in (*TEXT_ENCODERS, UNET, VAE) if part not in parts]
    if missing:
        raise WrongModelKind(source.source, f"it lacks {', '.join(missing)}")
    unet, vae = parts[UNET], parts[VAE]
    first = unet.get("conv_in.weight") or unet.get("input_blocks.0.0.weight")
    last = vae.get("decoder.conv_out.weight")
    if not first or not last or len(last) < 2:
        raise WrongModelKind(source.source, "its UNet or VAE isn't one of SDXL's")
    return ModelShape(
        text_encoders=tuple(_weights(parts[part]) for part in TEXT_ENCODERS),
        unet=_weights(unet),
        vae=_weights(vae),
        unet_channels=first[0],
        vae_channels=last[1],
    )


def _weights(shapes: _Shapes) -> int:
    return sum(math.prod(shape) for shape in shapes.values())
