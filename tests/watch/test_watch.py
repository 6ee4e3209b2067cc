"""What is measured is what happens: a real service draws, and its metrics, health and status tell of it."""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from generation.errors import OutOfMemory
from generation.job import Failed
from tests.generation.services import AOI, HERE, finished, ready, request, running_service, utc_now
from watch.chart import SIZE, draw_chart
from watch.loop_lag import measure_loop_lag
from watch.server import WatchServer
from watch.watch import Watch

TOKEN = SecretStr("open sesame")


@asynccontextmanager
async def watched(
    watch: Watch, token: SecretStr | None = TOKEN, **parts: bool
) -> AsyncIterator[tuple[WatchServer, aiohttp.ClientSession]]:
    async def readiness() -> dict[str, bool]:
        return parts

    async with (
        watch.served("127.0.0.1", 0, token, readiness) as server,
        aiohttp.ClientSession(server.base_url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
    ):
        yield server, session


async def samples(session: aiohttp.ClientSession) -> dict[str, float]:
    """Every series by its name and labels, as Prometheus' own parser reads them."""
    async with session.get("/metrics") as response:
        assert response.status == 200
        families = text_string_to_metric_families(await response.text())
    return {
        sample.name
        + "".join(f"{{{key}={value}}}" for key, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


async def test_pictures_waits_and_failures_are_counted(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint, usual_size=(64, 64)) as (service, engine):
        watch = Watch(service, utc_now)
        await ready(service)
        async with watched(watch) as (_, session):
            jobs = [
                await service.submit(request(count=2, num_inference_steps=3), AOI, HERE) for _ in range(2)
            ]
            for job in jobs:
                await finished(job)
            lost = await service.submit(request(), AOI, HERE)
            lost.request_cancel()
            await lost.ending()
            told = await samples(session)
            watch.metrics.ended(Failed(OutOfMemory()))
            assert (await samples(session))["anim4gine_failures_total{kind=OutOfMemory}"] == 1
            assert told["anim4gine_images_total"] == 4
            assert told["anim4gine_jobs_total{ending=finished}"] == 2
            assert told["anim4gine_jobs_total{ending=cancelled}"] == 1
            assert told["anim4gine_wait_seconds_count"] == 3
            assert told["anim4gine_drawing_seconds_count"] == 2
            assert told["anim4gine_denoising_steps_total"] >= 12
            assert told["anim4gine_denoising_batches_total"] <= told["anim4gine_denoising_steps_total"]
            assert told["anim4gine_engine_busy_seconds_total"] > 0
            assert told["anim4gine_jobs_waiting"] == told["anim4gine_jobs_running"] == 0
            assert told["anim4gine_model_ready"] == 1
            assert told["anim4gine_batch_slots"] == engine.activity.slots
            assert told["anim4gine_device_ready{device=cpu}"] == 1
            assert told["anim4gine_device_pictures_in_flight{device=cpu}"] == 0
            assert told["anim4gine_device_batch_slots{device=cpu}"] == engine.activity.slots


async def test_health_answers_and_readiness_says_what_lacks(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        watch = Watch(service, utc_now)
        async with watched(watch, discord=True, model=False) as (_, session):
            async with session.get("/healthz") as response:
                assert (response.status, await response.text()) == (200, "ok\n")
            async with session.get("/readyz") as response:
                assert response.status == 503
                assert await response.json() == {"discord": True, "model": False}
        async with watched(watch, discord=True) as (_, session), session.get("/readyz") as response:
            assert response.status == 200


async def test_the_status_page_is_for_those_who_have_the_token(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        watch = Watch(service, utc_now)
        async with watched(watch, discord=True) as (_, session):
            async with session.get("/status.json") as response:
                assert response.status == 401
            async with session.get("/") as response:
                assert 'name="token"' in await response.text()
                assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            for wrong in ("", "open", "open sesame "):
                async with session.post("/login", data={"token": wrong}) as response:
                    assert 'name="token"' in await response.text()
            headers = {"Authorization": "Bearer open sesame"}
            async with session.get("/status.json", headers=headers) as response:
                assert (await response.json())["waiting"] == 0
            async with session.post("/login", data={"token": "open sesame"}) as response:
                assert "status.js" in await response.text()
            async with session.get("/status.json") as response:
                status = await response.json()
            assert status["parts"] == {"discord": True}
            assert [device["name"] for device in status["devices"]] == ["cpu"]
            assert set(status["plots"]) == {
                "waiting", "images_per_minute", "steps_per_second", "failures_per_minute",
            }  # fmt: skip
        async with watched(watch, token=None) as (_, session):
            for path in ("/", "/status.json", "/page/status.js"):
                async with session.get(path, headers=headers) as response:
                    assert response.status == 404
            async with session.get("/metrics") as response:
                assert response.status == 200


async def test_a_blocked_event_loop_shows_as_lag(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        metrics = Watch(service, utc_now).metrics
        measuring = asyncio.create_task(measure_loop_lag(metrics))
        await asyncio.sleep(0)
        time.sleep(0.6)  # noqa: ASYNC251 - that is what is looked for
        while not metrics.value("anim4gine_event_loop_lag_seconds_count"):
            await asyncio.sleep(0.01)
        measuring.cancel()
        assert metrics.value("anim4gine_event_loop_lag_worst_seconds") > 0.3


async def test_rates_are_between_measurements_and_the_chart_draws_them(tiny_checkpoint: Path) -> None:
    async with running_service(tiny_checkpoint) as (service, _):
        watch = Watch(service, utc_now)
        chart = Image.open(io.BytesIO(draw_chart(watch.history.waiting(), watch.history.images_per_minute())))
        assert chart.size == SIZE
        first = watch.history.now()
        watch.history.remember(first)
        watch.metrics._images.inc(5)
        await asyncio.sleep(0.05)
        second = watch.history.now()
        watch.history.remember(second)
        passed_s = (second.at - first.at).total_seconds()
        assert list(watch.history.images_per_minute().values) == pytest.approx([5 * 60 / passed_s])
        draw_chart(watch.history.waiting(), watch.history.images_per_minute())
