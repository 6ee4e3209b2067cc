"""A model's files asked for early, so that the disk reads them while the processor imports the libraries."""

import os
from pathlib import Path

from generation.model_source import ModelSource

SUFFIX = ".safetensors"


def read_ahead(source: ModelSource) -> int:
    """Ask the system to bring the weights of `source` into memory; returns how many files were asked for.

    It returns at once, before they are there. A hint, for sources on this machine and systems that take it: nothing
    depends on it, and whoever loads the model tells what is wrong with a file.
    """
    if not hasattr(os, "posix_fadvise"):
        return 0
    asked = 0
    for file in _files(source):
        try:
            descriptor = os.open(file, os.O_RDONLY)
        except OSError:
            continue
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
            asked += 1
        finally:
            os.close(descriptor)
    return asked


def _files(source: ModelSource) -> list[Path]:
    path = Path(source.source).expanduser()
    if path.is_dir():
        return sorted(path.glob(f"*/*{SUFFIX}"))
    if path.suffix.lower() == SUFFIX and path.is_file():
        return [path]
    return []
