"""Ages under 18 that a text states, in English, Japanese and by the commonest words of a few other languages."""

import re
from collections.abc import Iterator

from generation.misspellings import Misspellings
from generation.normal_form import GAPS, WEIGHT, leet_readings
from generation.spoken_numbers import foreign_minor_age, japanese_minor_age


def stated_minor_age(folded: str) -> str | None:
    """The words in `folded` (see `normal_form.fold`) that state an age under 18, else None.

    English and Japanese, in digits, words and kanji: "12yo", "age: fifteen", "十四歳", "5th grader".
    """
    # With and without weights: in "(age:12)" the weight is the age.
    for text in dict.fromkeys((folded, WEIGHT.sub("", folded))):
        if _ROMAN_AGE.search(text):
            return text
        plain = _DECIMALS.sub("", _THOUSANDS.sub("", _UNDER_SIGNS.sub(" under ", _FRACTIONS.sub("", text))))
        spaced = _HALVES.sub("", GAPS.sub(" ", plain))
        for counted in dict.fromkeys(_counted(spaced)):
            if found := _counted_age(counted) or japanese_minor_age(counted):
                return found
        if found := foreign_minor_age(spaced):
            return found
    return None


def _counted_age(counted: str) -> str | None:
    if not _MAY_STATE_AGE.search(counted):
        return None
    for pattern, limit in _AGE_PATTERNS:
        for match in pattern.finditer(counted):
            number = match.groupdict().get("age")
            if number is None or int(number.replace(" ", "")) < limit:
                return match.group()
    return None


def _counted(spaced: str) -> Iterator[str]:
    """`spaced` with its number words as digits, and with letters that stand for digits read so: "l2 yo"."""
    parted = _GLUED_AGE.sub(r"\1 \2", _DOZEN.sub("12", spaced))
    words = _TENS.sub(_number_of_tens, parted).split()
    yield " ".join(_NUMBER_WORDS.get(word, word) for word in words)
    if any(_LOOKS_LIKE_NUMBER.fullmatch(word) for word in words):
        yield " ".join(
            word.translate(_DIGITS) if _LOOKS_LIKE_NUMBER.fullmatch(word) else word for word in words
        )
    if _SPEAKS_OF_AGE.search(spaced):
        yield " ".join(_number_meant(word) for word in words)


def _number_meant(word: str) -> str:
    """The digits of a number word, also of a misspelt one: "twelv", "s1xteen", "13teen", and "1seven" for 17."""
    word = _DIGITS_AND_TEEN.sub(r"\1", word)
    if begun_in_digits := _TEEN_BY_PARTS.fullmatch(word):
        return "1" + _NUMBER_WORDS[begun_in_digits[1]]
    meant = {word, *leet_readings(word)} & _NUMBER_WORDS.keys() or _MISSPELT_NUMBERS.minor_terms_in(word)
    return min((_NUMBER_WORDS[number] for number in meant), key=int, default=word)


def _number_of_tens(match: re.Match[str]) -> str:
    return str(10 * (_TENS_WORDS.index(match[1]) + 2) + int(_NUMBER_WORDS.get(match[2], "0")))


_UNDER_SIGNS = re.compile(r"<|(?:(?<=^)|(?<=[\s,(]))-(?=1[0-8](?!\d))|(?<!\d)1[0-8]-(?=$|[\s,)])")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DECIMALS = re.compile(r"(?<=\d)\.\d+")
_FRACTIONS = re.compile(r"\d⁄\d+")
"""What "½" becomes in the normal form."""
_HALVES = re.compile(r"(?: and a| and| a)? (?:half|quarter)(?= (?:years?|yrs?)\b)")
_DOZEN = re.compile(r"\b(?:a |one )?dozen(?= (?:years?|yrs?))")
_LOOKS_LIKE_NUMBER = re.compile(r"(?=.*\d)(?=.*[loiz])[1-9li][0-9loiz](?:yo|yrs?|yearold)?")
_DIGITS = str.maketrans("loiz", "1012")
_ROMAN_AGE = re.compile(
    r"\b(?:x?(?:i|ii|iii|iv|v|vi|vii)|viii|ix|x)"
    r" ?(?:[-_ ] ?(?:years?|yrs?)[-_ ]?olds?|y[/. ]?o)\b"
    r"|(?<!ice )(?<!dragon )(?<!gundam )(?<!golden )\bage[d:]? ?(?:of )?"
    r"(?:x(?:i|ii|iii|iv|v|vi|vii)|viii|vii|iv|vi|ix)\b"
)
_SPEAKS_OF_AGE = re.compile(r"\b(?:y[aeirsz]*|yo|yrold|yearold)\b|\bage")

_SMALL_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS_WORDS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TENS = re.compile(rf"\b({'|'.join(_TENS_WORDS)})(?: ({'|'.join(_SMALL_NUMBERS.split()[:9])}))?\b")
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_SMALL_NUMBERS.split(), start=1)}
_GLUED_AGE = re.compile(rf"\b({'|'.join(_SMALL_NUMBERS.split())})(yo|(?:years?|yrs?) ?olds?)\b")
_DIGITS_AND_TEEN = re.compile(r"^(1[3-9])teen$")
_TEEN_BY_PARTS = re.compile(rf"1({'|'.join(_SMALL_NUMBERS.split()[:9])})")
_MISSPELT_NUMBERS = Misspellings(frozenset(_NUMBER_WORDS), frozenset(_NUMBER_WORDS))
_ORDINALS = "(?:[1-9]|1[0-2])(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
_PERSON = "(?:girl|boy|female|male|woman|daughter|son|sister|brother|niece|nephew|kid|child|student|f|m)"
_AGE = r"(?<!\d)(?P<age>[1-9]\d{0,3}|1 \d)"
_YEARS = "y[aeirsz]{0,6}"
"""Years in any spelling: yrs, yeras."""
_OLD = "(?:oldd?s?|odl|olde|ould|owld|ol)"
_ABOUT = r"(?: ?(?:is|of|was|at|about|around|approximately|only|just|equals|range|group))*"
_MAY_STATE_AGE = re.compile(r"\d(?!girl|boy|other)|grade|year|teen")
"""One of these is in all that the patterns below find."""
_AGE_PATTERNS = tuple(
    (re.compile(pattern), limit)
    for pattern, limit in (
        (_AGE + rf" ?{_YEARS} ?(?:s )?(?:{_OLD}|of age|o|aged|young)\b", 18),
        (_AGE + r" ?(?:yo|yrold|yrsold|yearold|yearsold|ywo)\b", 18),
        (_AGE + r" ?(?:years?|yrs?) ?(?:girl|boy|female|male|child|kid)s?\b", 18),
        (_AGE + r" ?yrs?\b(?! (?:later|ago|of|in|since|anniversary))", 18),
        (r"(?<!\d)\b(?P<age>[4-9]|1[0-7])y\b", 18),
        (_AGE + r" going on \d", 18),
        (r"(?<!\d )\b(?:years?|yrs?) ?old (?:is |of |at )?(?P<age>[1-9]\d?)\b", 18),
        (_AGE + r" ?(?:sai|ans|anos|jahre|jahrig\w*|let|anni|ani|jaar|jarige?|lat|letnia|tahun|tuoi|yasinda|vuotias"
         r"|ar gammal)\b", 18),
        (_AGE + r" (?:summers|winters|springs)(?: old| of age|$)", 18),
        (_AGE + r" (?:or so )?(?:ish )?in age\b", 18),
        (r"\b(?:she|he|they|who|girl|boy) (?:is|was|are|s) (?:only |just )?(?P<age>\d{1,4})"
         r"(?= and\b| with\b|$)", 18),
        (r"\b(?:looks?|looking|appears?|appearing|seems|acts?)(?: like| to be| about| around| only| barely| a| an)*"
         r" (?P<age>[4-9]|1\d)(?= |$)(?! ?(?:cm|kg|px|people|girls|boys|minutes|seconds|hours|different|ways))", 18),
        (r"\b(?:body|face|appearance|mind|figure) of (?:a |an )?(?P<age>[4-9]|1\d)\b", 18),
        (r"\b(?:turned|turning|just turned|turns) (?P<age>[1-9]|1\d)\b", 18),
        # Whoever was born in 2009 comes of age in 2027; from then on this errs on the careful side.
        (r"\b(?:born|birth ?year|year of birth|birth ?date|date of birth|dob)(?: \w{1,9}){0,3} 20(?:09|[1-9]\d)\b", 18),
        (r"(?<!high )(?<!master )(?<!real )(?<!perfect )\bgrade ?(?:[1-9]|1[0-2])\b", 18),
        (r"\b(?:year|class|form) ?(?:[1-9]|1[0-3]) (?:pupil|kid|child|schoolgirl|schoolboy)", 18),
        (r"(?<!gundam )(?<!dragon )(?<!ice )(?<!golden )(?<!new )\b(?:ages?|aged)"
         + _ABOUT + r" ?(?P<age>\d{1,4})\b", 18),
        (r"\b(?:under|below|less than|younger than|not(?: yet| quite| even)?|almost|nearly|barely|before|u)"
         r"(?: the| turning| her| his)?(?: age)?(?: of)? ?(?P<age>1[0-8])(?:th|s)?\b"
         r"(?! ?(?:cm|kg|px|minutes|seconds|hours|am|pm|oclock))", 19),
        (r"\b(?:hasn t|hadn t|has not|had not|not yet|never|yet to)(?: yet)?"
         r" (?:turn|turned|reach|reached|be|become|been|hit) 18\b", 18),
        (r"\b(?:before|until|awaiting|ahead of)(?: \w+){0,2} 18th birthday\b", 18),
        (r"\b\d{1,2} ?(?:months?|weeks?|mo) ?old\b", 18),
        (r"\b(?:" + _ORDINALS + r") ?grade(?:r|rs)?\b", 18),
        (r"\b(?:" + _ORDINALS + r") year (?:of )?(?:elementary|primary|middle|junior|high|secondary)\b", 18),
        (r"\b(?:sweet |her |his )(?:16|16th)(?: birthday| party)?\b", 18),
        (r"\b(?P<age>[1-9]|1[0-7])(?:st|nd|rd|th) birthday\b", 18),
        (r"\b1?" + _PERSON + r"(?: of)? (?P<age>[4-9]|1[0-7])$", 18),
        (r"^(?P<age>1[0-7]) ?(?:girl|boy|female|male|f|m)\b$", 18),
        (r"^(?P<age>1[0-7]) (?:girl|boy|female|male)\b", 18),
        (r"^(?:[4-9]|1[0-7])$", 18),
        (r"^(?:mid |early |late )?(?:pre ?)?teen (?:years|age)\b", 18),
        (r"^(?P<age>[4-9]|1[0-7]) ?ish$", 18),
    )
)  # fmt: skip
