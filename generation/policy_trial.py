"""What the policy makes of a prompt before anybody draws it, with everything that chance could make of it."""

from collections.abc import Iterator

from generation.content_policy import ContentPolicy, Verdict
from generation.errors import PolicyRule, UnknownWildcard, UnreadableTemplate
from generation.prompt_editing import stages_of
from generation.rating import Rating
from generation.request import NUM_INFERENCE_STEPS, GenerationRequest
from generation.server_rules import NO_RULES, ServerRules
from generation.wildcards import OwnLists, Wildcards

ROLLS_MAX = 200
"""So many ways to roll a prompt are looked at."""

_STEPS = NUM_INFERENCE_STEPS.stop - 1
"""Enough for every change of a prompt to have a stage of its own."""


class PolicyTrial:
    """Tries prompts against a policy. Reads wildcard lists and may take a moment: use it on a thread."""

    def __init__(self, policy: ContentPolicy, wildcards: Wildcards) -> None:
        self._policy = policy
        self._wildcards = wildcards

    def judge(
        self,
        prompt: str,
        rating: Rating,
        ceiling: Rating,
        *,
        highest_ceiling: Rating | None = None,
        rules: ServerRules = NO_RULES,
        own_lists: OwnLists | None = None,
    ) -> Verdict:
        """Return the gravest verdict on `prompt` as it stands, and on what its braces, lists and edits may become.

        A prompt that could not be drawn at all is judged as it stands.

        Raises:
            InvalidRequest, NoTags, TextTooLong: it is no prompt.
        """
        gravest: Verdict | None = None
        for request in self._readings(prompt, rating, own_lists or {}):
            verdict = self._policy.judge(request, ceiling, highest_ceiling or ceiling, rules)
            if gravest is None or _gravity(verdict) > _gravity(gravest):
                gravest = verdict
            if gravest.rule is PolicyRule.MINOR:
                break
        if gravest is None:
            raise AssertionError("a prompt has at least one reading")
        return gravest

    def _readings(self, prompt: str, rating: Rating, own_lists: OwnLists) -> Iterator[GenerationRequest]:
        request = GenerationRequest(tags=prompt, rating=rating)
        yield request
        try:
            rolls = self._wildcards.rolls(prompt, own_lists, ROLLS_MAX)
        except (UnknownWildcard, UnreadableTemplate):
            return
        for rolled in rolls:
            if not rolled.strip(" ,"):
                continue
            for stage in stages_of(GenerationRequest(tags=rolled, rating=rating), _STEPS):
                yield stage.request


def _gravity(verdict: Verdict) -> tuple[int, Rating]:
    """How much a verdict weighs: the rules in the order in which the policy asks them, then what is asked for."""
    rules = list(PolicyRule)
    return (0 if verdict.rule is None else len(rules) - rules.index(verdict.rule)), verdict.rating
