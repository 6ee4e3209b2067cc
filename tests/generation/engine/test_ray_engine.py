"""Three replicas of a real Ray Serve on this machine: pictures, news, cancels, and what happens when one is killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from generation.engine.engine import EngineState, Progress
from generation.engine.local_engine import LocalEngine
from generation.engine.ray_engine import START_ATTEMPTS, RayEngine
from generation.engine_options import EngineOptions
from generation.errors import DrawingCancelled, ModelUnavailable, UnknownLora
from generation.image import Image
from generation.job import Job
from generation.limits import Limits
from generation.lora import LoraWeight
from generation.model_source import ModelSource
from generation.ray_options import RayOptions
from generation.service import GenerationService
from storage.database import Database
from storage.job_ledger import JobLedger
from storage.picture_files import PictureFiles
from tests.generation.engine.drawing import load_model
from tests.generation.engine.jobs import small_job
from tests.generation.engine.lora_files import write_diffusers_lora
from tests.generation.engine.replicas import losing_its_device, of_which_one_has_the_model, replica_pids
from tests.generation.services import HERE, finished, request, terms_with, utc_now

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

APPLICATION = f"test-{os.getpid()}"
REPLICAS = 3
LINE = 12
INK = LoraWeight("ink")
LISTENS = "0A"
"""State of a listening socket in /proc/net/tcp."""


@pytest.fixture(scope="module")
def options(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> EngineOptions:
    folder = tmp_path_factory.mktemp("loras")
    write_diffusers_lora(load_model(tiny_checkpoint).pipeline, folder / "ink.safetensors", seed=1)
    return EngineOptions(max_batch_slots=1, usual_size=(64, 64), preview_interval_s=0.001, lora_folder=folder)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(
    tiny_checkpoint: Path, options: EngineOptions, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RayEngine]:
    engine = RayEngine(
        ModelSource(source=str(tiny_checkpoint), device="cpu"),
        options,
        RayOptions(
            application=APPLICATION,
            min_replicas=REPLICAS,
            max_replicas=REPLICAS,
            gpus_per_replica=0,
            folder=tmp_path_factory.mktemp("ray"),
        ),
    )
    await engine.load()
    assert engine.failure is None
    await until(lambda: engine.activity.slots == REPLICAS)
    yield engine
    await engine.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def local(tiny_checkpoint: Path, options: EngineOptions) -> AsyncIterator[LocalEngine]:
    """What pictures are compared with."""
    engine = LocalEngine(ModelSource(source=str(tiny_checkpoint), device="cpu"), options)
    await engine.load()
    yield engine
    await engine.close()


@asynccontextmanager
async def beside(
    _: RayEngine,
    source: Path,
    options: EngineOptions,
    name: str,
    min_replicas: int = 1,
    max_replicas: int = 1,
) -> AsyncIterator[RayEngine]:
    """Another engine on the Ray of the first one, whose replicas have taken all CPUs; that one ends Ray."""
    spread = RayOptions(
        application=f"{APPLICATION}-{name}",
        min_replicas=min_replicas,
        max_replicas=max_replicas,
        gpus_per_replica=0,
        cpus_per_replica=0,
    )
    other = RayEngine(ModelSource(source=str(source), device="cpu"), options, spread)
    await other.load()
    yield other
    assert other._looking is not None
    other._looking.cancel()
    from ray import serve  # noqa: PLC0415 - Ray reads its token when it is imported

    await asyncio.to_thread(serve.delete, spread.application)
    await until(lambda: not replica_pids(spread.application))


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.05)


async def drawn(engine: RayEngine | LocalEngine, job: Job) -> tuple[Image, ...]:
    return await engine.draw(job, lambda _: None)


def unlucky(folder: Path) -> int:
    """The process that lost its device, see `losing_its_device`."""
    return next(int(file.name) for file in folder.iterdir() if file.name.isdigit())


def listening_ports(pid: int) -> dict[int, bool]:
    """The TCP ports on which a process listens, and whether only this machine reaches them."""
    sockets = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_socket()}
    ports = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS and f"socket:[{fields[9]}]" in sockets:
                address, _, port = fields[1].partition(":")
                ports[int(port, 16)] = address.endswith("0100007F")
    return ports


async def test_pictures_come_from_three_replicas_and_are_those_of_the_local_engine(
    engine: RayEngine, local: LocalEngine
) -> None:
    assert engine.state is EngineState.READY
    assert len(engine.devices) == REPLICAS
    assert len({device.name for device in engine.devices}) == REPLICAS
    assert engine.takes(1.0)
    assert engine.count_tokens("1girl, solo") == local.count_tokens("1girl, solo")
    jobs = [small_job(seed, seed + 10) for seed in range(6)]
    there = await asyncio.gather(*(drawn(engine, job) for job in jobs))
    for job, images in zip(jobs, there, strict=True):
        assert images == await drawn(local, job)
    await until(lambda: all(device.activity.steps > 0 for device in engine.devices))
    assert engine.seconds_for(jobs[0].work) is not None


async def test_progress_and_previews_come_and_places_are_given_back(engine: RayEngine) -> None:
    news: list[Progress] = []
    job = small_job(1, 2, num_inference_steps=10)
    engine.reserve(job)
    assert engine.activity.pictures_in_flight == 2
    await engine.draw(job, news.append)
    steps = [progress.steps_done for progress in news]
    assert steps == sorted(steps)
    assert steps[-1] == 20
    assert any(progress.preview and progress.preview.startswith(b"RIFF") for progress in news)
    assert engine.activity.pictures_in_flight == 0


async def test_a_cancel_reaches_the_replica_and_frees_it(engine: RayEngine) -> None:
    job = small_job(1, 2, 3, num_inference_steps=50, width=512, height=512)
    with pytest.raises(DrawingCancelled):
        await engine.draw(job, lambda _: job.request_cancel())
    before = engine.activity.steps
    await until(lambda: not any(device.activity.pictures_in_flight for device in engine.devices))
    assert engine.activity.steps - before < job.total_steps / 2
    assert len(await drawn(engine, small_job(4))) == 1


async def test_loras_are_drawn_with_and_unknown_ones_told(engine: RayEngine, local: LocalEngine) -> None:
    jobs = [small_job(seed, loras=(INK,)) for seed in range(3)]
    there = await asyncio.gather(*(drawn(engine, job) for job in jobs))
    for job, images in zip(jobs, there, strict=True):
        assert images == await drawn(local, job)
    assert there[0][0].png != (await drawn(engine, small_job(0)))[0].png
    with pytest.raises(UnknownLora) as failure:
        await drawn(engine, small_job(1, loras=(LoraWeight("nobody"),)))
    assert failure.value.known == ("ink",)


async def test_nothing_is_lost_or_doubled_when_a_replica_is_killed_under_load(
    engine: RayEngine, local: LocalEngine, tmp_path: Path
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'jobs.db'}")
    await database.start()
    service = GenerationService(
        engine=engine,
        terms=terms_with(Limits()),
        store=JobLedger(database, PictureFiles(tmp_path / "images")),
        clock=utc_now,
    )
    engine.on_change = service._engine_changed  # as `start` has it, without loading the model again
    jobs = [
        await service.submit(request(seed=seed, num_inference_steps=6), user_id=seed, place=HERE)
        for seed in range(8)
    ]
    await until(lambda: service.running_count == REPLICAS)
    victim = replica_pids(APPLICATION)[0]
    os.kill(victim, signal.SIGKILL)
    endings = [await finished(job) for job in jobs]
    assert victim not in replica_pids(APPLICATION)
    assert [len(ending.images) for ending in endings] == [1] * len(jobs)
    assert len(list((tmp_path / "images").rglob("*.png"))) == len(jobs)
    for job, ending in zip(jobs[:3], endings[:3], strict=True):
        assert ending.images == await drawn(local, job)
    await until(lambda: engine.activity.slots == REPLICAS)
    assert service.waiting_count == service.running_count == 0
    engine.on_change = lambda: None
    await database.stop()


async def test_drawing_goes_on_when_the_roll_call_is_lost(engine: RayEngine) -> None:
    import ray  # noqa: PLC0415 - it reads its token when it is imported

    states: set[EngineState] = set()
    engine.on_change = lambda: states.add(engine.state)
    lost = engine._roll_call
    drawings = [
        asyncio.ensure_future(drawn(engine, small_job(seed, num_inference_steps=20))) for seed in range(6)
    ]
    ray.kill(lost)
    assert [len(images) for images in await asyncio.gather(*drawings)] == [1] * 6
    assert EngineState.LOADING not in states
    await until(lambda: engine._roll_call not in {None, lost})
    while len(await engine._roll_call.hear.remote(shows_previews=True)) < REPLICAS:
        await asyncio.sleep(0.05)
    engine.on_change = lambda: None


async def test_the_engine_looks_on_when_somebody_who_was_told_of_a_change_fails(engine: RayEngine) -> None:
    def fail() -> None:
        engine.on_change = lambda: None
        raise ValueError("a mistake of ours")

    engine.on_change = fail
    engine._places.slots = 0
    await until(lambda: engine._places.slots == REPLICAS)
    steps = engine.activity.steps
    await drawn(engine, small_job(1))
    await until(lambda: engine.activity.steps > steps)


async def test_nobody_without_the_token_is_answered_and_all_else_keeps_to_this_machine(
    engine: RayEngine,
) -> None:
    import grpc  # noqa: PLC0415 - comes with Ray, which reads its token when it is imported
    from ray.serve.generated import serve_pb2, serve_pb2_grpc  # noqa: PLC0415 - as above

    ports = listening_ports(replica_pids(APPLICATION)[0])
    open_to_all = [port for port, is_local in ports.items() if not is_local]
    assert len(open_to_all) <= 1, "Serve's own port between replicas; no other"
    for port in open_to_all:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub: Any = serve_pb2_grpc.ASGIServiceStub(channel)  # type: ignore[no-untyped-call]  # as Ray ships it
            with pytest.raises(grpc.aio.AioRpcError) as refusal:
                await stub.HandleRequest(serve_pb2.ASGIRequest())  # type: ignore[attr-defined]  # protobuf makes it
            assert refusal.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_another_replica_is_started_while_there_is_much_to_do(
    engine: RayEngine, tiny_checkpoint: Path, options: EngineOptions
) -> None:
    async with beside(engine, tiny_checkpoint, options, "grows", max_replicas=2) as growing:
        await until(lambda: growing.activity.slots == 1)
        busy = 0
        while growing.activity.slots < 2:  # never more than one, as the service feeds it
            await drawn(growing, small_job(busy, num_inference_steps=50))
            busy += 1
        assert busy > 1


async def test_a_replica_whose_device_fails_for_good_takes_no_picture_with_it(
    engine: RayEngine,
    tiny_checkpoint: Path,
    options: EngineOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad_luck = tmp_path / "bad-luck"
    monkeypatch.setattr("generation.engine.ray_replica.DrawingReplica", losing_its_device(bad_luck))
    async with beside(engine, tiny_checkpoint, options, "unlucky", 2, 2) as other:
        await until(lambda: other.activity.slots == 2)
        bad_luck.touch()
        count = 0
        while (
            count < LINE
            or bad_luck.exists()
            or unlucky(tmp_path) in replica_pids(other._ray_options.application)
        ):
            await asyncio.gather(*(drawn(other, small_job(count + number)) for number in range(4)))
            count += 4
        assert count >= LINE


async def test_one_draws_while_another_finds_no_model(
    engine: RayEngine,
    tiny_checkpoint: Path,
    options: EngineOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Serve gives up on a deployment of which as many replicas fail before one is there.
    replicas = of_which_one_has_the_model(tmp_path, failures=START_ATTEMPTS)
    monkeypatch.setattr("generation.engine.ray_replica.DrawingReplica", replicas)
    async with beside(engine, tiny_checkpoint, options, "unequal", 2, 2) as other:
        assert other.state is EngineState.READY
        assert len(await drawn(other, small_job(1))) == 1


async def test_a_model_that_is_missing_is_told_and_may_come_later(
    engine: RayEngine, tiny_checkpoint: Path, options: EngineOptions, tmp_path: Path
) -> None:
    place = tmp_path / "model"
    async with beside(engine, place, options, "later") as other:
        assert other.state is EngineState.FAILED
        assert "no such folder" in str(other.failure)
        with pytest.raises(ModelUnavailable):
            await drawn(other, small_job(1))
        place.symlink_to(tiny_checkpoint)
        await other.load()
        await until(lambda: other.state is EngineState.READY)
        assert len(await drawn(other, small_job(1))) == 1
