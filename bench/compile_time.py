"""How long torch's compiler works on SDXL's UNet: block by block, as the engine has it, and as one graph.

    python -m bench.compile_time                         with inductor, as the engine has it: many minutes
    python -m bench.compile_time --backend aot_eager     without writing kernels

The UNet has SDXL's own layers a quarter as wide, so that a CPU's time goes into the compiler and not into the numbers.
Each way has a process and an empty cache of its own, and ends after `--limit`.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import click
import torch
from diffusers import UNet2DConditionModel

from bench.machine import describe_machine
from generation.engine import sdxl_config
from generation.engine.compilation import CompiledUnet
from generation.engine.text_attention import attend_by_text_length

WIDTHS = (80, 160, 320)
"""Channels of the UNet's three levels; SDXL has 320, 640 and 1280."""

SHAPES = ((2, 16, 24, 77), (2, 24, 24, 154), (4, 24, 16, 77))
"""Rows, height and width of the latents, places for text: what is equal in none of the three stays open."""

BLOCKS, WHOLE = "block by block", "as one graph"
WAYS = BLOCKS, WHOLE

ROUNDS = 3
"""Steps of each shape that are timed, turn by turn."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """How long it took until all shapes had been called once, and how a step then compares with a plain one.

    `compile_s` is over what the calls themselves take; the ratio is the median over shapes and rounds.
    """

    compile_s: float
    step_ratio: float
    largest_difference: float


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--backend", default="inductor", show_default=True)
@click.option("--limit", default=900.0, show_default=True, help="Seconds after which a way is given up.")
@click.option("--way", "ways", multiple=True, type=click.Choice(WAYS), default=WAYS)
def main(backend: str, limit: float, ways: tuple[str, ...]) -> None:
    """Measure each way and print it as soon as it is measured."""
    click.echo(f"{describe_machine('cpu')}, {backend}, one thread\n")
    click.echo("| the UNet compiled | s to compile | a step, times a plain one's | largest difference |")
    click.echo("| --- | ---: | ---: | ---: |")
    for way in ways:
        click.echo(f"| {way} | {_within(limit, way, backend)} |")


def measure(way: str, backend: str | Callable[..., Any]) -> Compiled:
    """Compile a UNet one way and call it.

    Raises:
        RuntimeError: it could not be compiled.
    """
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = UNet2DConditionModel.load_config(Path(sdxl_config.__file__).parent / "unet")
    unet = UNet2DConditionModel.from_config({**config, "block_out_channels": WIDTHS, "norm_num_groups": 16})
    attend_by_text_length(unet.eval())
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        compiled: Callable[..., Any] = (
            CompiledUnet(unet, Path(cache), backend=backend)
            if way == BLOCKS
            else torch.compile(unet, dynamic=True, fullgraph=True, backend=backend)
        )
        plain = [_called(unet, shape) for shape in SHAPES]
        first = [_called(compiled, shape) for shape in SHAPES]
        ratios, steps_s = [], 0.0
        for shape in SHAPES:
            pairs = [(_called(compiled, shape)[0], _called(unet, shape)[0]) for _ in range(ROUNDS)]
            ratios += [new / old for new, old in pairs]
            steps_s += median(new for new, _ in pairs)
        if isinstance(compiled, CompiledUnet) and not compiled.is_compiled:
            raise RuntimeError("the UNet could not be compiled")
    return Compiled(
        compile_s=sum(seconds for seconds, _ in first) - steps_s,
        step_ratio=median(ratios),
        largest_difference=max(
            float((new - old).abs().max() / old.abs().max())
            for (_, new), (_, old) in zip(first, plain, strict=True)
        ),
    )


def _within(limit: float, way: str, backend: str) -> str:
    """Measure in a process of its own, which is killed when its time is over; returns the cells of the table."""
    context = multiprocessing.get_context("spawn")
    answers, answer = context.Pipe(duplex=False)
    process = context.Process(target=_measure_and_send, args=(answer, way, backend))
    process.start()
    answer.close()  # so that a process that dies ends the waiting
    try:
        if not answers.poll(limit):
            return f"more than {limit:.0f} | |"
        found: Compiled = answers.recv()
    except EOFError:
        return "failed | |"
    finally:
        process.kill()
        process.join()
    return f"{found.compile_s:.1f} | {found.step_ratio:.2f} | {found.largest_difference:.0e}"


def _measure_and_send(answer: Connection, way: str, backend: str) -> None:
    answer.send(measure(way, backend))


def _called(unet: Callable[..., Any], shape: tuple[int, int, int, int]) -> tuple[float, torch.Tensor]:
    """Call it for one step; returns the seconds and the prediction."""
    rows, height, width, places = shape
    numbers = torch.Generator().manual_seed(1)

    def noise(*sizes: int) -> torch.Tensor:
        return torch.randn(*sizes, generator=numbers)

    with torch.inference_mode():
        latents, texts = noise(rows, 4, height, width), noise(rows, places, 2048)
        added = {"text_embeds": noise(rows, 1280), "time_ids": noise(rows, 6)}
        begin = time.perf_counter()
        (prediction,) = unet(
            latents,
            torch.full((rows,), 500.0),
            encoder_hidden_states=texts,
            encoder_attention_mask=torch.ones(rows, places),
            added_cond_kwargs=added,
            return_dict=False,
        )
        return time.perf_counter() - begin, prediction


if __name__ == "__main__":
    main()
