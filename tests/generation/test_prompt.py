"""Prompt assembly: the model's order, each tag once, nothing of the person's lost."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.model_profile import ANIMAGINE_XL_4, ANIMAGINE_XL_4_OPT, ModelProfile, TagSlot
from generation.prompt import AssembledPrompt, PromptHint, assemble_prompt
from generation.quality import Quality
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.tags import CHUNK_BREAK, comparison_key, plain_text, split_tags, unwrap_weight

CARD_NEGATIVE = ANIMAGINE_XL_4.negative_prompt


# Options of a request by name; pytest's tables and the helpers below hand them on.
Options = dict[str, Any]


def assembled(profile: ModelProfile = ANIMAGINE_XL_4, **options: Any) -> AssembledPrompt:
    return assemble_prompt(GenerationRequest(**{"tags": "smile", **options}), profile)


def prompt_of(**options: Any) -> str:
    """The prompt without the quality set, which most tests have nothing to do with."""
    return assembled(**{"quality": Quality.NONE, **options}).prompt


def leaves(text: str) -> Iterator[str]:
    for piece in split_tags(text):
        group = unwrap_weight(piece)
        if group:
            yield from leaves(group[1])
        elif piece != CHUNK_BREAK:
            yield piece


def keys(text: str) -> list[str]:
    return [key for leaf in leaves(text) if (key := comparison_key(leaf))]


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def test_the_cards_first_prompt_comes_out_of_the_options_in_its_order() -> None:
    result = assembled(
        subject="1girl",
        character="arima kana",
        series="oshi no ko",
        tags="hoshimachi suisei, hoshimachi suisei (1st costume), cosplay, looking at viewer, smile, "
        "outdoors, night, v",
    )
    assert result.prompt == (
        r"1girl, arima kana, oshi no ko, hoshimachi suisei, hoshimachi suisei \(1st costume\), cosplay, "
        "looking at viewer, smile, outdoors, night, v, safe, masterpiece, high score, great score, absurdres"
    )
    assert result.negative_prompt == CARD_NEGATIVE
    assert result.hints == ()


def test_the_cards_second_prompt_comes_out_of_a_profile_with_quality_first() -> None:
    quality_first = replace(
        ANIMAGINE_XL_4,
        tag_order=(
            TagSlot.QUALITY,
            TagSlot.SUBJECT,
            TagSlot.CHARACTER,
            TagSlot.SERIES,
            TagSlot.TAGS,
            TagSlot.YEAR,
            TagSlot.RATING,
        ),
    )
    result = assembled(
        quality_first,
        subject="1girl",
        character="firefly_(honkai:_star_rail)",
        series="honkai (series), honkai: star rail",
        tags="casual, solo, looking at viewer, outdoors, smile, reaching towards viewer, night",
    )
    assert result.prompt == (
        r"masterpiece, high score, great score, absurdres, 1girl, firefly \(honkai: star rail\), "
        r"honkai \(series\), honkai: star rail, casual, solo, looking at viewer, outdoors, smile, "
        "reaching towards viewer, night, safe"
    )


def test_a_card_prompt_pasted_into_tags_gains_only_the_rating() -> None:
    pasted = (
        r"1girl, arima kana, oshi no ko, hoshimachi suisei \(1st costume\), v, masterpiece, high score, "
        "great score, absurdres"
    )
    assert sorted(keys(assembled(tags=pasted).prompt)) == sorted([*keys(pasted), "safe"])


def test_the_opt_weights_get_the_rating_before_the_tags_and_quality_last() -> None:
    result = assembled(ANIMAGINE_XL_4_OPT, subject="1girl", tags="hat", rating=Rating.SENSITIVE, year=2010)
    assert result.prompt == (
        "1girl, sensitive, hat, year 2010, masterpiece, high score, great score, absurdres"
    )


@pytest.mark.parametrize(
    ("quality", "added"),
    [
        (Quality.RECOMMENDED, "masterpiece, high score, great score, absurdres"),
        (Quality.LIGHTER, "high score, great score"),
    ],
)
def test_the_chosen_quality_is_added(quality: Quality, added: str) -> None:
    assert assembled(tags="hat", quality=quality).prompt == f"hat, safe, {added}"


def test_no_quality_adds_nothing_and_leaves_typed_quality_where_it_is() -> None:
    assert prompt_of(tags="masterpiece, hat") == "masterpiece, hat, safe"


def test_a_typed_quality_tag_keeps_its_weight_and_takes_its_place_in_the_set() -> None:
    assert assembled(tags="(masterpiece:1.2), Absurdres, hat").prompt == (
        "hat, safe, (masterpiece:1.2), high score, great score, Absurdres"
    )


def test_a_quality_tag_inside_a_larger_group_counts_as_typed() -> None:
    assert assembled(tags="(masterpiece, hat:1.2)").prompt == (
        "(masterpiece, hat:1.2), safe, high score, great score, absurdres"
    )


@pytest.mark.parametrize(
    ("options", "prompt"),
    [
        ({"tags": "hat, Hat, (hat:1.3), [hat]"}, "hat, safe"),
        ({"tags": "long_hair, long hair"}, "long hair, safe"),
        ({"subject": "1girl", "tags": "1girl, hat"}, "1girl, hat, safe"),
        ({"character": "saber (fate)", "tags": r"hat, saber \(fate\)"}, r"saber \(fate\), hat, safe"),
        ({"character": "zelda", "series": "zelda", "tags": "zelda, hat"}, "zelda, hat, safe"),
        ({"tags": "(hat, shoes:1.2), shoes, (hat:1.1), ((shoes, bag))"}, "(hat, shoes:1.2), ((bag)), safe"),
    ],
)
def test_a_tag_is_written_once_and_the_first_stays(options: Options, prompt: str) -> None:
    assert prompt_of(**options) == prompt


@pytest.mark.parametrize(
    ("tags", "prompt"),
    [
        ("hat, 1girl, 2boys", "1girl, 2boys, hat, safe"),
        ("hat, multiple girls", "multiple girls, hat, safe"),
        ("landscape, no_humans", "no humans, landscape, safe"),
        ("hat, (1girl:1.2)", "(1girl:1.2), hat, safe"),
        ("hat, (1girl, shoes:1.2)", "hat, (1girl, shoes:1.2), safe"),
        ("hat, 6+girls", "6+girls, hat, safe"),
    ],
)
def test_a_subject_typed_among_the_tags_moves_to_the_front(tags: str, prompt: str) -> None:
    assert prompt_of(tags=tags) == prompt


def test_a_typed_subject_follows_the_one_of_the_option() -> None:
    assert prompt_of(subject="1girl", tags="hat, 1boy") == "1girl, 1boy, hat, safe"


@pytest.mark.parametrize(
    ("options", "prompt"),
    [
        ({"tags": "year 2010, hat"}, "hat, year 2010, safe"),
        ({"tags": "year_2010, hat", "year": 2010}, "hat, year 2010, safe"),
        ({"tags": "year 2010, hat", "year": 2020}, "hat, year 2020, safe"),
        ({"tags": "(year 2010:1.2), hat", "year": 2010}, "hat, (year 2010:1.2), safe"),
        ({"tags": "hat, (year 2010, shoes:1.2)", "year": 2020}, "hat, (shoes:1.2), year 2020, safe"),
        ({"tags": "nsfw, hat"}, "hat, safe"),
        ({"tags": "safe, hat", "rating": Rating.SENSITIVE}, "hat, sensitive"),
        ({"tags": "(sensitive:1.3), hat", "rating": Rating.SENSITIVE}, "hat, (sensitive:1.3)"),
        ({"tags": "rating:sensitive, hat", "rating": Rating.SENSITIVE}, "hat, sensitive"),
        ({"subject": "1girl, explicit", "tags": "hat"}, "1girl, hat, safe"),
    ],
)
def test_over_a_typed_year_or_rating_the_option_rules(options: Options, prompt: str) -> None:
    assert prompt_of(**options) == prompt


def test_chunks_after_a_break_count_for_themselves() -> None:
    assert prompt_of(tags="red hair, 1girl BREAK 1girl, blue hair, red hair, Red_hair") == (
        "1girl, red hair BREAK 1girl, blue hair, red hair, safe"
    )


def test_brackets_without_a_partner_never_weight_what_comes_after() -> None:
    assert assembled(tags=">:(, ((hat, shoes]", quality=Quality.LIGHTER).prompt == (
        r">:\(, \(\(hat, shoes\], safe, high score, great score"
    )


def test_an_escape_at_the_end_of_a_group_does_not_swallow_its_bracket() -> None:
    assert prompt_of(tags="(hat\\ ), shoes") == r"(hat\\), shoes, safe"


def test_the_persons_negative_tags_follow_the_default_and_keep_their_weights() -> None:
    negative = assembled(negative_prompt="(worst quality:1.4), hat, HAT, bad_hands").negative_prompt
    assert negative.endswith("username, blurry, (worst quality:1.4), hat, bad hands")
    assert sorted(set(keys(negative))) == sorted(keys(negative))
    assert set(keys(CARD_NEGATIVE)) < set(keys(negative))


def test_the_default_negative_does_not_fight_what_the_person_asks_for() -> None:
    negative = assembled(tags="signature, (blurry:1.2)").negative_prompt
    assert set(keys(CARD_NEGATIVE)) - set(keys(negative)) == {"signature", "blurry"}


def test_the_persons_own_negative_stands_even_against_their_prompt() -> None:
    assert "signature" in keys(assembled(tags="signature", negative_prompt="signature").negative_prompt)


def test_the_negative_never_fights_the_rating_or_the_year_of_the_options() -> None:
    negative = assembled(negative_prompt="safe, nsfw, year 2010, hat", year=2010).negative_prompt
    assert negative.endswith("blurry, nsfw, hat")


def test_a_quality_tag_that_the_person_negates_is_not_added() -> None:
    assert "masterpiece" not in keys(assembled(negative_prompt="(masterpiece:1.1)").prompt)


@pytest.mark.parametrize(
    ("options", "hints"),
    [
        ({}, ()),
        ({"tags": "a girl is sitting in a field of flowers"}, (PromptHint.READS_AS_SENTENCE,)),
        ({"num_inference_steps": 25, "guidance_scale": 5.0}, ()),
        ({"num_inference_steps": 24}, (PromptHint.STEPS_OUTSIDE_RECOMMENDED_RANGE,)),
        ({"num_inference_steps": 29}, (PromptHint.STEPS_OUTSIDE_RECOMMENDED_RANGE,)),
        ({"guidance_scale": 7.5}, (PromptHint.GUIDANCE_OUTSIDE_RECOMMENDED_RANGE,)),
        ({"guidance_scale": 4.9}, (PromptHint.GUIDANCE_OUTSIDE_RECOMMENDED_RANGE,)),
    ],
)
def test_hints_tell_what_is_unusual_about_a_request(options: Options, hints: tuple[PromptHint, ...]) -> None:
    assert assembled(**options).hints == hints


# Tags of every kind, and raw text of the signs that the grammar cares about.
SOME_TAGS = (
    "1girl|2boys|no humans|smile|long_hair|Long Hair|(smile:1.2)|[hat]|((shoes))|saber_(fate)|year 2010|nsfw"
    "|masterpiece|(absurdres:0.9)|text|blurry|o_o|>:(|(hat, long hair:1.1)|(a, (b, c:1.2))|BREAK|safe|:)"
    "|worst quality|year 2011|[x, y]|(1girl, hat)|x (y|a)|\\"
)
SOME_TAG = st.sampled_from(SOME_TAGS.split("|"))
TEXT = st.lists(SOME_TAG, max_size=12).map(", ".join) | st.text(alphabet="ab_ ,()[]\\:1.2\n^o>", max_size=40)
REQUESTS = st.builds(
    GenerationRequest,
    tags=(TEXT | st.text(max_size=30)).map(lambda text: text if text.strip(" ,\n\t") else "smile"),
    subject=TEXT,
    character=TEXT,
    series=TEXT,
    negative_prompt=TEXT,
    rating=st.sampled_from(Rating),
    year=st.none() | st.sampled_from([2010, 2025]),
    quality=st.sampled_from(Quality),
)
PROFILES = st.sampled_from([ANIMAGINE_XL_4, ANIMAGINE_XL_4_OPT])


@given(REQUESTS, PROFILES)
def test_assembling_what_was_assembled_adds_nothing(
    request: GenerationRequest, profile: ModelProfile
) -> None:
    once = assemble_prompt(request, profile)
    again = assemble_prompt(
        replace(
            request,
            tags=once.prompt,
            subject="",
            character="",
            series="",
            negative_prompt=once.negative_prompt,
        ),
        profile,
    )
    assert set(keys(again.prompt)) == set(keys(once.prompt))
    assert len(keys(again.prompt)) <= len(keys(once.prompt))
    assert sorted(keys(again.negative_prompt)) == sorted(keys(once.negative_prompt))


@given(REQUESTS, PROFILES)
def test_every_tag_of_the_person_survives_exactly_once(
    request: GenerationRequest, profile: ModelProfile
) -> None:
    texts = (request.subject, request.character, request.series, request.tags)
    if any(CHUNK_BREAK in text for text in texts):
        return  # each chunk has tags of its own, see the test about BREAK
    rules_over = re.compile(r"year \d{4}|(?:rating ?:? ?)?(?:safe|sensitive|nsfw|explicit)")
    typed = {key for text in texts for key in keys(text) if not rules_over.fullmatch(key)}
    written = keys(assemble_prompt(request, profile).prompt)
    # What is a qualifier in a name may be a weight in plain text, so only letters and digits are compared.
    assert {_letters(key) for key in typed} - {""} <= {_letters(key) for key in written}
    assert len(written) == len(set(written))


@given(REQUESTS, PROFILES)
def test_rating_and_year_of_the_options_stand_in_every_prompt_once(
    request: GenerationRequest, profile: ModelProfile
) -> None:
    written = keys(assemble_prompt(request, profile).prompt)
    ratings = [key for key in written if key in {rating.value for rating in Rating}]
    assert set(ratings) == {request.rating.value}
    if request.year is not None:
        assert {key for key in written if re.fullmatch(r"year \d{4}", key)} == {f"year {request.year}"}


def test_the_weighting_grammar_reads_literal_parentheses_of_names_back() -> None:
    weighting = pytest.importorskip("generation.prompt_weighting")
    prompt = assembled(
        character="hoshimachi suisei (1st costume)", tags="(hat:1.2), >:(, fate_(series)"
    ).prompt
    assert weighting.escape_weighting("hoshimachi suisei (1st costume)") in prompt
    read_back = weighting.format_weighted_prompt(weighting.parse_weighted_prompt(prompt))
    for literal in ("hoshimachi suisei (1st costume)", ">:(", "fate (series)"):
        assert literal in plain_text(read_back)


@given(REQUESTS, PROFILES)
def test_no_word_is_lost_or_won_on_the_way_through_the_weighting_grammar(
    request: GenerationRequest, profile: ModelProfile
) -> None:
    weighting = pytest.importorskip("generation.prompt_weighting")
    prompt = assemble_prompt(request, profile).prompt
    read_back = weighting.format_weighted_prompt(weighting.parse_weighted_prompt(prompt))
    assert _literal_signs(read_back) == _literal_signs(prompt)


def _literal_signs(prompt: str) -> str:
    """The prompt as it is read aloud, without what only separates."""
    return re.sub(r"[\s,]", "", plain_text(prompt))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("(smile:50)", "(smile:2.0)"),
        ("(smile:-3), night", "(smile:-2.0), night"),
        ("(smile:1.9)", "(smile:1.9)"),
    ],
)
def test_weights_beyond_two_are_brought_to_it_with_a_word(typed: str, read: str) -> None:
    prompts = assembled(tags=typed, negative_prompt=typed)
    assert read in prompts.prompt
    assert read in prompts.negative_prompt
    assert (PromptHint.WEIGHTS_LIMITED in prompts.hints) == (typed != read)
