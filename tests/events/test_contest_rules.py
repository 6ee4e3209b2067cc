"""A contest's rules: seen to for the person, explained where they hinder, checked again on what was drawn."""

from dataclasses import replace

import pytest

from events.contest_rules import (
    ContestRules,
    NotAsRuled,
    RatingTooHigh,
    TagForbidden,
    UnreadableRules,
)
from generation.aspect_ratio import AspectRatio
from generation.rating import Rating
from generation.request import GenerationRequest

RULES = ContestRules(
    required=("lantern", "long hair"),
    forbidden=("gun*", "red hair"),
    aspect=AspectRatio.SQUARE,
    seed=7,
    ceiling=Rating.SAFE,
    entries_per_person=2,
    images_per_person=20,
)


def test_rules_come_back_as_they_were_written() -> None:
    assert ContestRules.from_json(RULES.to_json()) == RULES
    assert ContestRules.from_json({}) == ContestRules()


def test_shape_and_seed_are_fixed_and_what_lacks_is_added() -> None:
    asked = GenerationRequest(tags="1girl, (Long_Hair:1.2), ", count=4)
    drawn = RULES.applied(asked)
    assert drawn.tags == "1girl, (Long_Hair:1.2), lantern"
    assert (drawn.aspect_ratio, drawn.seed, drawn.count) == (AspectRatio.SQUARE, 7, 1)
    RULES.check(drawn)
    assert ContestRules().applied(asked) == asked


@pytest.mark.parametrize(
    "tags",
    ["gunner", "1girl, long red hair", "{blue|red} gun", "{sky|gun}", "g u n", "(gun:1.1)", "[gun:sky:0.4]"],
)
def test_what_is_forbidden_is_named_however_it_is_written(tags: str) -> None:
    with pytest.raises(TagForbidden) as refused:
        RULES.applied(GenerationRequest(tags=tags))
    assert refused.value.tags


def test_a_higher_rating_is_refused_with_both() -> None:
    with pytest.raises(RatingTooHigh) as refused:
        RULES.applied(GenerationRequest(tags="1girl", rating=Rating.SENSITIVE))
    assert (refused.value.rating, refused.value.ceiling) == (Rating.SENSITIVE, Rating.SAFE)


def test_what_wasnt_drawn_by_the_rules_cant_be_entered() -> None:
    drawn = RULES.applied(GenerationRequest(tags="1girl"))
    for option, other in (
        ("seed", replace(drawn, seed=8)),
        ("aspect", replace(drawn, aspect_ratio=AspectRatio.PORTRAIT)),
        ("tags", replace(drawn, tags="1girl")),
    ):
        with pytest.raises(NotAsRuled) as refused:
            RULES.check(other)
        assert refused.value.option == option
    with pytest.raises(TagForbidden):
        RULES.check(replace(drawn, tags=drawn.tags + ", gun"))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("seed", 2**32),
        ("seed", -1),
        ("entries_per_person", 0),
        ("images_per_person", 0),
        ("required", ("a",) * 21),
    ],
)
def test_rules_that_cant_be_are_refused(option: str, value: object) -> None:
    with pytest.raises(UnreadableRules):
        ContestRules(**{option: value})  # type: ignore[arg-type]
