"""Does memory grow while the bot draws? Thousands of tiny drawings, each way in a process of its own.

    python -m bench.memory_slope --drawings 5000

The baseline, in the same run, is the bare engine drawing the same pictures. Beside it: the service with its ledger in
SQLite and its picture files, as the bot has them. A slope is kilobytes of resident memory a drawing, fitted by least
squares to what follows the warm part; blocks of samples are averaged first, since neighbours are not independent.
"""

import asyncio
import io
import json
import multiprocessing
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import click
import diffusers
import torch
import transformers
from diffusers import StableDiffusionXLPipeline
from PIL import Image as PillowImage
from scipy import stats

from bench.machine import describe_machine
from bench.open_terms import open_terms, utc_now
from bench.ways import SmallJobs, SmallPictures
from generation.aspect_ratio import AspectRatio
from generation.engine.engine import EngineState
from generation.engine.local_engine import LocalEngine
from generation.engine_options import EngineOptions
from generation.job import Finished
from generation.job_factory import AssembledPicture, JobFactory
from generation.lora import LoraWeight
from generation.model_profile import ANIMAGINE_XL_4
from generation.model_source import ModelSource
from generation.place import Place
from generation.prompt import assemble_prompt
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.starting_point import SourcePicture
from generation.tiny_checkpoint import build_tiny_checkpoint
from storage.database import Database
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles
from tests.generation.engine.lora_files import write_diffusers_lora

SHRINK = 8
"""The nine sizes divided by this are the smallest that the VAE takes."""

IN_FLIGHT = 4
BLOCKS = 40
PLACE = Place(guild_id=1, channel_id=2)
LORA = "ink"


@dataclass(frozen=True, slots=True)
class Slope:
    """Kilobytes a drawing, and the half-width of the interval that holds it with a probability of 95 %."""

    kb: float
    within_kb: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Resident memory in megabytes after so many drawings, sample by sample."""

    drawings: list[int]
    resident_mb: list[float]

    def after(self, warm: int) -> "Growth":
        """What follows the first `warm` drawings."""
        kept = [
            (count, memory)
            for count, memory in zip(self.drawings, self.resident_mb, strict=True)
            if count > warm
        ]
        return Growth([count for count, _ in kept], [memory for _, memory in kept])

    def slope(self) -> Slope:
        """Fit a line to the means of up to `BLOCKS` blocks."""
        size = max(1, len(self.drawings) // BLOCKS)
        places = range(0, len(self.drawings) - size + 1, size)
        counts = [fmean(self.drawings[place : place + size]) for place in places]
        memory = [fmean(self.resident_mb[place : place + size]) for place in places]
        line = stats.linregress(counts, memory)
        quantile = float(stats.t.ppf(0.975, len(counts) - 2))
        return Slope(1000 * float(line.slope), 1000 * quantile * float(line.stderr))


def requests(count: int) -> list[GenerationRequest]:
    """Tiny drawings, of which no two are equal: every fifth with a LoRA, every seventh over a picture."""
    shapes = tuple(AspectRatio)
    return [
        GenerationRequest(
            tags=f"1girl, number {number}",
            aspect_ratio=shapes[number % len(shapes)],
            num_inference_steps=1 + number % 2,
            seed=number,
            loras=(LoraWeight(LORA, 0.5),) if number % 5 == 0 else (),
            source=SourcePicture(content=_picture(number), strength=1.0) if number % 7 == 0 else None,
        )
        for number in range(count)
    ]


def measure_engine(folder: Path, drawings: int, every: int) -> Growth:
    """The baseline: the engine alone, its pictures thrown away."""
    return asyncio.run(_engine(folder, drawings, every))


def measure_service(folder: Path, drawings: int, every: int) -> Growth:
    """The service with its ledger, as the bot has it; every job is accepted, drawn, stored and delivered."""
    return asyncio.run(_service(folder, drawings, every))


WAYS: dict[str, Callable[[Path, int, int], Growth]] = {
    "the engine alone": measure_engine,
    "service, ledger in SQLite, files": measure_service,
}


def measure(way: str, folder: Path, drawings: int, every: int) -> Growth:
    """Measure one way in a process of its own, so that none inherits another's memory."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(WAYS[way], folder, drawings, every).result()


def prepare(folder: Path) -> None:
    """Make the practice model and a LoRA for it in `folder`."""
    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
    checkpoint = build_tiny_checkpoint(folder / "tiny-sdxl")
    (folder / "loras").mkdir(exist_ok=True)
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        checkpoint, dtype=torch.float32, add_watermarker=False
    )
    write_diffusers_lora(pipeline, folder / "loras" / f"{LORA}.safetensors", seed=1)


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--drawings", default=5000, show_default=True)
@click.option("--warm", default=1000, show_default=True, help="Drawings before the slope begins.")
@click.option("--every", default=10, show_default=True, help="Drawings between two looks at the memory.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all samples there.")
def main(drawings: int, warm: int, every: int, json_file: Path | None) -> None:
    """Measure all ways and print them."""
    if not sys.platform.startswith("linux"):
        raise click.ClickException("resident memory is read from /proc, which only Linux has")
    click.echo(describe_machine("cpu"))
    click.echo(f"{drawings} drawings, the first {warm} left out; slopes with their 95 % interval")
    click.echo("\n| way | MB after warm-up | MB at the end | KB a drawing |\n| --- | ---: | ---: | ---: |")
    found = {}
    with TemporaryDirectory() as folder:
        prepare(Path(folder))
        for way in WAYS:
            found[way] = measure(way, Path(folder), drawings, every)
            later = found[way].after(warm)
            slope = later.slope()
            click.echo(
                f"| {way} | {later.resident_mb[0]:.1f} | {later.resident_mb[-1]:.1f} "
                f"| {slope.kb:+.2f} ± {slope.within_kb:.2f} |"
            )
    if json_file is not None:
        told = {way: {"drawings": each.drawings, "mb": each.resident_mb} for way, each in found.items()}
        json_file.write_text(json.dumps(told), encoding="utf-8")


async def _engine(folder: Path, drawings: int, every: int) -> Growth:
    engine = await _loaded(folder)
    factory = SmallJobs(SHRINK, JobFactory(ANIMAGINE_XL_4, "bench", "", utc_now))

    async def draw(request: GenerationRequest) -> None:
        prompt = assemble_prompt(request, ANIMAGINE_XL_4, Rating.SAFE)
        job = factory.make(request, [AssembledPicture(request, [(0, prompt)])], 1, PLACE, 1.0, None, "en-US")
        await engine.draw(job, lambda _: None)

    try:
        return await _measured(draw, drawings, every)
    finally:
        await engine.close()


async def _service(folder: Path, drawings: int, every: int) -> Growth:
    database = Database(f"sqlite+aiosqlite:///{folder / 'jobs.db'}")
    await database.start()
    service = SmallPictures(
        SHRINK,
        engine=LocalEngine(_source(folder), _options(folder)),
        terms=open_terms(_options(folder), steps=100),
        store=JobLedger(database, PictureFiles(folder / "images")),
        clock=utc_now,
    )
    service.start()

    async def draw(request: GenerationRequest) -> None:
        job = await service.submit(request, user_id=1 + (request.seed or 0) % 100, place=PLACE)
        ending = await job.ending()
        if not isinstance(ending, Finished):
            raise RuntimeError(f"a picture was not drawn: {ending}")  # noqa: TRY004 - no caller's mistake
        await service.deliveries.delivered(job)

    try:
        return await _measured(draw, drawings, every)
    finally:
        await service.stop()
        await database.stop()


async def _measured(
    draw: Callable[[GenerationRequest], Awaitable[None]], drawings: int, every: int
) -> Growth:
    """Draw all, `IN_FLIGHT` at a time, and look at the memory after each `every`."""
    waiting = iter(requests(drawings))
    growth = Growth([], [])
    done = 0

    async def draws_on() -> None:
        nonlocal done
        for request in waiting:
            await draw(request)
            done += 1
            if done % every == 0:
                growth.drawings.append(done)
                growth.resident_mb.append(_resident_mb())

    await asyncio.gather(*(draws_on() for _ in range(IN_FLIGHT)))
    return growth


async def _loaded(folder: Path) -> LocalEngine:
    engine = LocalEngine(_source(folder), _options(folder))
    await engine.load()
    if engine.state is not EngineState.READY:
        raise RuntimeError(f"the practice model could not be loaded: {engine.failure}")
    return engine


def _source(folder: Path) -> ModelSource:
    return ModelSource(source=str(folder / "tiny-sdxl"), device="cpu")


def _options(folder: Path) -> EngineOptions:
    small = AspectRatio.PORTRAIT.width // SHRINK, AspectRatio.PORTRAIT.height // SHRINK
    return EngineOptions(max_batch_slots=2, lora_folder=folder / "loras", usual_size=small)


def _picture(number: int) -> bytes:
    file = io.BytesIO()
    PillowImage.new("RGB", (64, 64), (number % 256, 90, 160)).save(file, "PNG")
    return file.getvalue()


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
