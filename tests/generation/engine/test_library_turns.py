"""Who may use the libraries beside whom: drawing, compiling, loading."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from generation.engine import compilation
from generation.engine.engine import EngineState
from generation.engine.library_turns import LIBRARY_TURNS, LibraryTurns
from generation.engine.local_engine import LocalEngine
from generation.engine.many_devices import ManyDevices
from generation.engine.sdxl_model import SdxlModel
from generation.engine_options import EngineOptions
from generation.model_source import ModelSource
from tests.generation.engine.jobs import small_job

LONG_S, SHORT_S = 60, 0.2


class Turn:
    """A turn that a thread of its own asks for, and holds until it is told to leave."""

    def __init__(self, turn: AbstractContextManager[Any]) -> None:
        self.has_come, self._leaves = threading.Event(), threading.Event()
        self.value: Any = None
        self._thread = threading.Thread(target=self._hold, args=(turn,), daemon=True)
        self._thread.start()

    def _hold(self, turn: AbstractContextManager[Any]) -> None:
        with turn as self.value:
            self.has_come.set()
            self._leaves.wait(LONG_S)

    def comes(self) -> bool:
        return self.has_come.wait(LONG_S)

    def waits(self) -> bool:
        return not self.has_come.wait(SHORT_S)

    def leave(self) -> None:
        self._leaves.set()
        self._thread.join(LONG_S)


def test_many_draw_and_who_loads_waits_for_them_and_keeps_newcomers_out() -> None:
    turns = LibraryTurns()
    first, second = Turn(turns.drawing()), Turn(turns.drawing())
    assert first.comes()
    assert second.comes()
    loading = Turn(turns.loading())
    assert loading.waits()
    late = Turn(turns.drawing())
    assert late.waits()
    first.leave()
    second.leave()
    assert loading.comes()
    assert late.waits()
    loading.leave()
    assert late.comes()
    late.leave()


def test_one_loads_at_a_time() -> None:
    turns = LibraryTurns()
    first = Turn(turns.loading())
    assert first.comes()
    second = Turn(turns.loading())
    assert second.waits()
    first.leave()
    assert second.comes()
    second.leave()


def test_who_loads_waits_for_who_compiles_and_meanwhile_all_draw() -> None:
    turns = LibraryTurns()
    compiling = Turn(turns.compiling(lambda: True))
    assert compiling.comes()
    loading = Turn(turns.loading())
    assert loading.waits()
    drawing = Turn(turns.drawing())
    assert drawing.comes()
    compiling.leave()
    assert loading.waits()
    drawing.leave()
    assert loading.comes()
    loading.leave()


def test_nobody_begins_to_compile_while_somebody_loads_or_waits_to() -> None:
    turns = LibraryTurns()
    first = Turn(turns.compiling(lambda: True))
    assert first.comes()
    loading = Turn(turns.loading())
    assert loading.waits()
    second = Turn(turns.compiling(lambda: True))
    assert second.waits()
    first.leave()
    assert loading.comes()
    assert second.waits()
    loading.leave()
    assert second.comes()
    assert second.value is True
    second.leave()


def test_what_nobody_wants_compiled_any_more_does_not_wait_for_who_loads() -> None:
    turns = LibraryTurns()
    is_wanted = True
    first = Turn(turns.loading())
    assert first.comes()
    compiling = Turn(turns.compiling(lambda: is_wanted))
    assert compiling.waits()
    is_wanted = False
    second = Turn(turns.loading())
    assert compiling.comes()
    assert compiling.value is False
    first.leave()
    assert second.comes()
    second.leave()
    compiling.leave()


def source_of(checkpoint: Path) -> ModelSource:
    return ModelSource(source=str(checkpoint), device="cpu")


@contextmanager
def watched_loads(monkeypatch: pytest.MonkeyPatch, during: Callable[[], None]) -> Iterator[list[int]]:
    """Call `during` in the middle of every load of a model; yields how many loads were under way, at each."""
    under_way, counts = threading.Semaphore(0), list[int]()
    make, lock = SdxlModel.__init__, threading.Lock()

    def watched(model: SdxlModel, *arguments: Any) -> None:
        under_way.release()
        with lock:
            counts.append(under_way._value)
        try:
            during()
            make(model, *arguments)
        finally:
            under_way.acquire()

    with monkeypatch.context() as patch:
        patch.setattr(SdxlModel, "__init__", watched)
        yield counts


async def test_an_engine_closed_while_it_loads_and_its_successor_never_load_side_by_side(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        has_begun.set()
        go_on.wait(LONG_S)

    with watched_loads(monkeypatch, hold) as counts:
        former, successor = (LocalEngine(source_of(tiny_checkpoint)) for _ in range(2))
        former_loading = asyncio.ensure_future(former.load())
        await asyncio.to_thread(has_begun.wait, LONG_S)
        await former.close()
        former_loading.cancel()
        loading = asyncio.ensure_future(successor.load())
        await asyncio.sleep(1.0)  # time enough to come to its own load, if nothing kept it back
        go_on.set()
        await loading
        with suppress(asyncio.CancelledError):
            await former_loading
        await successor.close()
    assert counts == [1, 1]
    assert successor.state is EngineState.READY


async def test_of_several_devices_none_is_compiled_before_all_are_loaded_and_drawing_goes_on_meanwhile(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    go_on = threading.Event()

    class SlowlyCompiledUnet(compilation.CompiledUnet):
        """Draws as it is, and takes its time over the first call, as a compiler does."""

        def __init__(self, unet: Callable[..., Any], cache: Path) -> None:
            super().__init__(unet, cache, backend="eager")

            def compile_and_draw(*arguments: Any, **named: Any) -> Any:
                told.append("compiling")
                assert go_on.wait(LONG_S)
                return unet(*arguments, **named)

            self._compiled = compile_and_draw

    monkeypatch.setattr("generation.engine.sdxl_model.CompiledUnet", SlowlyCompiledUnet)
    options = EngineOptions(usual_size=(64, 64), compile=True, compile_cache=tmp_path)
    engine = ManyDevices(source_of(tiny_checkpoint), ("cpu", "cpu"), options)
    try:
        with watched_loads(monkeypatch, lambda: told.append("loading")):
            await asyncio.wait_for(engine.load(), LONG_S)
            while told.count("compiling") < 2:
                await asyncio.sleep(0.01)
            assert told == ["loading"] * 2 + ["compiling"] * 2
            assert len(await asyncio.wait_for(engine.draw(small_job(1, 2), lambda _: None), LONG_S)) == 2
            again = asyncio.ensure_future(engine.load())
            while not LIBRARY_TURNS._waiting_to_load:
                await asyncio.sleep(0.01)
            await asyncio.sleep(SHORT_S)
            assert told.count("loading") == 2
            go_on.set()
            await asyncio.wait_for(again, LONG_S)
            assert told.count("loading") == 4
    finally:
        go_on.set()
        await engine.close()
