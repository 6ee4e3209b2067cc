"""The comparison of the engine with its baselines: that it runs, and that its figures are reckoned right."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.engine import ONE_BY_ONE, STATIC, compare
from bench.loads import SHORT_STEPS, Arrival, Load, all_at_once, mixed_at_once, poisson
from bench.table import OURS, p95, table
from bench.ways import Served, Setup, serve_first_come
from generation.aspect_ratio import AspectRatio
from generation.engine_options import EngineOptions
from generation.model_source import ModelSource


@pytest.mark.slow
def test_every_load_is_served_in_every_way(tiny_checkpoint: Path) -> None:
    setup = Setup(ModelSource(source=str(tiny_checkpoint), device="cpu"), shrink=8)
    results: list[tuple[Load, dict[str, Served]]] = []
    asyncio.run(
        compare(
            setup, EngineOptions(), 2, rounds=1, static_batch=2, show=lambda *result: results.append(result)
        )
    )
    assert len(results) == 5
    for load, ways in results:
        assert list(ways) == [ONE_BY_ONE, STATIC, OURS]
        for served in ways.values():
            assert len(served.latencies_s) == len(load.arrivals)
            assert all(0 < latency <= served.total_s for latency in served.latencies_s)
        assert any(OURS in line for line in table(load, ways))


def arrival(at_s: float, steps: int = 20, aspect: AspectRatio = AspectRatio.SQUARE) -> Arrival:
    return Arrival(at_s=at_s, seed=1, aspect_ratio=aspect, num_inference_steps=steps)


def test_a_static_batch_takes_who_waits_for_the_same_and_nobody_else() -> None:
    batches: list[list[Arrival]] = []

    def draw(batch: Sequence[Arrival]) -> None:
        batches.append(list(batch))
        time.sleep(0.05)

    first, other, same, late = arrival(0), arrival(0, steps=5), arrival(0), arrival(0.03)
    load = Load("", (first, other, same, late))
    served = serve_first_come(load, 2, draw)
    assert batches == [[first, same], [other], [late]]
    assert served.latencies_s[0] == served.latencies_s[2]
    assert served.latencies_s[3] < served.total_s - 0.02
    batches.clear()
    serve_first_come(load, 1, draw)
    assert batches == [[first], [other], [same], [late]]


def test_loads_repeat_and_arrive_at_their_rate() -> None:
    pattern = all_at_once(2000, 12)
    load = poisson("busy", pattern, requests_per_s=4.0)
    assert load == poisson("busy", pattern, requests_per_s=4.0)
    assert load.arrivals[-1].at_s == pytest.approx(500, rel=0.1)
    mixed = mixed_at_once(40)
    assert sum(each.is_short for each in mixed.arrivals) == 20
    assert len({each.aspect_ratio for each in mixed.arrivals}) == 3


def test_the_table_gives_ratios_to_the_best_of_the_others_and_tells_misses() -> None:
    load = Load("mixed", (arrival(0, SHORT_STEPS), arrival(0, 28)))
    ways = {
        "one by one": Served((4.0, 8.0), 8.0),
        "static": Served((5.0, 10.0), 10.0),
        OURS: Served((2.0, 9.0), 10.0),
    }
    text = "\n".join(table(load, ways))
    assert "throughput 0.800 of the best other (MISSED)" in text
    assert "p50 0.917 of the best other (reached)" in text
    assert f"p95 {p95((2.0, 9.0)) / p95((4.0, 8.0)):.3f} of the best other (MISSED)" in text
    assert "few steps: p50 2.00 times better than one by one (reached)" in text
