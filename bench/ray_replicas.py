"""How much more do several devices and replicas draw? The same load for each, and one device in this process beside.

    OMP_NUM_THREADS=1 python -m bench.ray_replicas

Needs requirements-ray.txt. Everything runs on the CPUs of this machine, so two cores are at most twice as fast as
one; what a single replica costs against the engine in this process is told besides.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import click

from bench.machine import describe_machine
from bench.open_terms import open_terms, utc_now
from generation.engine.engine import Engine, EngineState
from generation.engine.local_engine import LocalEngine
from generation.engine.many_devices import ManyDevices
from generation.engine.ray_engine import RayEngine
from generation.engine_options import EngineOptions
from generation.job import Finished
from generation.job_store import ForgetfulStore
from generation.model_source import ModelSource
from generation.place import Place
from generation.ray_options import RayOptions
from generation.request import GenerationRequest
from generation.service import GenerationService
from generation.tiny_checkpoint import build_tiny_checkpoint

OPTIONS = EngineOptions(max_batch_slots=1, preview_interval_s=0)
PEOPLE = 8


@click.command(help=(__doc__ or "").partition("\n")[0])
@click.option("--pictures", default=48, show_default=True)
@click.option("--steps", default=8, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default="data/bench", show_default=True)
def main(pictures: int, steps: int, folder: Path) -> None:
    """Serve the load with each engine, and print pictures a minute and ratios."""
    source = ModelSource(source=str(build_tiny_checkpoint(folder / "practice")), device="cpu")

    def on_ray(replicas: int) -> Engine:
        spread = RayOptions(
            application="bench",
            min_replicas=replicas,
            max_replicas=replicas,
            gpus_per_replica=0,
            folder=folder / "ray",
        )
        return RayEngine(source, OPTIONS, spread)

    ways: dict[str, tuple[int, Callable[[], Engine]]] = {
        "this process, 1 device": (1, lambda: LocalEngine(source, OPTIONS)),
        "this process, 2 devices": (2, lambda: ManyDevices(source, ["cpu"] * 2, OPTIONS)),
        "Ray, 1 replica": (1, lambda: on_ray(1)),
        "Ray, 2 replicas": (2, lambda: on_ray(2)),
        "Ray, 3 replicas": (3, lambda: on_ray(3)),
    }
    click.echo(describe_machine("cpu"))
    click.echo(f"{pictures} pictures of 832 x 1216 in {steps} steps, practice model")
    a_minute = {}
    for name, (devices, build) in ways.items():
        a_minute[name] = 60 * pictures / asyncio.run(serve(build(), devices, pictures, steps))
        click.echo(f"{name:<26} {a_minute[name]:8.1f} pictures a minute")
    local, one, two, three = (a_minute[name] for name in ways if name != "this process, 2 devices")
    click.echo(f"2 devices over 1           {a_minute['this process, 2 devices'] / local:8.2f}")
    click.echo(f"1 replica over 1 device    {one / local:8.2f}")
    click.echo(f"2 replicas over 1          {two / one:8.2f}")
    click.echo(f"3 replicas over 1          {three / one:8.2f}")


async def serve(engine: Engine, devices: int, pictures: int, steps: int) -> float:
    """Have all pictures drawn that several people ask for at once; returns the seconds that it took.

    Raises:
        RuntimeError: the engine has no model, or a picture did not come.
    """
    service = GenerationService(
        engine=engine,
        terms=open_terms(),
        store=ForgetfulStore(),
        clock=utc_now,
    )
    service.start()
    try:
        while service.engine_activity.slots < devices:
            if service.engine_state is EngineState.FAILED:
                raise RuntimeError("the engine has no model; the log has the cause")
            await asyncio.sleep(0.1)
        for count in (devices, pictures):  # the first ones make sure that everybody is warm
            begin = time.perf_counter()
            jobs = [
                await service.submit(
                    _request(number, steps), number % PEOPLE, Place(guild_id=1, channel_id=2)
                )
                for number in range(count)
            ]
            for job in jobs:
                if not isinstance(ending := await job.ending(), Finished):
                    raise TypeError(f"a job of the benchmark ended as {ending}")
        return time.perf_counter() - begin
    finally:
        await service.stop()


def _request(seed: int, steps: int) -> GenerationRequest:
    return GenerationRequest(
        tags="1girl, silver hair, night, city lights", num_inference_steps=steps, seed=seed
    )


if __name__ == "__main__":
    main()
