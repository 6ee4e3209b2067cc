"""The outcome of a benchmark as a table, with the ratios that it is judged by."""

from collections.abc import Iterator, Mapping
from itertools import cycle
from statistics import median, quantiles

from bench.loads import Load
from bench.ways import Served

OURS = "our engine"

LEAST_THROUGHPUT = 0.97
MOST_LATENCY = 1.05
LEAST_SHORT_GAIN = 1.5


def p95(latencies_s: tuple[float, ...]) -> float:
    """Return the latency that 95 in 100 stay below."""
    return quantiles(latencies_s, n=20, method="inclusive")[-1] if len(latencies_s) > 1 else latencies_s[0]


def table(load: Load, ways: Mapping[str, Served]) -> Iterator[str]:
    """Write one load's rows: what each way reached, then ours as ratios to the best of the others."""
    yield ""
    yield f"### {load.name}: {len(load.arrivals)} pictures"
    yield ""
    yield "| way | pictures a minute | p50 s | p95 s | p50 of few steps, s |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for name, served in ways.items():
        yield (
            f"| {name} | {_throughput(served):.2f} | {median(served.latencies_s):.2f} "
            f"| {p95(served.latencies_s):.2f} | {_short_text(load, served)} |"
        )
    others = [served for name, served in ways.items() if name != OURS]
    ours = ways[OURS]
    throughput = _throughput(ours) / max(map(_throughput, others))
    middle = median(ours.latencies_s) / min(median(served.latencies_s) for served in others)
    tail = p95(ours.latencies_s) / min(p95(served.latencies_s) for served in others)
    yield ""
    yield f"- throughput {throughput:.3f} of the best other {verdict(throughput >= LEAST_THROUGHPUT)}"
    yield f"- p50 {middle:.3f} of the best other {verdict(middle <= MOST_LATENCY)}"
    yield f"- p95 {tail:.3f} of the best other {verdict(tail <= MOST_LATENCY)}"
    short = _short(load, ours)
    if short and len(short) < len(ours.latencies_s):
        one_by_one = next(iter(ways.values()))
        gain = median(_short(load, one_by_one)) / median(short)
        yield f"- few steps: p50 {gain:.2f} times better than one by one {verdict(gain >= LEAST_SHORT_GAIN)}"


def _throughput(served: Served) -> float:
    """Pictures a minute."""
    return 60 * len(served.latencies_s) / served.total_s


def _short(load: Load, served: Served) -> list[float]:
    return [
        latency
        # Of several rounds one follows the other.
        for arrival, latency in zip(cycle(load.arrivals), served.latencies_s, strict=False)
        if arrival.is_short
    ]


def _short_text(load: Load, served: Served) -> str:
    short = _short(load, served)
    return f"{median(short):.2f}" if short else ""


def verdict(is_reached: bool) -> str:
    """Say whether a mark was reached, so that a miss can't be overlooked."""
    return "(reached)" if is_reached else "(MISSED)"
