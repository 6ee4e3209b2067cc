"""Which engine draws, and with what, by the settings."""

from importlib.util import find_spec

from generation.engine.engine import Engine
from generation.engine.local_engine import LocalEngine
from generation.engine.many_devices import ManyDevices
from generation.engine.ray_engine import RayEngine
from generation.engine_options import EngineOptions
from generation.model_source import ModelSource
from generation.ray_options import RayOptions
from settings.errors import SettingsError
from settings.settings import Settings


def build_engine(settings: Settings) -> Engine:
    """Make the engine that the settings ask for; nothing starts yet.

    Raises:
        SettingsError: it is Ray, and Ray isn't installed.
    """
    source, options, encoding = model_source(settings), engine_options(settings), settings.profile.encoding
    if settings.drawing.engine == "ray":
        if find_spec("ray") is None:
            raise SettingsError(
                'drawing.engine = "ray": Ray isn\'t installed; pip install -r requirements-ray.txt brings it'
            )
        return RayEngine(source, options, ray_options(settings), encoding)
    if len(settings.model.devices) > 1:
        return ManyDevices(source, settings.model.devices, options, encoding)
    return LocalEngine(source, options, encoding)


def ray_options(settings: Settings) -> RayOptions:
    """What the settings say about the cluster."""
    return RayOptions(
        address=settings.ray.address,
        application=settings.ray.application,
        min_replicas=settings.ray.min_replicas,
        max_replicas=settings.ray.max_replicas,
        pictures_per_replica=settings.ray.pictures_per_replica,
        gpus_per_replica=settings.ray.gpus_per_replica,
        cpus_per_replica=settings.ray.cpus_per_replica,
        folder=settings.paths.data / "ray",
    )


def engine_options(settings: Settings) -> EngineOptions:
    """What the settings say about drawing."""
    slots = settings.drawing.max_batch_slots
    return EngineOptions(
        max_batch_slots=None if slots == "auto" else slots,
        exact_replay=settings.drawing.exact_replay,
        lora_folder=settings.model.lora_path,
        controlnet=settings.model.controlnet,
        text_length_limit=settings.limits.prompt_tokens,
        preview_interval_s=settings.drawing.preview_interval_s,
        compile=settings.drawing.compile,
        compile_cache=settings.paths.data / "compiled",
        float8=settings.drawing.float8,
    )


def model_source(settings: Settings) -> ModelSource:
    """Say which model the settings name, and how it is to be loaded; of several devices, on the first."""
    model = settings.model
    source = ModelSource(
        source=model.source,
        revision=model.revision or None,
        device=model.devices[0],
        dtype=model.dtype,
        config=model.config or None,
    )
    return engine_options(settings).settle(source)
