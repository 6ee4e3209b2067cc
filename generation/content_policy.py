"""What may be drawn where: the ceilings of places, and the rule on minors that no setting loosens.

The words and how they are recognised live in `policy_terms.py`; what a refusal leads to, in `cogs/`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from generation.errors import PolicyRefusal, PolicyRule
from generation.place import Place
from generation.policy_terms import NormalTag, PolicyTerms, fold, load_policy_terms
from generation.rating import Rating
from generation.request import GenerationRequest
from generation.tags import plain_text


@dataclass(frozen=True, slots=True)
class ContentPolicy:
    """What the operator allows in ordinary channels and in age-restricted ones.

    `everyday_ceiling` also rules in direct messages, which Discord doesn't age-restrict.

    Raises:
        ValueError: the everyday ceiling is above SENSITIVE, which Discord's rules leave to age-restricted
            channels.
    """

    everyday_ceiling: Rating = Rating.SENSITIVE
    age_restricted_ceiling: Rating = Rating.SENSITIVE
    terms: PolicyTerms = field(default_factory=load_policy_terms, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.everyday_ceiling > Rating.SENSITIVE:
            raise ValueError(f"everyday_ceiling {self.everyday_ceiling.value} is above sensitive")

    def ceiling(self, place: Place) -> Rating:
        """The highest rating that may be drawn at `place`."""
        is_restricted = place.guild_id is not None and place.is_age_restricted
        return self.age_restricted_ceiling if is_restricted else self.everyday_ceiling

    def check_rating(self, rating: Rating, place: Place) -> None:
        """Pass a picture of this rating that may be shown at `place`.

        Raises:
            PolicyRefusal: the rating is above the place's ceiling.
        """
        if rating > (ceiling := self.ceiling(place)):
            raise _refusal(PolicyRule.RATING_ABOVE_CEILING, [], rating, ceiling)

    def check(self, request: GenerationRequest, place: Place) -> None:
        """Pass a request that may be drawn at `place`. The order of the rules is the order of their weight.

        1. A sexualising word for a minor in what is asked for: refused in every rating.
        2. Any word for a minor, a minor-coded body or thing, or a stated age under 18, together with anything
           above SAFE (the rating option, or a word), all in what is asked for: refused. So is a word for
           adults in the negative prompt, which asks for the opposite.
        3. The rating option is above the place's ceiling.
        4. A word in what is asked for has a rating above the ceiling.

        The negative prompt by itself refuses nothing else: to keep children, or underwear, out of a picture is
        innocent, in every rating. A negative weight there turns its meaning round, so then it counts as asked
        for.

        Raises:
            PolicyRefusal: a rule is met; carries the person's own words that met it.
        """
        ceiling = self.ceiling(place)
        asked_for = _asked_for(request)
        readings = [reading for text in asked_for for reading in self._read(text)]
        ratings = {reading.tag: reading.rating for reading in readings}
        rating = max([request.rating, *ratings.values()])

        always = [reading.tag for reading in readings if "always" in reading.minors]
        if always:
            raise _refusal(PolicyRule.MINOR, always, rating, ceiling)
        if rating > Rating.SAFE:
            coded = [reading.tag for reading in readings if reading.minors]
            coded += [reading.tag for reading in self._read(request.negative_prompt) if reading.names_adults]
            if coded:
                above_safe = [tag for tag, own in ratings.items() if own > Rating.SAFE]
                raise _refusal(PolicyRule.MINOR, coded + above_safe, rating, ceiling)
        if request.rating > ceiling:
            raise _refusal(PolicyRule.RATING_ABOVE_CEILING, [], rating, ceiling)
        above = [tag for tag, own in ratings.items() if own > ceiling]
        if above:
            raise _refusal(PolicyRule.TAG_ABOVE_CEILING, above, rating, ceiling)

    def _read(self, text: str) -> Iterator["_Reading"]:
        """Every tag of one text option, read; then what only shows across several tags."""
        tags = [written for part in _SEPARATORS.split(text) if (written := part.strip())]
        has_stated_age = False
        for tag in tags:
            reading = self._reading(_own_words(tag), self.terms.read(tag), fold(tag, self.terms.lookalikes))
            has_stated_age = has_stated_age or reading.states_minor_age
            yield reading
        # Look-alike commas and commas inside an age ("12, years old") are no hiding place.
        folded = fold(text, self.terms.lookalikes)
        if not has_stated_age and (age := stated_minor_age(folded)):
            yield _Reading(age, frozenset(("coded",)), Rating.SAFE, states_minor_age=True)
        letters = [tag for tag in tags if len(_own_words(tag)) == 1]
        if len(letters) >= 3:
            spelt = self._reading(", ".join(letters), self.terms.read(" ".join(map(_own_words, letters))), "")
            if spelt.minors:
                yield spelt

    def _reading(self, own_words: str, tag: NormalTag, folded: str) -> "_Reading":
        minors = self.terms.minors.labels_in(tag) - {"innocent"}
        states_minor_age = stated_minor_age(folded) is not None
        if states_minor_age:
            minors = minors | {"coded"}
        ratings = [Rating(label) for label in self.terms.ratings.labels_in(tag)]
        return _Reading(
            own_words,
            frozenset(minors),
            max(ratings, default=Rating.SAFE),
            states_minor_age=states_minor_age,
            names_adults=bool(self.terms.adults.labels_in(tag)),
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the tables say of one tag. `tag` is in the person's own words, without weights."""

    tag: str
    minors: frozenset[str]
    rating: Rating
    states_minor_age: bool = False
    names_adults: bool = False


def stated_minor_age(folded: str) -> str | None:
    """The words in `folded` (see `policy_terms.fold`) that state an age under 18, else None.

    English and Japanese, in digits, words and kanji: "12yo", "age: fifteen", "十四歳", "5th grader".
    """
    # With and without weights: in "(age:12)" the weight is the age.
    for text in dict.fromkeys((folded, _WEIGHT.sub("", folded))):
        spaced = _GAPS.sub(" ", _DECIMALS.sub("", _THOUSANDS.sub("", text.replace("<", " under "))))
        counted = " ".join(_NUMBER_WORDS.get(word, word) for word in spaced.split())
        for pattern, limit in _AGE_PATTERNS:
            for match in pattern.finditer(counted):
                number = match.groupdict().get("age")
                if number is None or int(number.replace(" ", "")) < limit:
                    return match.group()
        for match in _JAPANESE_AGE.finditer(counted):
            if _kanji_number(match[1]) < 18:
                return match.group()
    return None


_SEPARATORS = re.compile(r"[,，、\n\r]|(?<!\w)BREAK(?!\w)")
_WEIGHT = re.compile(r":\s*[+-]?[.\d]+\s*(?=[)\]])")
_NEGATIVE_WEIGHT = re.compile(r":\s*[-−–‐﹣－]\s*[.\d]+\s*[)\]]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DECIMALS = re.compile(r"(?<=\d)\.\d+")
_GAPS = re.compile(r"[\W_]+")

_SMALL_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen"
)
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_SMALL_NUMBERS.split(), start=1)}
_ORDINALS = "(?:[1-9]|1[0-2])(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
_AGE = r"(?<!\d)(?P<age>[1-9]\d{0,3}|1 \d)"
_ABOUT = r"(?: ?(?:is|of|was|at|about|around|approximately|only|just|equals))*"
_AGE_PATTERNS = tuple(
    (re.compile(pattern), limit)
    for pattern, limit in (
        (_AGE + r" ?(?:years?|yrs?|yr|y) ?(?:s )?(?:olds?|of age|o|aged|young)\b", 18),
        (_AGE + r" ?(?:yo|yearold|yearsold|yrold|yrsold)\b", 18),
        (_AGE + r" ?(?:years?|yrs?) ?(?:girl|boy|female|male|child|kid)s?\b", 18),
        (_AGE + r" ?yrs?\b(?! (?:later|ago|of|in|since|anniversary))", 18),
        (_AGE + r" ?sai\b", 18),
        (r"\b(?:she|he|they|who|girl|boy) (?:is|was|are|s) (?:only |just )?(?P<age>\d{1,4})"
         r"(?= and\b| with\b|$)", 18),
        # Whoever was born in 2009 comes of age in 2027; from then on this errs on the careful side.
        (r"\bborn (?:in )?20(?:09|[1-9]\d)\b", 18),
        (r"(?<!high )(?<!master )(?<!real )(?<!perfect )\bgrade ?(?:[1-9]|1[0-2])\b", 18),
        (r"(?<!gundam )(?<!dragon )(?<!ice )(?<!golden )(?<!new )\b(?:ages?|aged)"
         + _ABOUT + r" ?(?P<age>\d{1,4})\b", 18),
        (r"\b(?:under|below|less than|younger than|not yet|almost|nearly|barely|not even|u)"
         r"(?: the)?(?: age)?(?: of)? ?(?P<age>1[0-8])\b(?! ?(?:cm|kg|px|minutes|seconds|hours))", 19),
        (r"\b\d{1,2} ?(?:months?|weeks?|mo) ?old\b", 18),
        (r"\b(?:" + _ORDINALS + r") ?grade(?:r|rs)?\b", 18),
        (r"\b1?(?:girl|boy|female|male|daughter|son|sister|brother) (?P<age>1[0-7])$", 18),
        (r"^(?P<age>1[0-7]) ?(?:girl|boy|female|male)\b", 18),
    )
)  # fmt: skip
_JAPANESE_AGE = re.compile(r"(\d{1,4}|[〇零一二三四五六七八九十百千]{1,6}) ?(?:歳|才(?!能)|さい|サイ)")
_KANJI_DIGITS = {char: number for number, char in enumerate("〇一二三四五六七八九")} | {"零": 0}
_KANJI_UNITS = {"十": 10, "百": 100, "千": 1000}


def _asked_for(request: GenerationRequest) -> list[str]:
    texts = [request.subject, request.character, request.series, request.tags]
    if _NEGATIVE_WEIGHT.search(request.negative_prompt):
        texts.append(request.negative_prompt)
    return texts


def _own_words(tag: str) -> str:
    """`tag` as the person would say it: no weights, no brackets of a group that a comma has cut through."""
    text = plain_text(_WEIGHT.sub("", tag)).strip()
    if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
        text = text.strip("()[] ")
    return text or tag


def _kanji_number(text: str) -> int:
    """The number that digits or kanji state: 十七 is 17, 二十 is 20, 一七 is 17."""
    if text.isdecimal():
        return int(text)
    total, digits = 0, ""
    for char in text:
        if unit := _KANJI_UNITS.get(char):
            total += (int(digits) if digits else 1) * unit
            digits = ""
        else:
            digits += str(_KANJI_DIGITS[char])
    return total + (int(digits) if digits else 0)


def _refusal(rule: PolicyRule, tags: list[str], rating: Rating, ceiling: Rating) -> PolicyRefusal:
    return PolicyRefusal(rule=rule, tags=tuple(dict.fromkeys(tags)), rating=rating, ceiling=ceiling)
