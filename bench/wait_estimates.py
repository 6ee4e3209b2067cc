"""How true are the waits that people are told? A mixed load, each first estimate against what came.

    python -m bench.wait_estimates --requests 60

Beside ours stands the plain way: the place in the line times the time that a job has taken on average so far. The
service, its fair queue and its engine run here, with the practice model; several people ask at random moments
for one to four pictures of any shape with few or many steps.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from bench.machine import describe_machine
from bench.open_terms import open_terms, utc_now
from generation.aspect_ratio import AspectRatio
from generation.engine.engine import EngineState
from generation.engine.local_engine import LocalEngine
from generation.job import Finished, Job, Queued
from generation.job_store import ForgetfulStore
from generation.model_source import ModelSource
from generation.place import Place
from generation.request import GenerationRequest
from generation.service import GenerationService
from generation.tiny_checkpoint import build_tiny_checkpoint

MOST_ERROR = 0.25
PEOPLE = 8
STEPS = (4, 8, 12, 20, 28)
SETTLING_JOBS = 3
"""The plain way knows nothing before some jobs are over; the first ones aren't counted for either."""


@dataclass(frozen=True, slots=True)
class Told:
    """The wait that a job was told when it came, by either way, and the one that it had; seconds."""

    ours_s: float
    plain_s: float
    true_s: float


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--requests", default=60, show_default=True)
@click.option(
    "--within", "within_s", default=60.0, show_default=True, help="Seconds in which they are asked."
)
@click.option("--seed", default=1, show_default=True, help="Who asks for what, and when.")
@click.option("--folder", type=click.Path(path_type=Path), default="data/bench", show_default=True)
def main(requests: int, within_s: float, seed: int, folder: Path) -> None:
    """Serve the load and print how far off the estimates were."""
    checkpoint = build_tiny_checkpoint(folder / "practice")
    click.echo(describe_machine("cpu"))
    told = asyncio.run(serve(checkpoint, requests, within_s, random.Random(seed)))
    ours = [abs(one.ours_s - one.true_s) / one.true_s for one in told]
    plain = [abs(one.plain_s - one.true_s) / one.true_s for one in told]
    click.echo(
        f"waits told             {len(told)}, {median(one.true_s for one in told):.0f} s in the median"
    )
    click.echo(
        f"off, place x average   {median(plain):.0%} in the median, {share_within(plain):.0%} within 25 %"
    )
    click.echo(
        f"off, ours              {median(ours):.0%} in the median, {share_within(ours):.0%} within 25 %"
    )
    click.echo(f"ratio                  {median(ours) / median(plain):.2f} of the plain way's")
    click.echo(f"median within 25 %     {'reached' if median(ours) <= MOST_ERROR else 'missed'}")


async def serve(checkpoint: Path, requests: int, within_s: float, chance: random.Random) -> list[Told]:
    """Serve a load; returns what those were told who had to wait."""
    service = GenerationService(
        engine=LocalEngine(ModelSource(source=str(checkpoint), device="cpu")),
        terms=open_terms(),
        store=ForgetfulStore(),
        clock=utc_now,
    )
    service.start()
    while service.engine_state is EngineState.LOADING:
        await asyncio.sleep(0.05)
    ended_at: list[float] = []
    moments = sorted(chance.uniform(0, within_s) for _ in range(requests))
    asked = [(moment, chance.randrange(PEOPLE), _any_request(chance)) for moment in moments]
    try:
        told = await asyncio.gather(*(_ask(service, *each, ended_at) for each in asked))
    finally:
        await service.stop()
    return [one for one in told if one is not None]


def share_within(errors: Sequence[float]) -> float:
    """How many of the errors are no larger than what is aimed at."""
    return sum(error <= MOST_ERROR for error in errors) / len(errors)


def _any_request(chance: random.Random) -> GenerationRequest:
    return GenerationRequest(
        tags="1girl, silver hair, night, city lights",
        aspect_ratio=chance.choice(tuple(AspectRatio)),
        num_inference_steps=chance.choice(STEPS),
        count=chance.choice((1, 1, 1, 2, 4)),
        seed=chance.randrange(2**32),
    )


async def _ask(
    service: GenerationService, at_s: float, user_id: int, request: GenerationRequest, ended_at: list[float]
) -> Told | None:
    await asyncio.sleep(at_s)
    begin = time.monotonic()
    job: Job = await service.submit(request, user_id, Place(guild_id=1, channel_id=2))
    update, over = job.latest, len(ended_at)
    ending = await job.ending()
    if not isinstance(ending, Finished):
        raise TypeError(f"a job of the benchmark ended as {ending}")
    true_s = time.monotonic() - begin
    ended_at.append(time.monotonic())
    if not isinstance(update, Queued) or update.estimated_wait_s is None or over <= SETTLING_JOBS:
        return None
    pace_s = (ended_at[over - 1] - ended_at[0]) / (over - 1)
    return Told(update.estimated_wait_s, update.position * pace_s, true_s)


if __name__ == "__main__":
    main()
