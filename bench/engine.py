"""Our engine against the model card's script and stock diffusers in static batches: the same requests, one process.

    python -m bench.engine                    a checkpoint of 280 MB built on the spot, small pictures: for a CPU
    python -m bench.engine --full             SDXL's own size, random weights, full pictures: for a GPU
    python -m bench.engine --checkpoint PATH  any checkpoint

Every load is served in real time: a request's latency runs from its arrival to its PNG file. What is 100 % of
capacity is measured first, as the throughput of the model card's script. The script's own community pipeline,
which has to be downloaded, encodes prompts otherwise and draws alike; the stock pipeline stands for it. Two models
are in memory side by side: with `--full` a card of 24 GB or more is needed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import torch

from bench.checkpoint import build_full, build_medium
from bench.loads import Load, all_at_once, mixed_at_once, poisson
from bench.machine import describe_machine
from bench.table import OURS, table
from bench.ways import OurService, Served, Setup, StockPipeline
from generation.aspect_ratio import AspectRatio
from generation.engine_options import EngineOptions
from generation.model_source import ModelSource

ONE_BY_ONE, STATIC = "the card's script, one by one", "stock diffusers, static batches"
UNIFORM_STEPS = 12
CPU_SHRINK = 4
"""On a CPU a picture of the nine sizes takes minutes; a quarter of each side takes a second or two."""


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Draw with this diffusers folder.")
@click.option("--full", is_flag=True, help="Draw with random weights of SDXL's size.")
@click.option("--folder", type=click.Path(path_type=Path), default="data/bench", show_default=True)
@click.option(
    "--requests", default=10, show_default=True, help="Pictures in a load; twice as many in a mixed one."
)
@click.option("--rounds", default=2, show_default=True, help="How often each load is served in each way.")
@click.option("--static-batch", default=4, show_default=True, help="Pictures at once in a static batch.")
@click.option("--slots", type=int, help="Pictures at once in our engine (measured unless given).")
@click.option("--compile", is_flag=True, help="Have our engine compile the UNet.")
@click.option("--float8", is_flag=True, help="Have our engine compute linear layers in 8 bits.")
def main(
    checkpoint: Path | None,
    full: bool,
    folder: Path,
    requests: int,
    rounds: int,
    static_batch: int,
    slots: int | None,
    compile: bool,  # noqa: A002 - the option's name
    float8: bool,
) -> None:
    """Run the comparison and print it."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if checkpoint is None:
        checkpoint = build_full(folder / "full", device) if full else build_medium(folder / "medium")
    setup = Setup(ModelSource(source=str(checkpoint), device=device), CPU_SHRINK if device == "cpu" else 1)
    usual = AspectRatio.PORTRAIT
    options = EngineOptions(
        max_batch_slots=slots,
        usual_size=(usual.width // setup.shrink, usual.height // setup.shrink),
        compile=compile,
        compile_cache=folder / "compiled",
        float8=float8,
    )
    click.echo(describe_machine(device))

    def show(load: Load, ways: dict[str, Served]) -> None:
        for line in table(load, ways):
            click.echo(line)

    asyncio.run(compare(setup, options, requests, rounds, static_batch, show))


async def compare(
    setup: Setup,
    options: EngineOptions,
    requests: int,
    rounds: int,
    static_batch: int,
    show: Callable[[Load, dict[str, Served]], None],
) -> None:
    """Serve every load in every way, one after another, and `show` each outcome.

    In each round another way comes first, so that a machine that slows down meanwhile slows down none more.
    """
    ours = OurService(setup, options)
    # Before the other model is there, whose memory the engine would count as taken.
    await ours.start()
    stock = await asyncio.to_thread(StockPipeline, setup)
    uniform, mixed = all_at_once(requests, UNIFORM_STEPS), mixed_at_once(2 * requests)
    try:
        # Nobody's first call is timed.
        for warm_up in (all_at_once(1, 1), mixed_at_once(6)):
            await _in_all_ways(warm_up, stock, ours, static_batch, rounds=1)
        speeds = []  # requests a second that the card's script bears
        for load in (uniform, mixed):
            ways = await _in_all_ways(load, stock, ours, static_batch, rounds)
            speeds.append(len(ways[ONE_BY_ONE].latencies_s) / ways[ONE_BY_ONE].total_s)
            show(load, ways)
        for load in (
            poisson("arrivals at 50 % of capacity", uniform, 0.5 * speeds[0]),
            poisson("arrivals at 90 % of capacity", uniform, 0.9 * speeds[0]),
            poisson("mixed, arrivals at 90 % of capacity", mixed, 0.9 * speeds[1]),
        ):
            show(load, await _in_all_ways(load, stock, ours, static_batch, rounds))
    finally:
        await ours.stop()


async def _in_all_ways(
    load: Load, stock: StockPipeline, ours: OurService, static_batch: int, rounds: int
) -> dict[str, Served]:
    ways: dict[str, Callable[[], Awaitable[Served]]] = {
        ONE_BY_ONE: lambda: asyncio.to_thread(stock.serve, load, 1),
        STATIC: lambda: asyncio.to_thread(stock.serve, load, static_batch),
        OURS: lambda: ours.serve(load),
    }
    order = list(ways)
    served: dict[str, list[Served]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name in order:
            served[name].append(await ways[name]())
        order.append(order.pop(0))
    return {
        name: Served(
            tuple(latency for one in several for latency in one.latencies_s),
            sum(one.total_s for one in several),
        )
        for name, several in served.items()
    }


if __name__ == "__main__":
    main()
