"""Turns for threads that share torch, transformers and diffusers: what these change for a while, they change for all.

While a model is loaded, transformers sets torch's default dtype; while a model or an adapter is made, accelerate and
peft replace a method of `torch.nn.Module`. Both are seen by every thread of the process.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class LibraryTurns:
    """Many draw at a time, who loads a model does so alone. While drawing, one at a time loads `adapters`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._drawing = 0
        self._loaders = 0
        self._is_loading = False
        self.adapters = threading.Lock()

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Draw beside others, once nobody loads or waits to load."""
        with self._changed:
            self._changed.wait_for(lambda: not self._loaders)
            self._drawing += 1
        try:
            yield
        finally:
            with self._changed:
                self._drawing -= 1
                self._changed.notify_all()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Load a model alone, once what is being drawn has come to the end of its step."""
        with self._changed:
            self._loaders += 1
            self._changed.wait_for(lambda: not self._drawing and not self._is_loading)
            self._is_loading = True
        try:
            yield
        finally:
            with self._changed:
                self._loaders -= 1
                self._is_loading = False
                self._changed.notify_all()


LIBRARY_TURNS = LibraryTurns()
"""Those of this process, for all its engines; one that was closed while it loads its model still takes its turn."""
