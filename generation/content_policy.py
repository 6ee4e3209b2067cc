"""What may be drawn where: the ceilings of places, and the rule on minors that no setting loosens.

The words and how they are recognised live in `policy_terms.py` and `stated_age.py`, what operators and servers list
of their own in `listed_tags.py`; what a refusal leads to, in `cogs/`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from generation.errors import PolicyRefusal, PolicyRule
from generation.listed_tags import ListedTags
from generation.normal_form import WEIGHT, fold, romanized, visible_form
from generation.place import Place
from generation.policy_terms import PolicyTerms, load_policy_terms
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.server_rules import NO_RULES, ServerRules
from generation.stated_age import stated_minor_age
from generation.tag_reading import NormalTag
from generation.tags import plain_text

HINTS_MIN = 2
"""How many different hints at a child's body make a picture one of a minor."""
_TAGS_REMEMBERED = 4096
_REMEMBERED_LENGTH_MAX = 60
"""Characters of a tag that is remembered, so that what is remembered stays small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the policy says of a request: `rule` is the one that refuses it, None where it may be drawn.

    `rating` is the highest that is asked for, by the option or by a word. `tags` are the person's own words that met
    the rule, `ceiling` what the place allows.
    """

    rating: Rating
    ceiling: Rating
    rule: PolicyRule | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentPolicy:
    """What the operator allows at most: in servers' ordinary channels, in age-restricted ones, and elsewhere.

    Servers choose within the first two; direct messages and people's own installations have `direct_ceiling`.
    `blocked` and `allowed` are the operator's own tags.

    Raises:
        ValueError: the everyday or the direct ceiling is above SENSITIVE, which Discord's rules leave to
            age-restricted channels.
    """

    everyday_ceiling: Rating = Rating.SENSITIVE
    age_restricted_ceiling: Rating = Rating.SAFE
    direct_ceiling: Rating = Rating.SAFE
    blocked: ListedTags = field(default_factory=ListedTags)
    allowed: ListedTags = field(default_factory=ListedTags)
    terms: PolicyTerms = field(default_factory=load_policy_terms, repr=False, compare=False)
    _reading_of: Callable[[str], "_Reading"] = field(init=False, repr=False, compare=False)
    """`_read_tag` that remembers: most tags are those that everybody uses."""

    def __post_init__(self) -> None:
        for name in ("everyday_ceiling", "direct_ceiling"):
            if (ceiling := getattr(self, name)) > Rating.SENSITIVE:
                raise ValueError(f"{name} {ceiling.value} is above sensitive")
        object.__setattr__(self, "_reading_of", lru_cache(_TAGS_REMEMBERED)(self._read_tag))

    def ceiling(self, place: Place, rules: ServerRules = NO_RULES) -> Rating:
        """The highest rating that may be drawn at `place`.

        An ordinary channel has SAFE until its server allows more. An age-restricted one has what the operator has
        enabled, until its server settles otherwise, and never less than an ordinary one.
        """
        if place.guild_id is None:
            return self.direct_ceiling
        everyday = min(self.everyday_ceiling, rules.ceiling or Rating.SAFE)
        if not place.is_age_restricted:
            return everyday
        restricted = self.age_restricted_ceiling
        if rules.ceiling is not None:
            restricted = min(restricted, rules.ceiling)
        return max(everyday, restricted)

    def highest_ceiling(self, place: Place) -> Rating:
        """The highest rating that the moderators of a server could allow at `place`."""
        return self.ceiling(place, ServerRules(ceiling=Rating.EXPLICIT))

    def check_rating(self, rating: Rating, place: Place, rules: ServerRules = NO_RULES) -> None:
        """Pass a picture of this rating that may be shown at `place`.

        Raises:
            PolicyRefusal: the rating is above the place's ceiling.
        """
        if rating > (ceiling := self.ceiling(place, rules)):
            raise PolicyRefusal(PolicyRule.RATING_ABOVE_CEILING, (), rating, ceiling)

    def check(
        self,
        request: GenerationRequest,
        place: Place,
        rules: ServerRules = NO_RULES,
        *,
        besides: Iterable[str] = (),
    ) -> None:
        """Pass a request that may be drawn at `place`; see `judge`.

        Raises:
            PolicyRefusal: a rule is met; carries the person's own words that met it.
        """
        verdict = self.judge(
            request, self.ceiling(place, rules), self.highest_ceiling(place), rules, besides=besides
        )
        if verdict.rule is not None:
            raise PolicyRefusal(verdict.rule, verdict.tags, verdict.rating, verdict.ceiling)

    def judge(
        self,
        request: GenerationRequest,
        ceiling: Rating,
        highest_ceiling: Rating,
        rules: ServerRules = NO_RULES,
        *,
        besides: Iterable[str] = (),
    ) -> Verdict:
        """Say what the rules make of a request under `ceiling`. Their order is the order of their weight.

        1. A sexualising word for a minor in what is asked for: refused in every rating.
        2. Any word for a minor, a minor-coded body or thing, or a stated age under 18, together with anything
           above SAFE (the rating option, or a word), all in what is asked for: refused. So is a word for
           adults in the negative prompt, which asks for the opposite, and two hints at a child's body.
        3. The rating option is above the ceiling.
        4. The operator, or the server, has blocked a word.
        5. A word in what is asked for has a rating above the ceiling. An allowed one counts as SAFE, within
           `highest_ceiling`, which is what listing a tag can't go beyond.

        The negative prompt by itself refuses nothing else: to keep children, or underwear, out of a picture is
        innocent, in every rating. A negative weight turns a meaning round, so then the negative prompt counts as
        asked for, and the prompt as negative.

        `besides` are texts that come with the request, as a remixed picture's own prompt or the names of LoRAs.
        """
        asked_for = [*_asked_for(request), *besides]
        readings = list(self._read(asked_for))
        ratings = {reading.tag: reading.rating for reading in readings}
        rating = max([request.rating, *ratings.values()])

        always = [reading.tag for reading in readings if "always" in reading.minors]
        if always:
            return _refused(PolicyRule.MINOR, always, rating, ceiling)
        if rating > Rating.SAFE:
            coded = [reading.tag for reading in readings if reading.minors - {"hint"}]
            hints = {reading.tag: reading.hints for reading in readings if reading.hints}
            if len(frozenset().union(*hints.values())) >= HINTS_MIN:
                coded += hints
            coded += [
                reading.tag
                for reading in self._read([request.negative_prompt, *_turned_round(request)])
                if reading.names_adults
            ]
            if coded:
                above_safe = [tag for tag, own in ratings.items() if own > Rating.SAFE]
                return _refused(PolicyRule.MINOR, coded + above_safe, rating, ceiling)
        if request.rating > ceiling:
            return _refused(PolicyRule.RATING_ABOVE_CEILING, [], rating, ceiling)
        blocked = [reading.tag for reading in readings if self._is_blocked(reading.normal, rules)]
        if blocked:
            return _refused(PolicyRule.BLOCKED_TAG, blocked, rating, ceiling)
        above = [
            reading.tag
            for reading in readings
            if reading.rating > ceiling
            and not (reading.rating <= highest_ceiling and self._is_allowed(reading.normal, rules))
        ]
        if above:
            return _refused(PolicyRule.TAG_ABOVE_CEILING, above, rating, ceiling)
        return Verdict(rating=rating, ceiling=ceiling)

    def _is_blocked(self, tag: NormalTag, rules: ServerRules) -> bool:
        """Whether an entry blocks `tag`, and no longer one of the same list-keeper allows it."""
        return any(
            blocked.longest_in(tag) > allowed.longest_in(tag)
            for blocked, allowed in ((self.blocked, self.allowed), (rules.blocked, rules.allowed))
            if blocked
        )

    def _is_allowed(self, tag: NormalTag, rules: ServerRules) -> bool:
        return bool(self.allowed.longest_in(tag) or rules.allowed.longest_in(tag))

    def _read(self, texts: list[str]) -> Iterator["_Reading"]:
        """Every tag of some text options, read; then what only shows across several tags, or several options."""
        together = ", ".join(texts)
        tags = [written for part in _SEPARATORS.split(together) if (written := part.strip())]
        tags += [part for tag in tags if _TURNS.search(tag) for part in _TURNS.split(tag) if len(part) > 1]
        readings = [
            self._reading_of(tag) if len(tag) <= _REMEMBERED_LENGTH_MAX else self._read_tag(tag)
            for tag in tags
        ]
        yield from readings
        # Look-alike commas and commas inside an age ("12, years old") are no hiding place.
        has_stated_age = any(reading.states_minor_age for reading in readings)
        if not has_stated_age and (age := _stated_minor_age(together)):
            yield _Reading(
                age, self.terms.read(age), frozenset(("coded",)), Rating.SAFE, states_minor_age=True
            )
        own_words = [reading.tag for reading in readings]
        letters = [words for words in own_words if len(words) == 1]
        if len(letters) >= 3:
            spelt = self._reading(", ".join(letters), self.terms.read(" ".join(letters)), "")
            if spelt.minors or spelt.rating > Rating.SAFE:
                yield spelt
        for bits in self.terms.reader.cut_by_commas(own_words):
            yield self._reading(", ".join(bits), self.terms.read("".join(bits)), "")

    def _read_tag(self, tag: str) -> "_Reading":
        return self._reading(_own_words(tag), self.terms.read(tag), tag)

    def _reading(self, own_words: str, tag: NormalTag, written: str) -> "_Reading":
        minors = self.terms.minors.labels_in(tag) - {"innocent"}
        states_minor_age = _stated_minor_age(written) is not None
        if states_minor_age:
            minors = minors | {"coded"}
        ratings = [Rating(label) for label in self.terms.ratings.labels_in(tag)]
        return _Reading(
            own_words,
            tag,
            frozenset(minors),
            max(ratings, default=Rating.SAFE),
            states_minor_age=states_minor_age,
            names_adults=bool(self.terms.adults.labels_in(tag)),
            hints=frozenset(self.terms.hints.labels_in(tag)),
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the tables say of one tag. `tag` is in the person's own words, without weights."""

    tag: str
    normal: NormalTag
    minors: frozenset[str]
    rating: Rating
    states_minor_age: bool = False
    names_adults: bool = False
    hints: frozenset[str] = frozenset()


_SEPARATORS = re.compile(r"[,，、\n\r]|(?<!\w)BREAK(?!\w)")
_TURNS = re.compile("[|｜]")
"""Other tools take turns between what stands on both sides of a bar; a bar may be an l as well."""

_NEGATIVE_WEIGHT = re.compile(r":\s*[-−–‐﹣－]\s*[.\d]+\s*[)\]]")


def _asked_for(request: GenerationRequest) -> list[str]:
    texts = [request.subject, request.character, request.series, request.tags]
    if _NEGATIVE_WEIGHT.search(request.negative_prompt):
        texts.append(request.negative_prompt)
    return texts


def _turned_round(request: GenerationRequest) -> list[str]:
    """What is asked for with a negative weight, which keeps it out of the picture."""
    texts = (request.subject, request.character, request.series, request.tags)
    return [found.group() for text in texts for found in _NEGATIVE_GROUP.finditer(text)]


_NEGATIVE_GROUP = re.compile(r"[(\[][^()\[\]]*:\s*[-−–‐﹣－]\s*[.\d]+\s*[)\]]")


def _stated_minor_age(text: str) -> str | None:
    """The age under 18 that `text` states, by the look of its letters or by their sound."""
    by_look = stated_minor_age(fold(text))
    if by_look is not None or text.isascii():
        return by_look
    return stated_minor_age(romanized(visible_form(text)))


def _own_words(tag: str) -> str:
    """`tag` as the person would say it: no weights, no brackets of a group that a comma has cut through."""
    text = plain_text(WEIGHT.sub("", tag)).strip()
    if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
        text = text.strip("()[] ")
    return text or tag


def _refused(rule: PolicyRule, tags: list[str], rating: Rating, ceiling: Rating) -> Verdict:
    return Verdict(rating=rating, ceiling=ceiling, rule=rule, tags=tuple(dict.fromkeys(tags)))
