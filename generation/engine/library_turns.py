"""Turns for threads that share torch, transformers and diffusers: what these change for a while, they change for all.

While a model is loaded, transformers sets torch's default dtype; while a model or an adapter is made, accelerate and
peft replace a method of `torch.nn.Module`. Both are seen by every thread of the process. What torch compiles holds for
the default dtype that it was compiled under.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class LibraryTurns:
    """Many draw and compile at a time, who loads a model does so alone. While drawing, one at a time loads `adapters`.

    To compile takes minutes: who waits for the end of that in order to load keeps nobody from drawing.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._drawing = self._compiling = 0
        self._waiting_to_load = 0
        self._loaders = 0
        self._is_loading = False
        self.adapters = threading.Lock()

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Draw beside others, once nobody loads or could load if it weren't for the drawing."""
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
    def compiling(self, is_wanted: Callable[[], bool]) -> Iterator[bool]:
        """Compile beside those who draw, once nobody loads or waits to load; False where nobody wants it any more.

        `is_wanted` is asked at once, and whenever somebody begins to wait for loading, or has loaded.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting_to_load or not is_wanted())
            begins = is_wanted()
            self._compiling += begins
        try:
            yield begins
        finally:
            with self._changed:
                self._compiling -= begins
                self._changed.notify_all()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Load a model alone, once nobody compiles, and what is being drawn has come to the end of its step."""
        with self._changed:
            self._waiting_to_load += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._compiling)
            self._loaders += 1
            self._changed.wait_for(lambda: not self._drawing and not self._is_loading)
            self._is_loading = True
        try:
            yield
        finally:
            with self._changed:
                self._waiting_to_load -= 1
                self._loaders -= 1
                self._is_loading = False
                self._changed.notify_all()


LIBRARY_TURNS = LibraryTurns()
"""Those of this process, for all its engines; one that was closed while it loads its model still takes its turn."""
