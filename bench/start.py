"""How long a start takes: until the bot is online, until its model draws, until the first picture is in the channel.

    python -m bench.start --against main
    python -m bench.start --cold                libraries, model and code thrown out of the page cache before each start

Every start is `python bot.py run` in a process of its own, against the sandbox in another. The baseline, in the same
run and turn by turn, is another commit of this repository (`--against`, HEAD unless given), checked out beside it.
"""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click

from bench.machine import describe_machine
from bench.own_cost import Person, free_port, running_sandbox
from generation.tiny_checkpoint import build_tiny_checkpoint

ROOT = Path(__file__).parents[1]
STOP_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds until each station, and the processor's seconds from start to stop."""

    online_s: float
    ready_s: float
    picture_s: float
    cpu_s: float


STATIONS = {
    "online": "online_s",
    "model ready": "ready_s",
    "first picture": "picture_s",
    "CPU in all": "cpu_s",
}


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--against", default="HEAD", show_default=True, help="The baseline: a commit.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--cold", is_flag=True, help="Throw the files out of the page cache first (Linux).")
@click.option(
    "--checkpoint", type=click.Path(path_type=Path), help="Draw with this folder, not the tiny model."
)
@click.option("--folder", type=click.Path(path_type=Path), default="data/bench", show_default=True)
def main(against: str, rounds: int, cold: bool, checkpoint: Path | None, folder: Path) -> None:
    """Start both, turn by turn, and print medians and ratios."""
    click.echo(describe_machine("cpu"))
    source = (checkpoint or build_tiny_checkpoint(folder / "tiny-sdxl")).resolve()
    with checked_out(against) as baseline:
        trees = {against: baseline, "this tree": ROOT}
        starts: dict[str, list[Start]] = {name: [] for name in trees}
        order = list(trees)
        for _ in range(rounds):
            for name in order:
                if cold:
                    for tree in (Path(sys.prefix), Path(sys.base_prefix) / "lib", trees[name], source):
                        throw_out(tree)
                starts[name].append(asyncio.run(measure(trees[name], source)))
            order.reverse()
    click.echo(f"{rounds} starts each, {'cold' if cold else 'warm'} page cache; medians in seconds\n")
    click.echo(f"| until | {against} | this tree | ratio |\n| --- | ---: | ---: | ---: |")
    for station, name in STATIONS.items():
        before, now = (median(getattr(start, name) for start in starts[tree]) for tree in trees)
        click.echo(f"| {station} | {before:.2f} | {now:.2f} | {now / before:.2f} |")


async def measure(tree: Path, source: Path) -> Start:
    """Start the bot of one tree once."""
    port = free_port()
    with TemporaryDirectory() as folder:
        log = Path(folder) / "bot.log"
        environment = {
            **os.environ,
            "DISCORD_TOKEN": "a-token-for-the-sandbox",
            "ANIM4GINE_DISCORD__API_BASE": f"http://127.0.0.1:{port}/api/v10",
            "ANIM4GINE_MODEL__SOURCE": str(source),
            "ANIM4GINE_MODEL__DEVICE": "cpu",
            "ANIM4GINE_DRAWING__MAX_BATCH_SLOTS": "1",
            "ANIM4GINE_PATHS__DATA": folder,
        }
        async with running_sandbox(port) as session:
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            begin = time.perf_counter()
            with log.open("wb") as written:
                bot = await asyncio.create_subprocess_exec(
                    sys.executable, "bot.py", "run", cwd=tree, env=environment, stderr=written
                )
            try:
                person = await Person.of(session)
                online_s = time.perf_counter() - begin
                while "is ready on" not in log.read_text(encoding="utf-8"):
                    if bot.returncode is not None:
                        raise click.ClickException(log.read_text(encoding="utf-8"))
                    await asyncio.sleep(0.02)
                ready_s = time.perf_counter() - begin
                await person.draws(1)
                picture_s = time.perf_counter() - begin
            finally:
                if bot.returncode is None:
                    bot.terminate()
                await asyncio.wait_for(bot.wait(), STOP_TIMEOUT_S)
            now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return Start(online_s, ready_s, picture_s, cpu_s)


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Another commit's files, in a folder of their own while this lasts."""
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)  # noqa: S603 - our own command
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)  # noqa: S603 - as above


def throw_out(folder: Path) -> None:
    """Have the system forget the files of a folder; what other processes have mapped stays."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


if __name__ == "__main__":
    main()
