"""The warm-up: how many slots pay, measured with real steps of the tiny model."""

from pathlib import Path
from typing import Any

import pytest
import torch

from generation.engine import warm_up
from generation.engine.sdxl_model import SdxlModel
from tests.generation.engine.drawing import load_model

USUAL = (416, 608)


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> SdxlModel:
    return load_model(tiny_checkpoint)


def rows_of_each_call(
    model: SdxlModel, *, rows_that_fit: int = 99, **options: Any
) -> tuple[warm_up.WarmUp, list[int]]:
    """Warm up on a device whose memory runs out over calls of more than `rows_that_fit` rows of the usual size."""
    rows: list[int] = []

    def count(_module: object, arguments: tuple[torch.Tensor, ...]) -> None:
        rows.append(arguments[0].shape[0])
        if rows[-1] > rows_that_fit and arguments[0].shape[-1] == USUAL[0] // 8:
            raise torch.OutOfMemoryError("CUDA out of memory")

    handle = model.pipeline.unet.register_forward_pre_hook(count)
    try:
        return warm_up.warm_up(model.prepare, model.denoiser(), size=USUAL, **options), rows
    finally:
        handle.remove()


@pytest.mark.parametrize(
    ("throughput", "chosen"),
    [
        ({1: 10.0}, 1),
        ({1: 10.0, 2: 10.4, 4: 10.3}, 1),
        ({1: 10.0, 2: 15.0, 4: 15.7}, 2),
        ({1: 10.0, 2: 15.0, 4: 19.0, 8: 19.9}, 4),
        ({1: 10.0, 2: 9.0}, 1),
    ],
)
def test_the_fewest_slots_within_a_twentieth_of_the_best_are_chosen(
    throughput: dict[int, float], chosen: int
) -> None:
    assert warm_up.fewest_slots(throughput) == chosen


def test_slots_are_tried_by_doubling_within_the_limit(model: SdxlModel) -> None:
    found, rows = rows_of_each_call(model, slots=None, slot_limit=2)
    assert set(rows) <= {2, 4}
    assert found.slots in {1, 2}
    assert found.seconds_per_megapixel_step > 0


def test_given_slots_are_only_timed(model: SdxlModel) -> None:
    found, rows = rows_of_each_call(model, slots=3, slot_limit=16)
    assert set(rows) == {2, 6}
    assert found.slots == 3


def test_given_slots_are_no_more_than_the_plan_has_room_for(model: SdxlModel) -> None:
    found, rows = rows_of_each_call(model, slots=16, slot_limit=2)
    assert set(rows) == {2, 4}
    assert found.slots == 2


def test_given_slots_that_run_out_of_memory_are_halved_until_they_fit(model: SdxlModel) -> None:
    found, rows = rows_of_each_call(model, slots=6, slot_limit=16, rows_that_fit=4)
    assert rows.count(12) == rows.count(6) == 1
    assert found.slots == 1
    assert found.seconds_per_megapixel_step > 0


def test_out_of_memory_ends_the_trying_and_what_was_measured_holds(model: SdxlModel) -> None:
    found, rows = rows_of_each_call(model, slots=None, slot_limit=16, rows_that_fit=2)
    assert rows.count(4) == 1
    assert found.slots == 1
    assert found.seconds_per_megapixel_step > 0


@pytest.mark.parametrize("slots", [None, 4])
def test_where_not_even_one_fits_the_speed_is_taken_from_the_small_picture(
    model: SdxlModel, slots: int | None
) -> None:
    found, _ = rows_of_each_call(model, slots=slots, slot_limit=16, rows_that_fit=0)
    assert found.slots == 1
    assert found.seconds_per_megapixel_step > 0


def test_a_device_too_slow_to_be_measured_gets_one_slot_and_an_estimate(
    model: SdxlModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_up, "PATIENCE_S", 0.0)
    found, rows = rows_of_each_call(model, slots=None, slot_limit=16)
    assert set(rows) == {2}
    assert found.slots == 1
    assert found.seconds_per_megapixel_step > 0
