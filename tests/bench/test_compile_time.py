"""The bench of torch's compiler: each way has its row, one that takes too long or fails as well."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from bench import compile_time
from bench.compile_time import BLOCKS, main, measure


@pytest.fixture
def _threads_as_before() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def failing_backend(_graph: torch.fx.GraphModule, _inputs: list[Any]) -> Callable[..., Any]:
    raise RuntimeError("no kernels today")


def test_a_way_that_takes_too_long_or_fails_has_its_row() -> None:
    result = CliRunner().invoke(main, ["--backend", "eager", "--limit", "1"])
    assert result.output.count("more than 1 | |") == 2
    result = CliRunner().invoke(main, ["--backend", "no-such-backend", "--way", "as one graph"])
    assert "| as one graph | failed | |" in result.output


@pytest.mark.usefixtures("_threads_as_before")
def test_what_is_measured_was_compiled_and_draws_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_time, "SHAPES", ((2, 8, 8, 77),))
    monkeypatch.setattr(compile_time, "ROUNDS", 1)
    found = measure(BLOCKS, "eager")
    assert found.step_ratio > 0
    assert found.largest_difference < 1e-3
    with pytest.raises(RuntimeError, match="could not be compiled"):
        measure(BLOCKS, failing_backend)
