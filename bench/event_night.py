"""An event night in the sandbox: hundreds of people, one bot, the practice model; who waits how long?

    python -m bench.event_night --people 300 --requests 600

The bot runs in a process of its own, as on Discord, with Discord's rate limits on.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import click
from matplotlib.figure import Figure

from bench.machine import describe_machine
from generation.tiny_checkpoint import build_tiny_checkpoint
from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.crowd import crowded_world
from tests.end_to_end.event_night import EventNight, hold_event


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--people", default=300, show_default=True)
@click.option("--requests", default=600, show_default=True)
@click.option("--within", "within_s", default=60.0, show_default=True, help="Seconds in which they ask.")
@click.option("--folder", type=click.Path(path_type=Path), default="data/bench", show_default=True)
def main(people: int, requests: int, within_s: float, folder: Path) -> None:
    """Hold the event, print what happened, and draw it."""
    checkpoint = build_tiny_checkpoint(folder / "practice")
    click.echo(describe_machine("cpu"))
    with TemporaryDirectory() as temporary:
        night, memory_mb = asyncio.run(hold(people, requests, within_s, checkpoint, Path(temporary)))
    waits = night.waits_s()
    every = sorted(wait for own in waits.values() for wait in own)
    statistics = night.statistics
    click.echo(f"accepted               {len(night.crowd.asked)}")
    click.echo(f"delivered              {len(night.seen_s)}")
    click.echo(f"duplicates             {night.duplicates}")
    click.echo(f"not answered           {len(night.crowd.unanswered)}")
    click.echo(f"latest acknowledgement {max(statistics.acknowledgement_ms):.0f} ms")
    click.echo(f"answers refused (429)  {sum(statistics.rate_limited.values())}")
    click.echo(f"wait p50 / p95         {median(every):.0f} s / {quantiles(every, n=20)[-1]:.0f} s")
    click.echo(f"Jain's index           {jain(waits):.4f}")
    click.echo(f"memory, start and end  {memory_mb[0]:.0f} MB, {memory_mb[1]:.0f} MB")
    picture = folder / "event-night.png"
    draw(night, picture)
    click.echo(f"picture                {picture}")


async def hold(
    people: int, requests: int, within_s: float, checkpoint: Path, folder: Path
) -> tuple[EventNight, tuple[float, float]]:
    """Hold the event; returns it and the bot's memory before and after, in megabytes."""
    server = SandboxServer(port=0, world=crowded_world(people))
    await server.start()
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(checkpoint),
        "ANIM4GINE_LIMITS__QUEUE_LENGTH": str(requests + 1),
    }
    try:
        async with BotProcess(server, folder, settings) as bot:
            await bot.model_is_ready()
            before = _memory_mb(bot.pid)
            night = await hold_event(
                server, people=people, requests=requests, within_s=within_s, patience_s=1800
            )
            return night, (before, _memory_mb(bot.pid))
    finally:
        await server.stop()


def jain(waits: Mapping[int, list[float]]) -> float:
    """Jain's index of fairness over the people's mean waits: 1 where all wait alike, 1 / n where one waits alone."""
    means = [sum(own) / len(own) for own in waits.values()]
    return sum(means) ** 2 / (len(means) * sum(mean * mean for mean in means))


def draw(night: EventNight, path: Path) -> None:
    """Draw how many pictures were owed over time, and each person's waits."""
    figure = Figure(figsize=(10, 7), layout="constrained")
    owed, waits = figure.subplots(2, 1)
    owed.plot(*zip(*night.waiting, strict=True), color="#d6336c")
    owed.set(title="Pictures owed", xlabel="seconds", ylabel="pictures")
    for person, own in sorted(night.waits_s().items()):
        waits.plot([person] * len(own), own, ".", color="#1971c2", markersize=4)
    waits.set(title="Each person's waits", xlabel="person, by when they first asked", ylabel="seconds")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def _memory_mb(process_id: int) -> float:
    """Resident memory, as Linux tells it."""
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return float("nan")


if __name__ == "__main__":
    main()
