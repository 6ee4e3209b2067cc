"""The content policy: ceilings, the rule on minors, and how words are recognised."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.content_policy import ContentPolicy
from generation.errors import PolicyRefusal, PolicyRule
from generation.normal_form import fold
from generation.place import Place
from generation.policy_terms import PolicyTerms, load_policy_terms
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.server_rules import NO_RULES, ServerRules
from generation.stated_age import stated_minor_age
from tests.generation.policy_cases import ABOVE_SAFE, EVASIONS, INNOCENTS, MINOR_TERMS, Case

EVERYDAY = Place(guild_id=1, channel_id=2)
AGE_RESTRICTED = Place(guild_id=1, channel_id=3, is_age_restricted=True)
DIRECT_MESSAGE = Place(guild_id=None, channel_id=4, is_age_restricted=True)
SENSITIVE = ServerRules(ceiling=Rating.SENSITIVE)
"""What moderators may allow in ordinary channels."""
DANBOORU = Path(__file__).parents[3] / "shared" / "data" / "danbooru.csv"


@pytest.fixture(scope="module")
def terms() -> PolicyTerms:
    return load_policy_terms()


@pytest.fixture(scope="module")
def policy(terms: PolicyTerms) -> ContentPolicy:
    """The default one."""
    return ContentPolicy(terms=terms)


@pytest.fixture(scope="module")
def permissive(terms: PolicyTerms) -> ContentPolicy:
    """All that an operator can allow."""
    return ContentPolicy(age_restricted_ceiling=Rating.EXPLICIT, terms=terms)


@pytest.fixture(scope="module")
def strict(terms: PolicyTerms) -> ContentPolicy:
    return ContentPolicy(everyday_ceiling=Rating.SAFE, age_restricted_ceiling=Rating.SAFE, terms=terms)


def request_of(case: Case) -> GenerationRequest:
    return GenerationRequest(
        tags=case.tags,
        subject=case.subject,
        character=case.character,
        series=case.series,
        negative_prompt=case.negative,
        rating=case.rating,
    )


def refusal(
    policy: ContentPolicy, case: Case, place: Place, rules: ServerRules = NO_RULES
) -> PolicyRefusal | None:
    try:
        policy.check(request_of(case), place, rules)
    except PolicyRefusal as refused:
        return refused
    return None


def test_there_are_enough_cases_to_measure_rates() -> None:
    assert len(set(EVASIONS)) >= 300
    assert len(set(INNOCENTS)) >= 300


def test_no_evasion_comes_through_the_most_permissive_policy(permissive: ContentPolicy) -> None:
    """Rate through: 0. The rule must be the one on minors, not a ceiling that happened to be in the way."""
    through = [
        case
        for case in EVASIONS
        if (refused := refusal(permissive, case, AGE_RESTRICTED)) is None
        or refused.rule is not PolicyRule.MINOR
    ]
    assert through == []


def test_every_word_for_a_minor_is_refused_beside_everything_above_safe(permissive: ContentPolicy) -> None:
    through = [
        (term, above)
        for term in MINOR_TERMS
        for above in ABOVE_SAFE
        if refusal(permissive, Case(tags=f"{above.tags}, {term}", rating=above.rating), AGE_RESTRICTED)
        is None
    ]
    assert through == []


def test_no_innocent_is_refused_in_an_ordinary_channel(policy: ContentPolicy) -> None:
    """Rate refused: 0."""
    refused = [case for case in INNOCENTS if refusal(policy, case, EVERYDAY, SENSITIVE) is not None]
    assert refused == []


def test_a_word_for_a_minor_is_innocent_in_a_safe_picture(strict: ContentPolicy) -> None:
    refused = [
        term for term in MINOR_TERMS if refusal(strict, Case(tags=f"1girl, {term}"), EVERYDAY) is not None
    ]
    assert refused == []


@pytest.mark.parametrize("settled", [None, *Rating])
def test_by_default_servers_may_allow_sensitive_and_nothing_more(
    policy: ContentPolicy, settled: Rating | None
) -> None:
    rules = ServerRules(ceiling=settled)
    allowed = Rating.SAFE if settled in (None, Rating.SAFE) else Rating.SENSITIVE
    assert policy.ceiling(EVERYDAY, rules) is policy.ceiling(AGE_RESTRICTED, rules) is allowed


def test_an_ordinary_channel_is_safe_until_its_server_allows_more(permissive: ContentPolicy) -> None:
    assert permissive.ceiling(EVERYDAY) is Rating.SAFE
    assert permissive.ceiling(EVERYDAY, ServerRules(ceiling=Rating.EXPLICIT)) is Rating.SENSITIVE


@pytest.mark.parametrize(("settled", "ceiling"), [(None, Rating.EXPLICIT), *zip(Rating, Rating, strict=True)])
def test_an_age_restricted_channel_has_what_the_operator_enabled_until_its_server_settles_less(
    permissive: ContentPolicy, settled: Rating | None, ceiling: Rating
) -> None:
    assert permissive.ceiling(AGE_RESTRICTED, ServerRules(ceiling=settled)) is ceiling


@pytest.mark.parametrize("settled", [None, *Rating])
def test_outside_of_servers_only_the_operator_settles(
    permissive: ContentPolicy, settled: Rating | None
) -> None:
    assert permissive.ceiling(DIRECT_MESSAGE, ServerRules(ceiling=settled)) is Rating.SAFE
    assert ContentPolicy(direct_ceiling=Rating.SENSITIVE).ceiling(DIRECT_MESSAGE) is Rating.SENSITIVE


@pytest.mark.parametrize("rating", [Rating.NSFW, Rating.EXPLICIT])
def test_nsfw_is_for_age_restricted_channels_alone(rating: Rating) -> None:
    with pytest.raises(ValueError, match="everyday_ceiling"):
        ContentPolicy(everyday_ceiling=rating)
    with pytest.raises(ValueError, match="direct_ceiling"):
        ContentPolicy(direct_ceiling=rating)


@pytest.mark.parametrize("rating", [Rating.SENSITIVE, Rating.NSFW, Rating.EXPLICIT])
def test_a_rating_above_the_ceiling_is_refused(policy: ContentPolicy, rating: Rating) -> None:
    refused = refusal(policy, Case(tags="smile", rating=rating), EVERYDAY)
    assert refused is not None
    assert (refused.rule, refused.rating, refused.ceiling, refused.tags) == (
        PolicyRule.RATING_ABOVE_CEILING,
        rating,
        Rating.SAFE,
        (),
    )


@pytest.mark.parametrize("rating", list(Rating))
def test_every_rating_up_to_the_ceiling_passes(permissive: ContentPolicy, rating: Rating) -> None:
    assert refusal(permissive, Case(tags="smile", rating=rating), AGE_RESTRICTED) is None


@pytest.mark.parametrize(
    ("case", "tags", "rating"),
    [
        (Case(tags="smile, nude, hat"), ("nude",), Rating.NSFW),
        (
            Case(tags="(Completely_Nude:1.2), (smile, nipples:1.1)"),
            ("Completely_Nude", "nipples"),
            Rating.NSFW,
        ),
        (Case(tags="hat", character="someone, sex"), ("sex",), Rating.EXPLICIT),
        (Case(tags="hat", subject="1girl, nsfw"), ("nsfw",), Rating.NSFW),
        (Case(tags="hat", series="hentai"), ("hentai",), Rating.EXPLICIT),
        (Case(tags="explicit, hat"), ("explicit",), Rating.EXPLICIT),
        (Case(tags="rating:explicit"), ("rating:explicit",), Rating.EXPLICIT),
        (Case(tags="n u d e, hat"), ("n u d e",), Rating.NSFW),
        (Case(tags="n.u.d.e"), ("n.u.d.e",), Rating.NSFW),
        (Case(tags="nud3, hat"), ("nud3",), Rating.NSFW),
        (Case(tags="nuuuude"), ("nuuuude",), Rating.NSFW),
        (Case(tags="nаkеd"), ("nаkеd",), Rating.NSFW),
        (Case(tags="a girl who is naked at the beach"), ("a girl who is naked at the beach",), Rating.NSFW),
        (Case(tags="全裸"), ("全裸",), Rating.NSFW),
        (Case(tags="hat", negative="(nude:-1)"), ("nude",), Rating.NSFW),
    ],
)
def test_a_tag_above_the_ceiling_is_refused_and_named_in_the_persons_words(
    policy: ContentPolicy, case: Case, tags: tuple[str, ...], rating: Rating
) -> None:
    refused = refusal(policy, case, EVERYDAY)
    assert refused is not None
    assert (refused.rule, refused.tags, refused.rating) == (PolicyRule.TAG_ABOVE_CEILING, tags, rating)


def test_a_refusal_for_minors_names_both_sides_of_what_met(permissive: ContentPolicy) -> None:
    refused = refusal(permissive, Case(tags="smile, (toddler:1.2), bikini"), AGE_RESTRICTED)
    assert refused is not None
    assert (refused.rule, refused.tags) == (PolicyRule.MINOR, ("toddler", "bikini"))


def test_an_age_cut_in_two_by_a_comma_is_found(permissive: ContentPolicy) -> None:
    refused = refusal(permissive, Case(tags="twelve, years old, bikini"), AGE_RESTRICTED)
    assert refused is not None
    assert refused.tags == ("twelve", "bikini")


@pytest.mark.parametrize(
    ("tag", "rating"),
    [
        ("smile", Rating.SAFE),
        ("kiss", Rating.SAFE),
        ("blood", Rating.SAFE),
        ("yuri", Rating.SAFE),
        ("thighhighs", Rating.SAFE),
        ("sports bra", Rating.SAFE),
        ("bra", Rating.SENSITIVE),
        ("black lace bra", Rating.SENSITIVE),
        ("side-tie_bikini_bottom", Rating.SENSITIVE),
        ("cleavage", Rating.SENSITIVE),
        ("underwear only", Rating.SENSITIVE),
        ("topless male", Rating.SENSITIVE),
        ("topless", Rating.NSFW),
        ("bath towel", Rating.SAFE),
        ("no panties", Rating.NSFW),
        ("guro", Rating.NSFW),
        ("facial hair", Rating.SAFE),
        ("cowgirl", Rating.SAFE),
        ("cowgirl position", Rating.EXPLICIT),
        ("long-tailed tit", Rating.SAFE),
        ("oral", Rating.EXPLICIT),
        ("oral exam", Rating.SAFE),
        ("bound", Rating.SENSITIVE),
        ("spellbound", Rating.SAFE),
    ],
)
def test_a_tag_has_the_rating_of_its_longest_term(terms: PolicyTerms, tag: str, rating: Rating) -> None:
    found = [Rating(label) for label in terms.ratings.labels_in(terms.read(tag))]
    assert max(found, default=Rating.SAFE) is rating


def test_the_rating_table_has_several_hundred_entries(terms: PolicyTerms) -> None:
    labels = [label for phrases in terms.ratings.phrases.values() for _, label in phrases]
    assert min(labels.count(label) for label in ("sensitive", "nsfw", "explicit")) >= 200


def test_words_for_minors_in_the_negative_prompt_leave_a_safe_request_alone(policy: ContentPolicy) -> None:
    assert refusal(policy, Case(tags="park, bench", negative="child, loli, 12 years old"), EVERYDAY) is None


def test_to_keep_minors_out_of_a_picture_is_innocent_in_every_rating(permissive: ContentPolicy) -> None:
    case = Case(tags="1girl, bikini", negative="child, loli, 12 years old")
    assert refusal(permissive, case, AGE_RESTRICTED) is None


def test_to_keep_adults_out_of_a_picture_above_safe_is_refused(permissive: ContentPolicy) -> None:
    refused = refusal(permissive, Case(tags="1girl, bikini", negative="mature female"), AGE_RESTRICTED)
    assert refused is not None
    assert refused.rule is PolicyRule.MINOR


def test_ratings_in_the_negative_prompt_ask_for_nothing(strict: ContentPolicy) -> None:
    assert refusal(strict, Case(tags="child, park", negative="nsfw, nude, bikini"), EVERYDAY) is None


@pytest.mark.parametrize(
    "text",
    [
        "12 years old",
        "age 9",
        "aged fifteen",
        "17yo",
        "十四歳",
        "under 18",
        "5th grader",
        "1 year old",
        "3才",
        "８歳",
    ],
)
def test_a_stated_age_under_18_is_found(terms: PolicyTerms, text: str) -> None:
    assert stated_minor_age(fold(text)) is not None


@pytest.mark.parametrize(
    "text",
    ["18 years old", "20yo", "500 years old", "she is 30", "born in 1990", "high grade 1/144",
     "1,000 years old", "二十歳", "百歳", "天才", "age 30", "aged 45",
     "18.5 years old", "10 years later", "12 hats", "year 2010", "ice age 3", "<3", "(smile:1.2)", "stage 2"],
)  # fmt: skip
def test_other_numbers_are_no_minors_age(terms: PolicyTerms, text: str) -> None:
    assert stated_minor_age(fold(text)) is None


def test_voiced_kana_stay_themselves_where_accents_go(terms: PolicyTerms) -> None:
    assert fold("ガ") == "ガ"
    assert fold("ｶﾞ") == "ガ"
    assert fold("é") == "e"


ANY_TEXT = st.text(max_size=80) | st.text(alphabet="lolishta10 .,()[]:-_*\u200bロリ歳12yeаrsod", max_size=60)


@given(tags=ANY_TEXT, negative=ANY_TEXT, character=ANY_TEXT, rating=st.sampled_from(Rating))
def test_no_text_raises_anything_but_a_refusal(
    policy: ContentPolicy, tags: str, negative: str, character: str, rating: Rating
) -> None:
    case = Case(tags=f"smile {tags}", negative=negative, character=character, rating=rating)
    refused = refusal(policy, case, EVERYDAY)
    assert refused is None or refused.ceiling is Rating.SAFE


@given(
    case=st.sampled_from(EVASIONS),
    before=st.sampled_from(["", "smile, ", "adult, ", "18 years old, ", "((hat)), "]),
    after=st.sampled_from(["", ", smile", ", mature female", ", safe", ", not a kid"]),
)
def test_no_words_around_an_evasion_excuse_it(
    permissive: ContentPolicy, case: Case, before: str, after: str
) -> None:
    wrapped = Case(
        tags=before + case.tags + after,
        subject=case.subject,
        character=case.character,
        series=case.series,
        negative=case.negative,
        rating=case.rating,
    )
    refused = refusal(permissive, wrapped, AGE_RESTRICTED)
    assert refused is not None
    assert refused.rule is PolicyRule.MINOR


@pytest.mark.parametrize(
    "text",
    ["l " * 3000, "1!|" * 2000, "l*i " * 1500, "lolo" * 1500, "(" * 6000, "a," * 3000, "12 " * 2000,
     "ロ" * 6000, "l1|!l1|! " * 660, "young " * 1000, "((a:1.1)" * 750],
)  # fmt: skip
def test_the_longest_texts_are_read_without_much_ado(policy: ContentPolicy, text: str) -> None:
    """A reader that tried all ways to read these would not end within the suite's timeout."""
    refusal(policy, Case(tags="hat", character=text, series=text, negative=text), EVERYDAY)


HARMLESS_HEADS = (
    "hair eyes dress skirt hat background sky flower ribbon gloves boots jacket kimono uniform wings ears "
    "tail sword tree city ornament scarf"
)
REVEALING = "see-through wet pubic after_sex naked swim bikini thong breast chest_hair cum penis anal_"


def danbooru_tags() -> Iterator[tuple[str, int]]:
    if not DANBOORU.exists():
        pytest.skip("shared/data/danbooru.csv is not beside this checkout")
    with DANBOORU.open(encoding="utf-8", newline="") as file:
        yield from ((row[0], int(row[2])) for row in csv.reader(file) if row[1] == "0")


def test_common_general_tags_of_danbooru_about_clothes_hair_and_places_pass(strict: ContentPolicy) -> None:
    tags = [
        tag
        for tag, count in danbooru_tags()
        if count >= 1000
        and tag.split("_")[-1] in HARMLESS_HEADS.split()
        and not any(word in tag for word in REVEALING.split())
    ]
    assert len(tags) > 700
    refused = [tag for tag in tags if refusal(strict, Case(tags=tag), EVERYDAY) is not None]
    assert refused == []


def test_no_common_general_tag_of_danbooru_is_taken_for_a_minors_by_accident(terms: PolicyTerms) -> None:
    named_after_minors = (
        "loli shota child baby toddler aged_down age_regression randoseru pacifier mesugaki diaper school "
        "kindergarten kodomo training_bra crime_prevention_buzzer"
    )
    found = [
        tag
        for tag, count in danbooru_tags()
        if count >= 1000
        and terms.minors.labels_in(terms.read(tag)) - {"innocent"}
        and not any(word in tag for word in named_after_minors.split())
    ]
    assert found == []
