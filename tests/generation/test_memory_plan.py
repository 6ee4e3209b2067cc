"""The arithmetic of memory: which plan a card gets, and that plans keep within it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.memory_plan import (
    MOST_SLOTS,
    OVERHEAD_BYTES,
    MemoryPlan,
    Offload,
    Presence,
    plan_memory,
)
from generation.model_shape import SDXL

GIB = 2**30


def plan_for(gib: float, **options: object) -> MemoryPlan:
    arguments: dict[str, object] = {"dtype_bytes": 2, "vae_dtype": "bfloat16"} | options
    return plan_memory(round(gib * GIB), SDXL, **arguments)  # type: ignore[arg-type]  # chosen by the test


@pytest.mark.parametrize(
    ("gib", "offload"),
    [
        (80, Offload.NONE),
        (24, Offload.NONE),
        (16, Offload.NONE),
        (12, Offload.NONE),
        (8, Offload.SMALL_PARTS),
        (7, Offload.MODEL),
        (6, Offload.MODEL),
        (4, Offload.SEQUENTIAL),
        (2, Offload.SEQUENTIAL),
    ],
)
def test_the_smaller_the_card_the_stronger_the_offload(gib: float, offload: Offload) -> None:
    plan = plan_for(gib)
    assert plan.fits
    assert plan.offload is offload
    assert plan.slot_limit >= 1


def test_a_large_card_gets_no_more_slots_than_pay() -> None:
    assert plan_for(80).slot_limit == plan_for(800).slot_limit == MOST_SLOTS


def test_the_table_holds_what_the_facts_say_of_sdxl_in_half_precision() -> None:
    sizes = {row.part: row.size_bytes / 1e9 for row in plan_for(24, largest_pixels=832 * 1216).rows}
    assert sizes["UNet"] == pytest.approx(5.13, abs=0.01)
    assert sizes["text encoder 1"] == pytest.approx(0.25, abs=0.01)
    assert sizes["text encoder 2"] == pytest.approx(1.39, abs=0.01)
    assert sizes["VAE"] == pytest.approx(0.17, abs=0.01)
    assert sizes["decoding a picture"] == pytest.approx(1.25 * 1.55, abs=0.01)
    assert sizes["each picture being drawn"] == pytest.approx(1.25 * 0.32, abs=0.01)


def test_a_plan_without_offload_holds_all_parts_a_decode_and_the_slots_at_once() -> None:
    plan = plan_for(12)
    *parts, slot = (row.size_bytes for row in plan.rows)
    assert plan.needed_bytes == sum(parts) + plan.slot_limit * slot
    assert all(row.presence in {Presence.ALWAYS, Presence.WHILE_WORKING} for row in plan.rows)


def test_on_eight_gigabytes_only_the_unet_stays() -> None:
    presence = {row.part: row.presence for row in plan_for(8).rows}
    assert presence["UNet"] is Presence.ALWAYS
    assert {presence[part] for part in ("text encoder 1", "text encoder 2", "VAE")} == {Presence.FOR_ITS_CALL}


def test_a_vae_in_float32_may_need_a_stronger_offload_than_one_in_bfloat16() -> None:
    assert plan_for(10.5).offload is Offload.NONE
    assert plan_for(10.5, vae_dtype="float32").offload is Offload.SMALL_PARTS


def test_tiles_are_used_only_where_a_whole_picture_has_no_room() -> None:
    assert plan_for(4).vae_tile_px is None
    assert plan_for(2).vae_tile_px == 512
    assert plan_for(7, vae_dtype="float32", largest_pixels=1664 * 2432).vae_tile_px == 512


def test_what_is_too_little_even_for_the_strongest_offload_is_said_to_be() -> None:
    plan = plan_for(0.9)
    assert not plan.fits
    assert plan.offload is Offload.SEQUENTIAL
    assert plan.vae_tile_px is not None
    assert plan.needed_bytes > 0.9 * GIB


def test_a_device_that_shares_the_computers_memory_never_offloads() -> None:
    for gib in (1, 8, 13, 64):
        assert plan_for(gib, can_offload=False).offload is Offload.NONE
    assert not plan_for(1, can_offload=False).fits


def test_where_decoding_waits_its_turn_it_still_has_to_fit() -> None:
    options = {"dtype_bytes": 4, "vae_dtype": "float32", "can_offload": False}
    tiled, whole = plan_for(16.5, **options), plan_for(17.5, **options)
    assert tiled.fits
    assert tiled.vae_tile_px == 512
    assert whole.vae_tile_px is None
    *parts, decode, slot = (row.size_bytes for row in whole.rows)
    assert whole.needed_bytes == sum(parts) + max(decode, whole.slot_limit * slot)


def test_unknown_memory_gives_a_cautious_plan_that_says_so() -> None:
    plan = plan_memory(None, SDXL, dtype_bytes=2, vae_dtype="float32")
    assert plan.memory_bytes is None
    assert plan.slot_limit == plan.slots_for(1024 * 1024) == 1
    assert plan.offload is Offload.NONE
    assert plan.fits


def test_fewer_large_pictures_fit_side_by_side_than_small_ones() -> None:
    plan = plan_for(12)
    assert plan.slots_for(plan.largest_pixels) == plan.slot_limit
    assert 1 <= plan.slots_for(1664 * 2432) <= plan.slot_limit // 3
    assert plan.slots_for(64 * 64) == MOST_SLOTS
    assert plan.slots_for(10**12) == 1


def test_a_narrow_model_needs_less_for_its_pictures() -> None:
    practice = replace(SDXL, text_encoders=(1000, 1000), unet=1000, vae=1000, unet_channels=8, vae_channels=4)
    plan = plan_memory(2 * GIB, practice, dtype_bytes=4, vae_dtype="float32")
    assert plan.offload is Offload.NONE
    assert plan.slot_limit == MOST_SLOTS
    assert plan.slot_bytes * SDXL.unet_channels / 8 == pytest.approx(plan_for(24).slot_bytes * 2, rel=1e-3)


@given(
    memory=st.integers(OVERHEAD_BYTES, 200 * GIB),
    dtype_bytes=st.sampled_from([2, 4]),
    vae_dtype=st.sampled_from(["bfloat16", "float32"]),
    pixels=st.integers(256 * 256, 2048 * 2048),
    can_offload=st.booleans(),
)
def test_a_plan_that_fits_keeps_within_the_memory_and_one_slot_more_would_not(
    memory: int, dtype_bytes: int, vae_dtype: str, pixels: int, can_offload: bool
) -> None:
    plan = plan_memory(
        memory,
        SDXL,
        dtype_bytes=dtype_bytes,
        vae_dtype=vae_dtype,
        largest_pixels=pixels,
        can_offload=can_offload,
    )
    assert 1 <= plan.slot_limit <= MOST_SLOTS
    assert plan.fits == (plan.needed_bytes <= memory)
    if plan.fits and plan.slot_limit < MOST_SLOTS:
        assert plan.slots_room_bytes < (plan.slot_limit + 1) * plan.slot_bytes


def test_offloads_are_ordered_up_to_the_strongest() -> None:
    assert Offload.NONE.stronger is Offload.SMALL_PARTS
    assert Offload.SMALL_PARTS.stronger is Offload.MODEL
    assert Offload.MODEL.stronger is Offload.SEQUENTIAL
    assert Offload.SEQUENTIAL.stronger is None
