"""The generation service with the real engine and the tiny checkpoint: the life of a job on every path."""

import asyncio
import io
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from generation.engine.core import EngineCore
from generation.engine.local_engine import ENGINE_THREAD
from generation.errors import (
    EngineFailure,
    InvalidRequest,
    JobIsOver,
    Limit,
    LimitReached,
    ModelUnavailable,
    NoControlNet,
    NotTheAsker,
    OutOfMemory,
    PolicyRefusal,
    PromptTooLong,
)
from generation.job import Cancelled, Failed, Finished, Job, Queued, Running
from generation.model_errors import ModelLoadError
from generation.model_profile import ANIMAGINE_XL_4
from generation.rating import Rating
from generation.sampler import Sampler
from generation.starting_point import ControlPicture
from tests.generation.services import (
    AOI,
    HERE,
    REN,
    before_each_unet_call,
    finished,
    pixels,
    ready,
    request,
    running_service,
)


async def test_a_request_goes_from_queued_over_running_to_finished(tiny_checkpoint: Path) -> None:
    load = threading.Event()
    async with running_service(tiny_checkpoint, load_when=load) as (service, _):
        job = await service.submit(request(num_inference_steps=3), AOI, HERE)
        load.set()
        updates = [update async for update in job.updates()]
    assert isinstance(updates[0], Queued)
    assert updates[0].is_model_loading
    steps = [update.step for update in updates if isinstance(update, Running)]
    assert steps == sorted(steps)
    assert steps[-1] <= 3
    ending = updates[-1]
    assert isinstance(ending, Finished)
    assert ending.images[0].png.startswith(b"\x89PNG")
    assert ending.images[0].parameters.seed == 7


async def test_the_same_request_and_seed_give_the_same_picture_and_another_seed_does_not(
    tiny_checkpoint: Path,
) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        jobs = [await service.submit(request(seed=seed), AOI, HERE) for seed in (7, 7, 8)]
        first, again, other = [(await finished(job)).images[0].png for job in jobs]
    assert first == again
    assert first != other


async def test_a_picture_of_several_is_the_one_that_its_seed_gives_alone(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        several = await finished(await service.submit(request(seed=7, count=2), AOI, HERE))
        alone = await finished(await service.submit(request(seed=8), AOI, HERE))
    assert [image.parameters.seed for image in several.images] == [7, 8]
    assert several.images[1].png == alone.images[0].png


async def test_the_pipeline_runs_on_the_engines_thread_and_never_on_the_loops(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, engine):
        await ready(service)
        threads: set[str] = set()
        before_each_unet_call(engine, lambda: threads.add(threading.current_thread().name))
        await finished(await service.submit(request(), AOI, HERE))
    assert threads == {ENGINE_THREAD}


async def test_jobs_of_several_people_are_drawn_side_by_side_and_stay_what_they_are_alone(
    tiny_checkpoint: Path,
) -> None:
    requests = [request(seed=seed, num_inference_steps=steps) for seed, steps in ((1, 8), (2, 5), (3, 6))]
    async with running_service(tiny_checkpoint) as (service, _):
        alone = [pixels(await finished(await service.submit(wanted, AOI, HERE))) for wanted in requests]
    async with running_service(tiny_checkpoint, max_batch_slots=4) as (service, engine):
        await ready(service)
        together: list[int] = []
        before_each_unet_call(engine, lambda: together.append(len(engine._core._in_flight)))  # type: ignore[union-attr]
        jobs = [await service.submit(wanted, user, HERE) for user, wanted in enumerate(requests)]
        drawn = [pixels(await finished(job)) for job in jobs]
    assert max(together) == 3
    for before, after in zip(alone, drawn, strict=True):
        difference = np.abs(before - after).max(axis=2)
        assert difference.max() <= 1
        assert (difference > 0).mean() <= 1e-4


async def test_a_short_job_overtakes_a_long_one_that_came_just_before(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        await ready(service)
        ended: list[str] = []

        async def follow(name: str, job: Job) -> None:
            await finished(job)
            ended.append(name)

        long = await service.submit(request(num_inference_steps=50), AOI, HERE)
        short = await service.submit(request(num_inference_steps=2), REN, HERE)
        await asyncio.gather(follow("long", long), follow("short", short))
    assert ended == ["short", "long"]


async def test_a_job_with_pictures_of_one_failing_picture_ends_once_and_frees_its_slots(
    tiny_checkpoint: Path,
) -> None:
    async with running_service(tiny_checkpoint, max_batch_slots=2) as (service, engine):
        await ready(service)
        handle = before_each_unet_call(engine, lambda: 1 / 0)  # type: ignore[arg-type]
        broken = await (await service.submit(request(count=4), AOI, HERE)).ending()
        handle.remove()
        assert isinstance(broken, Failed)
        await finished(await service.submit(request(count=4), AOI, HERE))
        assert engine.takes(rank=float("inf"))


async def test_previews_are_shown_while_nobody_waits(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint, preview_interval_s=0.001) as (service, engine):
        job = await service.submit(request(num_inference_steps=20), AOI, HERE)
        updates = [update async for update in job.updates()]
        previews = [update.preview for update in updates if isinstance(update, Running) and update.preview]
        assert PillowImage.open(io.BytesIO(previews[0])).format == "WEBP"
        jobs = [await service.submit(request(), AOI, HERE) for _ in range(3)]
        await asyncio.sleep(0)
        assert not engine.shows_previews
        for job in jobs:
            await finished(job)
        assert engine.shows_previews


async def test_after_a_lost_device_the_model_is_loaded_again_and_the_pictures_are_drawn(
    tiny_checkpoint: Path,
) -> None:
    async with running_service(tiny_checkpoint, max_batch_slots=2) as (service, engine):
        before = pixels(await finished(await service.submit(request(), AOI, HERE)))
        first_model = engine._model

        def lose_the_device() -> None:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")

        before_each_unet_call(engine, lose_the_device)
        jobs = [await service.submit(request(), user, HERE) for user in (AOI, REN)]
        for job in jobs:
            assert np.abs(pixels(await finished(job)) - before).max() <= 1
        assert engine._model is not first_model


async def test_a_device_lost_again_and_again_is_given_up_with_the_jobs_told(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_the_device(_core: EngineCore) -> None:
        raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    async with running_service(tiny_checkpoint) as (service, _):
        await ready(service)
        monkeypatch.setattr(EngineCore, "_step", lose_the_device)
        jobs = [await service.submit(request(), AOI, HERE) for _ in range(3)]
        for job in jobs:
            ending = await job.ending()
            assert isinstance(ending, Failed)
            assert isinstance(ending.error, ModelUnavailable)
        with pytest.raises(ModelUnavailable):
            await service.submit(request(), AOI, HERE)
        monkeypatch.undo()
        assert service.reload_model()
        await finished(await service.submit(request(), AOI, HERE))


async def test_what_a_profile_asks_for_is_in_every_picture(tiny_checkpoint: Path) -> None:
    profile = replace(ANIMAGINE_XL_4, sampler=Sampler.UNIPC, guided_share=0.5)
    async with running_service(tiny_checkpoint, profile=profile) as (service, _):
        profile_s = (await finished(await service.submit(request(), AOI, HERE))).images[0].parameters
        own = await finished(await service.submit(request(sampler=Sampler.EULER), AOI, HERE))
    assert (profile_s.sampler, profile_s.guided_share) == (Sampler.UNIPC, 0.5)
    assert own.images[0].parameters.sampler is Sampler.EULER


async def test_waiting_jobs_hear_their_position_and_once_measured_their_wait(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        await finished(await service.submit(request(), AOI, HERE))
        jobs = [await service.submit(request(), AOI, HERE) for _ in range(3)]
        await asyncio.sleep(0)
        last = jobs[-1].latest
        assert isinstance(last, Queued)
        assert last.position in (2, 3)
        assert last.estimated_wait_s is not None
        assert last.estimated_wait_s > 0
        for job in jobs:
            await finished(job)


async def test_a_waiting_job_is_cancelled_at_once(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        first = await service.submit(request(), AOI, HERE)
        second = await service.submit(request(), AOI, HERE)
        await service.cancel(second.id, AOI)
        assert await second.ending() == Cancelled()
        await finished(first)


async def test_a_running_job_is_cancelled_at_its_next_step_and_the_next_one_runs(
    tiny_checkpoint: Path,
) -> None:
    async with running_service(tiny_checkpoint) as (service, engine):
        await ready(service)
        calls: list[int] = []
        before_each_unet_call(engine, lambda: calls.append(1))
        job = await service.submit(request(num_inference_steps=50), AOI, HERE)
        async for update in job.updates():
            if isinstance(update, Running) and update.step >= 1:
                await service.cancel(job.id, AOI)
        assert isinstance(job.latest, Cancelled)
        assert len(calls) < 50
        await finished(await service.submit(request(), AOI, HERE))


async def test_only_the_asker_can_cancel_and_only_while_it_lasts(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        job = await service.submit(request(), AOI, HERE)
        with pytest.raises(NotTheAsker):
            await service.cancel(job.id, REN)
        await finished(job)
        with pytest.raises(JobIsOver):
            await service.cancel(job.id, AOI)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("no memory left, says the test"), OutOfMemory),
        (RuntimeError("something unheard of"), EngineFailure),
    ],
)
async def test_an_error_ends_its_own_job_and_the_next_picture_is_the_same_as_ever(
    tiny_checkpoint: Path, error: Exception, expected: type[Exception]
) -> None:
    def fail() -> None:
        raise error

    async with running_service(tiny_checkpoint) as (service, engine):
        before = (await finished(await service.submit(request(), AOI, HERE))).images[0].png
        handle = before_each_unet_call(engine, fail)
        broken = await (await service.submit(request(), AOI, HERE)).ending()
        assert isinstance(broken, Failed)
        assert isinstance(broken.error, expected)
        handle.remove()
        after = (await finished(await service.submit(request(), AOI, HERE))).images[0].png
    assert before == after


async def test_a_picture_that_is_not_finite_is_reported_and_not_posted(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, engine):
        await ready(service)
        assert engine._model is not None
        vae = engine._model.pipeline.vae
        handle = vae.decoder.register_forward_hook(lambda _module, _args, output: output * float("nan"))
        ending = await (await service.submit(request(), AOI, HERE)).ending()
        handle.remove()
    assert isinstance(ending, Failed)
    assert type(ending.error).__name__ == "BrokenPicture"


async def test_a_full_queue_refuses_and_says_when_to_return(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint, queue_length=2) as (service, _):
        await finished(await service.submit(request(), AOI, HERE))
        jobs = [await service.submit(request(), AOI, HERE)]
        while not isinstance(jobs[0].latest, Running):
            await asyncio.sleep(0.005)
        jobs += [await service.submit(request(), user, HERE) for user in (AOI, REN)]
        with pytest.raises(LimitReached) as refusal:
            await service.submit(request(), REN, HERE)
        for job in jobs:
            await finished(job)
    assert refusal.value.limit is Limit.QUEUE_LENGTH
    assert refusal.value.frees_at is not None


async def test_two_requests_at_the_same_instant_cannot_both_take_the_last_place(
    tiny_checkpoint: Path, database_url: str
) -> None:
    async with running_service(tiny_checkpoint, waiting_at_once=1, database_url=database_url) as (service, _):
        outcomes = await asyncio.gather(
            *(service.submit(request(), AOI, HERE) for _ in range(5)), return_exceptions=True
        )
        jobs = [outcome for outcome in outcomes if isinstance(outcome, Job)]
        assert len(jobs) == 1
        assert sum(isinstance(outcome, LimitReached) for outcome in outcomes) == 4
        await finished(jobs[0])
        await finished(await service.submit(request(), AOI, HERE))


async def test_a_prompt_over_the_token_limit_is_refused_with_its_count(tiny_checkpoint: Path) -> None:
    long = ", ".join(f"tag number {number}" for number in range(120))
    load = threading.Event()
    async with running_service(tiny_checkpoint, load_when=load) as (service, _):
        # Before the tokenizer is there the job is accepted, and fails when its turn comes.
        early = await service.submit(request(long), AOI, HERE)
        load.set()
        ending = await early.ending()
        assert isinstance(ending, Failed)
        assert isinstance(ending.error, PromptTooLong)
        with pytest.raises(PromptTooLong) as refusal:
            await service.submit(request(long), AOI, HERE)
    assert refusal.value.part == "prompt"
    assert refusal.value.token_count > refusal.value.token_limit == 225
    assert refusal.value.token_count == ending.error.token_count


async def test_more_steps_than_the_operator_allows_are_refused(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        with pytest.raises(InvalidRequest) as refusal:
            await service.submit(request(num_inference_steps=51), AOI, HERE)
    assert refusal.value.option == "steps"


async def test_a_control_picture_without_a_controlnet_is_refused(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        with pytest.raises(NoControlNet):
            await service.submit(request(control=ControlPicture(content=b"")), AOI, HERE)


async def test_the_policy_is_asked_before_anything_waits(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        with pytest.raises(PolicyRefusal):
            await service.submit(request(rating=Rating.EXPLICIT), AOI, HERE)


async def test_a_model_that_cannot_be_loaded_fails_what_waits_and_can_be_tried_again(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    place_of_model = tmp_path / "model"
    load = threading.Event()
    async with running_service(place_of_model, load_when=load) as (service, _):
        waiting = await service.submit(request(), AOI, HERE)
        load.set()
        ending = await waiting.ending()
        assert isinstance(ending, Failed)
        assert isinstance(ending.error, ModelUnavailable)
        assert isinstance(ending.error.cause, ModelLoadError)
        with pytest.raises(ModelUnavailable):
            await service.submit(request(), AOI, HERE)
        place_of_model.symlink_to(tiny_checkpoint)
        assert service.reload_model()
        await finished(await service.submit(request(), AOI, HERE))
