"""What the wiring makes of the settings: which engine draws."""

from typing import Literal

import pytest

from generation.engine.local_engine import LocalEngine
from generation.engine.many_devices import ManyDevices
from generation.engine.ray_engine import RayEngine
from settings.errors import SettingsError
from settings.sections import DrawingSettings, ModelSettings
from settings.settings import Settings
from wiring import engine
from wiring.engine import build_engine, model_source


def test_one_device_several_or_a_cluster_draw_as_the_settings_say() -> None:
    one = Settings(model=ModelSettings(device="cpu"))
    several = Settings(model=ModelSettings(device=("cpu", "cpu")))
    cluster = Settings(drawing=DrawingSettings(engine="ray"))
    assert isinstance(build_engine(one), LocalEngine)
    assert isinstance(build_engine(several), ManyDevices)
    assert isinstance(build_engine(cluster), RayEngine)


def test_an_engine_on_ray_without_ray_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"requirements-ray\.txt"):
        build_engine(Settings(drawing=DrawingSettings(engine="ray")))


def test_with_float8_the_dtype_that_it_needs_is_what_auto_means() -> None:
    def dtype(model_dtype: Literal["auto", "bfloat16"], *, float8: bool) -> str:
        drawing = DrawingSettings(float8=float8)
        return model_source(Settings(model=ModelSettings(dtype=model_dtype), drawing=drawing)).dtype

    assert dtype("auto", float8=True) == dtype("bfloat16", float8=True) == "bfloat16"
    assert dtype("auto", float8=False) == "auto"
