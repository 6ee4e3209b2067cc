"""The import of what draws: torch, diffusers, transformers and our rooms on top of them, which takes seconds."""

import gc
import importlib
import sys

ROOM = "generation.engine.sdxl_model"


def import_libraries() -> None:
    """Import all that the engine's thread works with, at its first call; later ones cost nothing.

    The collector of cyclic garbage rests meanwhile: nothing of the million objects that come is garbage, and to walk
    through them again and again takes a tenth of the time. Afterwards they are set aside, so that later collections,
    which stop the event loop, don't walk through them either. No model is loaded yet, so none is ever set aside.
    """
    if ROOM in sys.modules:
        return
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module(ROOM)
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
