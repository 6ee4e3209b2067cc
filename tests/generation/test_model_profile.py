"""The built-in profiles are the model card's, and a profile of one's own is checked."""

from dataclasses import replace
from pathlib import Path

import pytest

from generation.model_profile import ANIMAGINE_XL_4, ANIMAGINE_XL_4_OPT, TagSlot
from generation.quality import Quality

CARD = Path(__file__).parents[3] / "shared" / "data" / "animagine-xl-4.0-model-card.txt"


@pytest.mark.skipif(not CARD.exists(), reason="the model card's text is not beside the project")
def test_quality_tags_and_negative_prompt_stand_in_the_model_card_word_for_word() -> None:
    lines = CARD.read_text(encoding="utf-8").splitlines()
    assert ANIMAGINE_XL_4.quality_tags in lines
    assert ANIMAGINE_XL_4.negative_prompt in lines


def test_defaults_are_those_that_the_authors_recommend() -> None:
    assert (ANIMAGINE_XL_4.guidance_scale, ANIMAGINE_XL_4.num_inference_steps) == (6, 25)
    assert (ANIMAGINE_XL_4_OPT.guidance_scale, ANIMAGINE_XL_4_OPT.num_inference_steps) == (5, 28)


def test_no_quality_means_no_tags() -> None:
    assert ANIMAGINE_XL_4.quality_tags_for(Quality.NONE) == ""


def test_a_default_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="guidance_scale 9"):
        replace(ANIMAGINE_XL_4, guidance_scale=9)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_guided_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="guided_share"):
        replace(ANIMAGINE_XL_4, guided_share=share)


def test_a_tag_order_that_forgets_a_slot_is_refused() -> None:
    with pytest.raises(ValueError, match="tag_order"):
        replace(ANIMAGINE_XL_4, tag_order=(TagSlot.TAGS,))
