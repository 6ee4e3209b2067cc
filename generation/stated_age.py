"""Ages under 18 that a text states, in English, Japanese and by the commonest words of a few other languages."""

import re
from collections.abc import Iterator

from generation.normal_form import GAPS, WEIGHT


def stated_minor_age(folded: str) -> str | None:
    """The words in `folded` (see `normal_form.fold`) that state an age under 18, else None.

    English and Japanese, in digits, words and kanji: "12yo", "age: fifteen", "十四歳", "5th grader".
    """
    # With and without weights: in "(age:12)" the weight is the age.
    for text in dict.fromkeys((folded, WEIGHT.sub("", folded))):
        if _ROMAN_AGE.search(text):
            return text
        spaced = GAPS.sub(" ", _DECIMALS.sub("", _THOUSANDS.sub("", _UNDER_SIGNS.sub(" under ", text))))
        for counted in dict.fromkeys(_counted(spaced)):
            for pattern, limit in _AGE_PATTERNS:
                for match in pattern.finditer(counted):
                    number = match.groupdict().get("age")
                    if number is None or int(number.replace(" ", "")) < limit:
                        return match.group()
            for match in _JAPANESE_AGE.finditer(counted):
                if _kanji_number(match[1]) < 18:
                    return match.group()
    return None


def _counted(spaced: str) -> Iterator[str]:
    """`spaced` with its number words as digits, and with letters that stand for digits read so: "l2 yo"."""
    words = _TENS.sub(_number_of_tens, _DOZEN.sub("12", spaced)).split()
    yield " ".join(_NUMBER_WORDS.get(word, word) for word in words)
    if any(_LOOKS_LIKE_NUMBER.fullmatch(word) for word in words):
        yield " ".join(
            word.translate(_DIGITS) if _LOOKS_LIKE_NUMBER.fullmatch(word) else word for word in words
        )


def _number_of_tens(match: re.Match[str]) -> str:
    return str(10 * (_TENS_WORDS.index(match[1]) + 2) + int(_NUMBER_WORDS.get(match[2], "0")))


_UNDER_SIGNS = re.compile(r"<|(?:(?<=^)|(?<=[\s,(]))-(?=1[0-8](?!\d))|(?<!\d)1[0-8]-(?=$|[\s,)])")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DECIMALS = re.compile(r"(?<=\d)\.\d+")
_DOZEN = re.compile(r"\b(?:a |one )?dozen(?= (?:years?|yrs?))")
_LOOKS_LIKE_NUMBER = re.compile(r"(?=.*\d)(?=.*[loiz])[1-9li][0-9loiz](?:yo|yrs?|yearold)?")
_DIGITS = str.maketrans("loiz", "1012")
_ROMAN_AGE = re.compile(r"\b(?:x?(?:i|ii|iii|iv|v|vi|vii)|viii|ix|x) ?[-_ ] ?(?:years?|yrs?)[-_ ]?olds?\b")

_SMALL_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS_WORDS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TENS = re.compile(rf"\b({'|'.join(_TENS_WORDS)})(?: ({'|'.join(_SMALL_NUMBERS.split()[:9])}))?\b")
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_SMALL_NUMBERS.split(), start=1)}
_ORDINALS = "(?:[1-9]|1[0-2])(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
_PERSON = "(?:girl|boy|female|male|woman|man|daughter|son|sister|brother|niece|nephew|kid|child|student|f|m)"
_AGE = r"(?<!\d)(?P<age>[1-9]\d{0,3}|1 \d)"
_ABOUT = r"(?: ?(?:is|of|was|at|about|around|approximately|only|just|equals|range|group))*"
_AGE_PATTERNS = tuple(
    (re.compile(pattern), limit)
    for pattern, limit in (
        (_AGE + r" ?(?:years?|yrs?|yr|yeras?|yaers?|y) ?(?:s )?(?:olds?|of age|o|aged|young|ol)\b", 18),
        (_AGE + r" ?(?:yo|yrold|yrsold|yearold|yearsold|ywo)\b", 18),
        (_AGE + r" ?(?:years?|yrs?) ?(?:girl|boy|female|male|child|kid)s?\b", 18),
        (_AGE + r" ?yrs?\b(?! (?:later|ago|of|in|since|anniversary))", 18),
        (_AGE + r" ?(?:sai|ans|anos|jahre|jahrig|let|anni)\b", 18),
        (_AGE + r" (?:summers|winters|springs)(?: old| of age|$)", 18),
        (_AGE + r" (?:or so )?(?:ish )?in age\b", 18),
        (r"\b(?:she|he|they|who|girl|boy) (?:is|was|are|s) (?:only |just )?(?P<age>\d{1,4})"
         r"(?= and\b| with\b|$)", 18),
        (r"\b(?:looks?|looking|appears?|appearing|seems|acts?)(?: like| to be| about| around| only| barely| a| an)*"
         r" (?P<age>[4-9]|1\d)(?= |$)(?! ?(?:cm|kg|px|people|girls|boys|minutes|seconds|hours|different|ways))", 18),
        (r"\b(?:body|face|appearance|mind|figure) of (?:a |an )?(?P<age>[4-9]|1\d)\b", 18),
        (r"\b(?:turned|turning|just turned|turns) (?P<age>[1-9]|1\d)\b", 18),
        # Whoever was born in 2009 comes of age in 2027; from then on this errs on the careful side.
        (r"\bborn (?:in )?20(?:09|[1-9]\d)\b", 18),
        (r"(?<!high )(?<!master )(?<!real )(?<!perfect )\bgrade ?(?:[1-9]|1[0-2])\b", 18),
        (r"(?<!gundam )(?<!dragon )(?<!ice )(?<!golden )(?<!new )\b(?:ages?|aged)"
         + _ABOUT + r" ?(?P<age>\d{1,4})\b", 18),
        (r"\b(?:under|below|less than|younger than|not yet|not quite|almost|nearly|barely|not even|before|u)"
         r"(?: the| turning| her| his)?(?: age)?(?: of)? ?(?P<age>1[0-8])\b(?:th)?"
         r"(?! ?(?:cm|kg|px|minutes|seconds|hours|am|pm|oclock))", 19),
        (r"\b\d{1,2} ?(?:months?|weeks?|mo) ?old\b", 18),
        (r"\b(?:" + _ORDINALS + r") ?grade(?:r|rs)?\b", 18),
        (r"\b(?:" + _ORDINALS + r") year (?:of )?(?:elementary|primary|middle|junior|high|secondary)\b", 18),
        (r"\b(?:sweet |her |his )(?:16|16th)(?: birthday| party)?\b", 18),
        (r"\b(?P<age>[1-9]|1[0-7])(?:st|nd|rd|th) birthday\b", 18),
        (r"\b1?" + _PERSON + r" (?P<age>[4-9]|1[0-7])$", 18),
        (r"^(?P<age>1[0-7]) ?(?:girl|boy|female|male|f|m)\b$", 18),
        (r"^(?P<age>1[0-7]) (?:girl|boy|female|male)\b", 18),
        (r"^(?:[4-9]|1[0-7])$", 18),
        (r"^(?:mid |early |late )?(?:pre ?)?teen ?(?:years|age)\b", 18),
        (r"^(?P<age>[4-9]|1[0-7]) ?ish$", 18),
    )
)  # fmt: skip
_JAPANESE_AGE = re.compile(
    r"(\d{1,4}|[〇零一二三四五六七八九十百千]{1,6}) ?(?:歳|才(?!能)|さい|サイ|岁|嵗|살|세(?![가-힣]))"
)
_KANJI_DIGITS = {char: number for number, char in enumerate("〇一二三四五六七八九")} | {"零": 0}
_KANJI_UNITS = {"十": 10, "百": 100, "千": 1000}


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
