"""From one request to its pictures: seeds, chance, LoRAs and grids."""

from pathlib import Path
from typing import Any

import pytest

from generation.errors import InvalidRequest, UnknownLora, UnreadableTemplate
from generation.expansion import Expansion
from generation.grid import Axis, Grid, GridOption
from generation.lora import LoraWeight
from generation.lora_catalogue import LoraCatalogue, LoraEntry
from generation.quality import Quality
from generation.rating import Rating
from generation.request import SEED_LIMIT, GenerationRequest


@pytest.fixture
def expansion(tmp_path: Path) -> Expansion:
    for name in ("ink", "glow", "bold"):
        (tmp_path / f"{name}.safetensors").touch()
    entries = {
        "ink": LoraEntry(title="Ink wash", triggers=("ink wash", "monochrome"), weight=0.8),
        "bold": LoraEntry(rating=Rating.NSFW),
    }
    return Expansion(loras=LoraCatalogue(tmp_path, entries))


def pictures(expansion: Expansion, tags: str = "1girl", **options: Any) -> tuple[GenerationRequest, ...]:
    return expansion.pictures_of(GenerationRequest(tags=tags, **options), {})


def test_pictures_of_a_request_have_seeds_in_a_row(expansion: Expansion) -> None:
    assert [picture.seed for picture in pictures(expansion, seed=7, count=3)] == [7, 8, 9]
    last = SEED_LIMIT - 1
    assert [picture.seed for picture in pictures(expansion, seed=last, count=2)] == [last, 0]
    assert all(picture.count == 1 for picture in pictures(expansion, count=4))


def test_each_picture_rolls_anew_and_the_same_seed_the_same(expansion: Expansion) -> None:
    found = pictures(expansion, "{red|blue|green|white|black} hair", seed=1, count=4)
    assert len({picture.tags for picture in found}) > 1
    alone = pictures(expansion, "{red|blue|green|white|black} hair", seed=3)
    assert alone[0] == found[2]


def test_chance_in_the_negative_prompt_is_decided_too(expansion: Expansion) -> None:
    (picture,) = pictures(expansion, negative_prompt="{hat|cap}")
    assert picture.negative_prompt in ("hat", "cap")


def test_the_bound_on_chance_holds_for_all_texts_together(expansion: Expansion) -> None:
    some = "{a|b} " * 20
    pictures(expansion, some, series=some, character=some)
    with pytest.raises(UnreadableTemplate):
        pictures(expansion, some, series=some, character=some, subject=some)


def test_a_lora_in_the_text_leaves_it_and_brings_its_triggers(expansion: Expansion) -> None:
    (picture,) = pictures(expansion, "1girl, <lora:ink:0.5>, night")
    assert picture.loras == (LoraWeight("ink", 0.5),)
    assert [tag.strip() for tag in picture.tags.split(",") if tag.strip()] == [
        "1girl", "night", "ink wash", "monochrome",
    ]  # fmt: skip


def test_a_lora_is_found_by_its_title_and_has_its_usual_weight(expansion: Expansion) -> None:
    (picture,) = pictures(expansion, "1girl <lora:Ink Wash>")
    assert picture.loras == (LoraWeight("ink", 0.8),)


def test_of_a_lora_named_twice_the_text_counts(expansion: Expansion) -> None:
    (picture,) = pictures(expansion, "1girl <lora:glow:0.3>", loras=(LoraWeight("glow", 1.0),))
    assert picture.loras == (LoraWeight("glow", 0.3),)


def test_loras_that_are_not_there_and_weights_that_are_none_are_refused(expansion: Expansion) -> None:
    with pytest.raises(UnknownLora):
        pictures(expansion, "1girl <lora:inc:1>")
    for weight in ("much", "nan", "9"):
        with pytest.raises(InvalidRequest):
            pictures(expansion, f"1girl <lora:ink:{weight}>")


def test_a_picture_is_rated_by_its_loras_too(expansion: Expansion) -> None:
    (picture,) = pictures(expansion, "1girl <lora:bold:1>")
    assert picture.rating is Rating.SAFE
    assert expansion.rated(picture).rating is Rating.NSFW


def test_a_grid_is_drawn_from_one_seed_cell_by_cell(expansion: Expansion) -> None:
    grid = Grid(
        columns=Axis(option=GridOption.STEPS, values=("4", "8")),
        rows=Axis(option=GridOption.QUALITY, values=("none", "lighter")),
    )
    found = pictures(expansion, "{red|blue} hair", grid=grid)
    assert [(picture.num_inference_steps, picture.quality) for picture in found] == [
        (4, Quality.NONE), (8, Quality.NONE), (4, Quality.LIGHTER), (8, Quality.LIGHTER),
    ]  # fmt: skip
    assert len({(picture.seed, picture.tags) for picture in found}) == 1


def test_a_grid_of_tags_puts_each_in_the_place_of_one(expansion: Expansion) -> None:
    axis = Axis(option=GridOption.TAG, values=("blue hair", "red hair"), replaced="blue_hair")
    found = pictures(expansion, "1girl, Blue hair, night", subject="solo", grid=Grid(columns=axis))
    assert [picture.tags for picture in found] == ["1girl, blue hair, night", "1girl, red hair, night"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (GridOption.STEPS, "many"), (GridOption.STEPS, "0"), (GridOption.GUIDANCE, "nan"), (GridOption.YEAR, "1999"),
        (GridOption.QUALITY, "best"), (GridOption.RATING, "mild"),
    ],
)  # fmt: skip
def test_a_value_that_its_option_does_not_take_is_refused(
    expansion: Expansion, option: GridOption, value: str
) -> None:
    with pytest.raises(InvalidRequest):
        pictures(expansion, grid=Grid(columns=Axis(option=option, values=(value,))))


def test_a_grid_has_at_most_nine_cells() -> None:
    three = Axis(option=GridOption.STEPS, values=("4", "8", "12"))
    four = Axis(option=GridOption.YEAR, values=("2010", "2015", "2020", "2025"))
    GenerationRequest(tags="1girl", grid=Grid(columns=three, rows=three))
    with pytest.raises(InvalidRequest):
        GenerationRequest(tags="1girl", grid=Grid(columns=three, rows=four))
