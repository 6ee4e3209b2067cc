"""What the wiring makes of the settings: which engine draws."""

import pytest

import wiring
from generation.engine.local_engine import LocalEngine
from generation.engine.many_devices import ManyDevices
from generation.engine.ray_engine import RayEngine
from settings import DrawingSettings, ModelSettings, Settings, SettingsError


def test_one_device_several_or_a_cluster_draw_as_the_settings_say() -> None:
    one = Settings(model=ModelSettings(device="cpu"))
    several = Settings(model=ModelSettings(device=("cpu", "cpu")))
    cluster = Settings(drawing=DrawingSettings(engine="ray"))
    assert isinstance(wiring.build_engine(one), LocalEngine)
    assert isinstance(wiring.build_engine(several), ManyDevices)
    assert isinstance(wiring.build_engine(cluster), RayEngine)


def test_an_engine_on_ray_without_ray_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"requirements-ray\.txt"):
        wiring.build_engine(Settings(drawing=DrawingSettings(engine="ray")))
