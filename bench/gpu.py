"""What a GPU makes of the engine's settings, beside the model card's own script; one command for a GPU machine.

    python -m bench.gpu --json gpu.json       SDXL's own size, random weights made on the device: nothing is downloaded
    python -m bench.gpu --tiny                the practice model on a CPU: whether this bench works, no figures to keep
    python -m bench.gpu --way compile         the script and those settings alone whose names hold this word

The script is the model card's call of diffusers' pipeline in float16, 832 x 1216 and 28 steps; its community pipeline,
which has to be downloaded, encodes prompts otherwise and draws alike. Each setting is measured in a process of its own:
one that runs out of memory, or isn't for this GPU, is told as such and the others go on.
"""

import asyncio
import json
import logging
import multiprocessing
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import ParamSpec, TypeVar

import click
import torch

from bench.checkpoint import build_full
from bench.loads import Arrival, Load
from bench.machine import describe_machine
from bench.ways import OurService, Served, Setup, StockPipeline
from generation.aspect_ratio import AspectRatio
from generation.engine.compilation import COMPILER_THREAD
from generation.engine_options import EngineOptions
from generation.errors import ModelUnavailable
from generation.model_errors import first_line
from generation.model_source import ModelSource
from generation.tiny_checkpoint import build_tiny_checkpoint

P = ParamSpec("P")
T = TypeVar("T")

SIZES = (AspectRatio.PORTRAIT, AspectRatio.SQUARE)
CARD = "the card's script"


@dataclass(frozen=True, slots=True)
class Setting:
    """One way in which the engine may be set; `slots` None measures at start how many pay. `again`: start alone."""

    name: str
    slots: int | None = None
    compile: bool = False
    float8: bool = False
    again: bool = False

    @property
    def way(self) -> str:
        """What it is called among the ways that are measured."""
        return f"{self.name}, started again" if self.again else self.name


SETTINGS = (
    Setting("engine, slots auto"),
    Setting("engine, compile", compile=True),
    Setting("engine, compile", compile=True, again=True),
    Setting("engine, compile and float8", compile=True, float8=True),
    Setting("engine, float8", float8=True),
    Setting("engine, 1 slot", slots=1),
    Setting("engine, 16 slots", slots=16),
)
"""What is told most by comes first: each is written down once it is measured, whatever happens to those after it."""

MOST_ONE_BY_ONE = 4
"""Who draws one picture after another is as fast with this many in flight as with more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and with which model."""

    setup: Setup
    steps: int
    pictures: int
    in_flight: tuple[int, ...]
    compile_cache: Path

    def load(self, count: int, size: AspectRatio) -> Load:
        """`count` requests at once, of the card's steps."""
        arrivals = (
            Arrival(at_s=0.0, seed=seed, aspect_ratio=size, num_inference_steps=self.steps)
            for seed in range(count)
        )
        return Load(size.value, tuple(arrivals))


@dataclass(slots=True)
class Outcome:
    """What was measured of one way: seconds of a picture alone by size, pictures a second by how many are in flight.

    `ready_s` is the time from imported libraries to a model that draws, for a compiled UNet until it is compiled.
    `saving_s` is how much of a picture's time goes by while its PNG file is written and nothing is drawn. The memory is
    the most while drawing: what tensors took, and what torch held for them. `slots` is how many were drawn at once at
    the end: less than asked for where the memory holds less. `error` says why the rest is missing.
    """

    way: str
    ready_s: float = 0.0
    picture_s: dict[str, float] = field(default_factory=dict)
    pictures_per_s: dict[int, float] = field(default_factory=dict)
    peak_mb: float = 0.0
    peak_held_mb: float = 0.0
    saving_s: float = 0.0
    slots: int = 1
    error: str = ""


def measure_card(plan: Plan) -> Outcome:
    """The baseline: one picture after another, whoever else waits."""
    outcome = Outcome(CARD)
    try:
        begin = time.perf_counter()
        pipeline = StockPipeline(plan.setup)
        outcome.ready_s = time.perf_counter() - begin
        _measure(plan, outcome, lambda load: pipeline.serve(load, 1), one_by_one=True)
        outcome.saving_s = median(pipeline.saving_s)
    except Exception as error:  # whatever it is, the other ways go on
        outcome.error = _told(error)
    _note_memory(outcome)
    return outcome


def measure_engine(plan: Plan, setting: Setting) -> Outcome:
    """The bot's own service under one setting."""
    outcome = Outcome(setting.way)
    usual = AspectRatio.PORTRAIT
    options = EngineOptions(
        max_batch_slots=setting.slots,
        usual_size=(usual.width // plan.setup.shrink, usual.height // plan.setup.shrink),
        compile=setting.compile,
        compile_cache=plan.compile_cache,
        float8=setting.float8,
    )
    troubles = _Troubles()
    logging.getLogger("generation.engine").addHandler(troubles)
    with asyncio.Runner() as runner:
        begin = time.perf_counter()
        service = OurService(plan.setup, options)
        try:
            runner.run(service.start())
            _wait_for_compiler()
            outcome.ready_s = time.perf_counter() - begin
            if not setting.again:
                one_by_one = setting.slots == 1
                _measure(plan, outcome, lambda load: runner.run(service.serve(load)), one_by_one=one_by_one)
            outcome.slots = service.slots
        except Exception as error:  # as above
            outcome.error = _told(error)
        _note_memory(outcome)
        try:
            runner.run(service.stop())
        except Exception as error:  # what was measured stays
            outcome.error = outcome.error or _told(error)
    outcome.error = outcome.error or "; ".join(troubles.lines)
    return outcome


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--tiny", is_flag=True, help="The practice model, to see that this works.")
@click.option("--device", help="cuda, or one of several, such as cuda:1; with --tiny also cpu.")
@click.option(
    "--way", "words", multiple=True, help="Only the settings whose names hold this; may be repeated."
)
@click.option("--folder", type=click.Path(path_type=Path), default="data/bench", show_default=True)
@click.option("--steps", default=28, show_default=True)
@click.option(
    "--pictures",
    default=5,
    show_default=True,
    help="Pictures of which a time is the median; a rate is that of half as many rounds.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path),
    help="Write all figures there, each way's as soon as it is measured.",
)
def main(
    *,
    tiny: bool,
    device: str | None,
    words: tuple[str, ...],
    folder: Path,
    steps: int,
    pictures: int,
    json_file: Path | None,
) -> None:
    """Measure everything and print it."""
    device = device or ("cpu" if tiny else "cuda")
    if device != "cpu" and not torch.cuda.is_available():
        raise click.ClickException("torch sees no CUDA device. To see whether the bench works: --tiny")
    settings = chosen(words, device)
    if not settings:
        raise click.BadParameter(f"None of the settings that this device can do: {', '.join(words)}")
    machine = describe_machine(device)
    click.echo(machine)
    checkpoint = (
        build_tiny_checkpoint(folder / "tiny-sdxl")
        if tiny
        else _in_own_process(build_full, folder / "full", device)
    )
    plan = Plan(
        Setup(ModelSource(source=str(checkpoint), device=device), shrink=8 if tiny else 1),
        steps=2 if tiny else steps,
        pictures=2 if tiny else pictures,
        in_flight=(1, 4) if tiny else (1, 4, 8, 16),
        compile_cache=folder / "compiled",
    )
    shutil.rmtree(plan.compile_cache, ignore_errors=True)  # so that the first start finds nothing there
    outcomes = []
    for outcome in measure_all(plan, settings):
        outcomes.append(outcome)
        if json_file is not None:
            told = {"machine": machine, "steps": plan.steps, "ways": [asdict(each) for each in outcomes]}
            json_file.write_text(json.dumps(told, indent=2), encoding="utf-8")
    for line in tables(outcomes, plan):
        click.echo(line)


def chosen(words: Sequence[str], device: str) -> list[Setting]:
    """Return the settings whose names hold one of `words`, all where there are none; on a CPU those that it can do."""
    able = [setting for setting in SETTINGS if device != "cpu" or not (setting.compile or setting.float8)]
    return [setting for setting in able if not words or any(word in setting.name for word in words)]


def measure_all(plan: Plan, settings: Sequence[Setting]) -> Iterator[Outcome]:
    """Measure the card's script, then every setting, each in a process of its own."""
    ways: list[tuple[str, Callable[[Plan], Outcome]]] = [
        (CARD, measure_card),
        *((setting.way, partial(measure_engine, setting=setting)) for setting in settings),
    ]
    for name, measure in ways:
        click.echo(f"measuring: {name} ...", err=True)
        try:
            yield _in_own_process(measure, plan)
        except Exception as error:  # the process died, such as by the system's lack of memory
            yield Outcome(name, error=_told(error))


def tables(outcomes: Sequence[Outcome], plan: Plan) -> Iterator[str]:
    """Write the figures as two tables, each with its ratio to the card's script, and what went wrong."""
    card = next((outcome for outcome in outcomes if outcome.way == CARD), None)
    sizes = [_pixels(size, plan.setup.shrink) for size in SIZES]
    yield ""
    yield (
        "| way | "
        + " | ".join(f"{size}, s" for size in sizes)
        + " | slots | ready after, s | peak memory, MB | held by torch, MB |"
    )
    yield "| --- |" + " ---: |" * (len(sizes) + 4)
    for outcome in outcomes:
        base = {} if card is None else card.picture_s
        cells = [_cell(outcome.picture_s.get(size), base.get(size), faster=True) for size in sizes]
        told = (
            f"{outcome.slots}",
            f"{outcome.ready_s:.1f}",
            f"{outcome.peak_mb:.0f}",
            f"{outcome.peak_held_mb:.0f}",
        )
        yield f"| {' | '.join((outcome.way, *cells, *told))} |"
    yield ""
    yield f"Pictures a second at {sizes[0]}, by how many are in flight:"
    yield ""
    yield "| way | " + " | ".join(map(str, plan.in_flight)) + " |"
    yield "| --- |" + " ---: |" * len(plan.in_flight)
    for outcome in outcomes:
        rates = {} if card is None else card.pictures_per_s
        cells = [
            _cell(outcome.pictures_per_s.get(count), rates.get(min(count, MOST_ONE_BY_ONE)), faster=False)
            for count in plan.in_flight
        ]
        yield f"| {outcome.way} | {' | '.join(cells)} |"
    yield ""
    yield (
        f"In brackets: how many times better than {CARD}, in the same run; {plan.steps} steps. Who draws one picture "
        f"after another is measured with {MOST_ONE_BY_ONE} in flight and is as fast with more."
    )
    if card is not None and card.saving_s:
        yield f"Of each picture {CARD} takes {card.saving_s:.2f} s to write the PNG file, and draws nothing meanwhile."
    for outcome in outcomes:
        if outcome.error:
            yield f"- {outcome.way}: {outcome.error}"


def _measure(plan: Plan, outcome: Outcome, serve: Callable[[Load], Served], *, one_by_one: bool) -> None:
    if torch.cuda.is_available():
        # A start tries out how many pictures pay side by side, more than are drawn later.
        torch.cuda.reset_peak_memory_stats()
    for size in SIZES:
        serve(plan.load(1, size))  # nobody's first call is timed
        times = [serve(plan.load(1, size)).total_s for _ in range(plan.pictures)]
        outcome.picture_s[_pixels(size, plan.setup.shrink)] = median(times)
    outcome.pictures_per_s[1] = 1 / outcome.picture_s[_pixels(SIZES[0], plan.setup.shrink)]
    most = MOST_ONE_BY_ONE if one_by_one else max(plan.in_flight)
    if not one_by_one:
        serve(plan.load(most, SIZES[0]))  # nor the first of many at once
    for count in plan.in_flight:
        if 1 < count <= most:
            rates = [
                count / serve(plan.load(count, SIZES[0])).total_s for _ in range(max(1, plan.pictures // 2))
            ]
            outcome.pictures_per_s[count] = median(rates)


def _in_own_process(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(call, *arguments, **named).result()


class _Troubles(logging.Handler):
    """Collects what the engine warns of: a UNet that isn't compiled, slots given up for memory."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage().partition("\n")[0]
        if line not in self.lines:
            self.lines.append(line)


def _wait_for_compiler() -> None:
    """Wait until the UNet is compiled, where it is; the engine takes it with the next picture."""
    for thread in threading.enumerate():
        if thread.name == COMPILER_THREAD:
            thread.join()


def _note_memory(outcome: Outcome) -> None:
    """Note the most memory that was in use: the device's, or on a CPU this process's."""
    if torch.cuda.is_available():
        outcome.peak_mb = torch.cuda.max_memory_allocated() / 1e6
        outcome.peak_held_mb = torch.cuda.max_memory_reserved() / 1e6
    elif sys.platform == "win32":
        outcome.peak_mb = outcome.peak_held_mb = float("nan")
    else:
        import resource  # noqa: PLC0415 - Windows has none

        unit = 1e6 if sys.platform == "darwin" else 1e3
        outcome.peak_mb = outcome.peak_held_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _pixels(size: AspectRatio, shrink: int) -> str:
    return f"{size.width // shrink}x{size.height // shrink}"


def _cell(value: float | None, base: float | None, *, faster: bool) -> str:
    """A figure and its ratio to the baseline; a dash where there is none. `faster`: less is better."""
    if value is None:
        return "–"
    if base is None:
        return f"{value:.3g}"
    return f"{value:.3g} ({base / value if faster else value / base:.2f}×)"


def _told(error: Exception) -> str:
    cause = error.cause if isinstance(error, ModelUnavailable) else error
    return f"{type(cause).__name__}: {first_line(cause)}"


if __name__ == "__main__":
    main()
