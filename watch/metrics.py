"""Everything that is measured, as Prometheus sees it; names end in their unit, as its naming rules have it."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from generation.engine.engine import EngineState
from generation.job import Ending, Failed, Finished, Job
from generation.service import GenerationService

_WAITS_S = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
_REST_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 5)
"""Discord takes the first answer to an interaction for three seconds."""
_LAGS_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 3)


class Metrics:
    """The instruments, in a registry of their own. Belongs to one event loop.

    What the service and its engine know anyway is read from them when somebody asks; the rest is told as it happens.
    """

    def __init__(self, service: GenerationService) -> None:
        self.registry = CollectorRegistry()
        self._waits = Histogram(
            "anim4gine_wait_seconds",
            "From a request's acceptance to its turn",
            buckets=_WAITS_S,
            registry=self.registry,
        )
        self._drawing = Histogram(
            "anim4gine_drawing_seconds",
            "From a request's turn to its pictures",
            buckets=_WAITS_S,
            registry=self.registry,
        )
        self._images = Counter("anim4gine_images", "Finished pictures", registry=self.registry)
        self._ended = Counter("anim4gine_jobs", "Jobs that ended, by how", ["ending"], registry=self.registry)
        self._failures = Counter(
            "anim4gine_failures", "Jobs that failed, by the kind of error", ["kind"], registry=self.registry
        )
        self._delivery = Histogram(
            "anim4gine_delivery_seconds",
            "From a job's end to its result in a message",
            buckets=_WAITS_S,
            registry=self.registry,
        )
        self._acknowledgements = Histogram(
            "anim4gine_acknowledgement_seconds",
            "From an interaction's arrival to Discord's taking of the first answer",
            buckets=_REST_S,
            registry=self.registry,
        )
        self._rest = Histogram(
            "anim4gine_rest_seconds",
            "Requests to Discord's API, by the kind of answer",
            ["status"],
            buckets=_REST_S,
            registry=self.registry,
        )
        self._loop_lag = Histogram(
            "anim4gine_event_loop_lag_seconds",
            "How much later than asked for the event loop woke a sleeper",
            buckets=_LAGS_S,
            registry=self.registry,
        )
        self._worst_lag = Gauge(
            "anim4gine_event_loop_lag_worst_seconds",
            "The latest of the last minute",
            registry=self.registry,
        )
        for status in ("2xx", "4xx", "429", "5xx", "failed"):
            self._rest.labels(status)
        for ending in ("finished", "failed", "cancelled"):
            self._ended.labels(ending)
        self.registry.register(_ServiceCollector(service))
        service.on_began = self.began
        service.on_ended = self.ended

    def began(self, _job: Job, waited_s: float) -> None:
        """A job's turn has come."""
        self._waits.observe(waited_s)

    def ended(self, ending: Ending) -> None:
        """A job is over."""
        self._ended.labels(type(ending).__name__.lower()).inc()
        match ending:
            case Finished(images, drawing_s):
                self._images.inc(len(images))
                self._drawing.observe(drawing_s)
            case Failed(error):
                self._failures.labels(type(error).__name__).inc()

    def delivered(self, _job: Job, lag_s: float) -> None:
        """A job's result is where it was asked for."""
        self._delivery.observe(lag_s)

    def acknowledged(self, after_s: float) -> None:
        """An interaction was answered for the first time."""
        self._acknowledgements.observe(after_s)

    def answered(self, status: int | None, after_s: float) -> None:
        """Discord answered a request; None where no answer came."""
        if status is None:
            kind = "failed"
        elif status == 429:
            kind = "429"
        else:
            kind = f"{status // 100}xx"
        self._rest.labels(kind).observe(after_s)

    def lagged(self, by_s: float, worst_s: float) -> None:
        """The event loop woke a sleeper late; `worst_s` is the latest of the last minute."""
        self._loop_lag.observe(by_s)
        self._worst_lag.set(worst_s)

    def value(self, name: str, **labels: str) -> float:
        """What a series is at now; 0 before anything was measured."""
        return self.registry.get_sample_value(name, labels) or 0.0

    def exposition(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)


class _ServiceCollector(Collector):
    """Reads what the service and its engine know anyway."""

    def __init__(self, service: GenerationService) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        service, activity = self._service, self._service.engine_activity
        yield GaugeMetricFamily("anim4gine_jobs_waiting", "Jobs that wait", value=service.waiting_count)
        yield GaugeMetricFamily("anim4gine_jobs_running", "Jobs being drawn", value=service.running_count)
        yield GaugeMetricFamily(
            "anim4gine_oldest_wait_seconds",
            "How long the first in line has waited",
            value=service.oldest_wait_s,
        )
        yield GaugeMetricFamily(
            "anim4gine_model_ready",
            "1 while the model is there",
            value=float(service.engine_state is EngineState.READY),
        )
        yield from _by_device(service)
        yield CounterMetricFamily(
            "anim4gine_denoising_steps", "Denoising steps of single pictures", value=activity.steps
        )
        yield CounterMetricFamily(
            "anim4gine_denoising_batches", "How often pictures were advanced together", value=activity.batches
        )
        yield CounterMetricFamily(
            "anim4gine_engine_busy_seconds", "Time in which the engine computed", value=activity.busy_s
        )
        yield GaugeMetricFamily(
            "anim4gine_pictures_in_flight",
            "Pictures being drawn side by side",
            value=activity.pictures_in_flight,
        )
        yield GaugeMetricFamily(
            "anim4gine_batch_slots", "Pictures that may be drawn side by side", value=activity.slots
        )
        yield GaugeMetricFamily(
            "anim4gine_device_memory_used_bytes",
            "The device's memory in use, by whomever",
            value=activity.memory_used_bytes,
        )
        yield GaugeMetricFamily(
            "anim4gine_device_memory_total_bytes",
            "The device's memory (0 on a CPU)",
            value=activity.memory_total_bytes,
        )


def _by_device(service: GenerationService) -> Iterator[Metric]:
    """How each device is; a few series each, so that a cluster's replicas don't fill the operator's database."""
    is_ready = GaugeMetricFamily(
        "anim4gine_device_ready", "1 while the device has its model, by device", labels=["device"]
    )
    in_flight = GaugeMetricFamily(
        "anim4gine_device_pictures_in_flight", "Pictures being drawn, by device", labels=["device"]
    )
    slots = GaugeMetricFamily(
        "anim4gine_device_batch_slots",
        "Pictures that may be drawn side by side, by device",
        labels=["device"],
    )
    for device in service.devices:
        is_ready.add_metric([device.name], float(device.state is EngineState.READY))
        in_flight.add_metric([device.name], device.activity.pictures_in_flight)
        slots.add_metric([device.name], device.activity.slots)
    yield from (is_ready, in_flight, slots)
