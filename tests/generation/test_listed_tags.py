"""Tags that operators and servers list of their own."""

import pytest

from generation.content_policy import ContentPolicy
from generation.errors import PolicyRule
from generation.listed_tags import ListedTags, UnreadableEntry
from generation.policy_terms import load_policy_terms
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.server_rules import ServerRules

TERMS = load_policy_terms()


@pytest.mark.parametrize(
    ("entry", "tag", "words"),
    [
        ("red hair", "long red hair", 2),
        ("red hair", "(Red_Hair:1.2)", 2),
        ("red hair", "redhair", 0),
        ("hat", "hats of that kind", 0),
        ("gun*", "gunner girl", 1),
        ("gun*", "shotgun", 0),
        ("big * sword", "a big golden sword", 3),
        ("gun", "g u n", 1),
        ("gun", "gυn", 1),
    ],
)
def test_an_entry_is_found_as_whole_words(entry: str, tag: str, words: int) -> None:
    assert ListedTags([entry]).longest_in(TERMS.read(tag)) == words


@pytest.mark.parametrize("entry", ["", "  ", "*", "* *", "!!", "a b c d e f g", "x" * 61])
def test_an_entry_that_says_nothing_or_too_much_is_refused(entry: str) -> None:
    with pytest.raises(UnreadableEntry):
        ListedTags([entry])


def rule_of(tags: str, ceiling: Rating, highest: Rating, policy: ContentPolicy, rules: ServerRules) -> object:
    return policy.judge(GenerationRequest(tags=tags), ceiling, highest, rules).rule


def test_the_longer_entry_of_one_list_keeper_wins_and_one_cannot_lift_anothers() -> None:
    policy = ContentPolicy(blocked=ListedTags(["sword"]), allowed=ListedTags(["wooden sword"]), terms=TERMS)
    safe = Rating.SAFE
    assert rule_of("sword", safe, safe, policy, ServerRules()) is PolicyRule.BLOCKED_TAG
    assert rule_of("wooden sword", safe, safe, policy, ServerRules()) is None
    servers = ServerRules(allowed=ListedTags(["big sword"]))
    assert rule_of("big sword", safe, safe, policy, servers) is PolicyRule.BLOCKED_TAG
    servers = ServerRules(blocked=ListedTags(["hat"]))
    assert rule_of("1girl, hat", safe, safe, ContentPolicy(terms=TERMS), servers) is PolicyRule.BLOCKED_TAG


def test_an_allowed_tag_counts_as_safe_but_never_beyond_what_moderators_could_allow() -> None:
    policy, rules = ContentPolicy(terms=TERMS), ServerRules(allowed=ListedTags(["bikini", "nude"]))
    assert rule_of("bikini", Rating.SAFE, Rating.SENSITIVE, policy, rules) is None
    assert rule_of("nude", Rating.SAFE, Rating.SENSITIVE, policy, rules) is PolicyRule.TAG_ABOVE_CEILING
    assert rule_of("child, bikini", Rating.SAFE, Rating.SENSITIVE, policy, rules) is PolicyRule.MINOR
