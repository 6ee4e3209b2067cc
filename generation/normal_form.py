"""The normal form in which the content policy reads text: what looks the same becomes the same.

Which characters look alike is Unicode's own list (UTS #39), by the library confusable_homoglyphs.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from html import unescape
from itertools import product
from urllib.parse import unquote

from confusable_homoglyphs.confusables import confusables_data

WORD = re.compile(r"[^\W_]+")
GAPS = re.compile(r"[\W_]+")
WEIGHT = re.compile(r":\s*[+-]?[.\d]+\s*(?=[)\]])")
"""The weight at the end of a group, as in `(tag:1.2)`."""


def fold(text: str) -> str:
    """One form for all that looks the same: the `visible_form`, and for letters the Latin ones that they look like."""
    visible = visible_form(text)
    if visible.isascii():
        return visible
    folded = unicodedata.normalize("NFKC", "".join(map(_plain_char, visible)).casefold())
    return folded if folded.isascii() else _STROKE_AMONG_LETTERS.sub(_letter_of_stroke, folded)


def visible_form(text: str) -> str:
    """`text` without compatibility forms, accents, invisible signs and case, each script still its own.

    Letters written as HTML or URLs have them are letters. The marks that make voiced kana stay, they are letters of
    their own: ガ isn't カ.
    """
    if "&" in text or "%" in text:
        text = unquote(unescape(text))
    if text.isascii():
        return "".join(char for char in text if not _is_invisible(char)).casefold()
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    visible = "".join(char for char in decomposed if not _is_invisible(char))
    return unicodedata.normalize("NFC", visible).casefold()


def romanized(visible: str) -> str:
    """`visible` with Cyrillic letters as the Latin ones that sound like them: "шота" is "shota"."""
    return visible if visible.isascii() else visible.translate(_CYRILLIC_SOUNDS)


def leet_readings(token: str) -> Iterator[str]:
    """`token` with digits and signs read as letters, in every way they can be, when it has letters too.

    A long number stays one, and so does one beside a slash: "room-1011", "10/11".
    """
    if _NUMBER_IN_EARNEST.search(token):
        return
    for drawn in dict.fromkeys((token, _DRAWN.sub(lambda match: _DRAWN_LETTERS[match.group()], token))):
        if drawn != token:
            yield "".join(WORD.findall(drawn))
        if any(char in _LEET for char in drawn) and any(char.isalpha() for char in drawn):
            for stripped in {drawn, drawn.strip("!|+")}:
                yield from _readings_of_signs(stripped)


def _readings_of_signs(token: str) -> Iterator[str]:
    ambiguous = sum(len(_LEET.get(char, "")) > 1 for char in token)
    choices = [
        _LEET.get(char, char) if ambiguous <= _LEET_AMBIGUOUS_MAX else _LEET.get(char, char)[:1]
        for char in token
    ]
    for letters in product(*choices):
        yield "".join(WORD.findall("".join(letters)))


_LEET = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "il", "|": "il", "€": "e", "£": "l", "¢": "c", "+": "t", "¥": "y",
}  # fmt: skip
_LEET_AMBIGUOUS_MAX = 5
_NUMBER_IN_EARNEST = re.compile(r"(?<![a-z])\d{4}|\d{4}(?![a-z])|\d/\d")
_CYRILLIC_SOUNDS = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "і": "i",
        "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
        "у": "u", "ф": "f", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "",
        "э": "e", "ю": "yu", "я": "ya", "є": "e", "ј": "j",
    }
)  # fmt: skip
_DRAWN_LETTERS = {
    "|_": "l", "()": "o", "[]": "o", "<>": "o", "{}": "o", "/\\": "a", "/-\\": "a", "|-|": "h", "|)": "d",
    "|<": "k", "|{": "k", "\\/": "v", "(_)": "o", "[_": "l",
}  # fmt: skip
"""Letters drawn with several signs."""
_DRAWN = re.compile("|".join(sorted(map(re.escape, _DRAWN_LETTERS), key=len, reverse=True)))

_VOICING_MARKS = "\u3099\u309a"
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"
_KEPT_SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KANGXI", "IDEOGRAPHIC", "BOPOMOFO")
"""Scripts whose letters stay themselves: 口 isn't an o, unless it stands among Latin letters."""

_UNLISTED = {
    char: letter
    # What Unicode's list leaves out or reads by another rule than likeness to a Latin letter in any case.
    for letter, chars in {
        "a": "ΛѦѧ", "b": "вьЪъβ", "c": "ς", "d": "δԂ", "e": "єЄεΕ", "g": "Ԍԍ", "f": "ғҒ", "h": "Һн", "i": "ІΙіι¡ǃӀꓲǀᛁ",
        "k": "кκҝ", "l": "∣│ӏλԼլ₤", "m": "м", "n": "иИпПηΠπ", "o": "θΘ⭕○●◯◎⚪⚫🔴🔵°º☉⊙⦿", "r": "гГяЯ", "t": "тτ†",
        "u": "μц", "w": "ω", "x": "χ×✕✖❌", "y": "γ", "z": "ζ", "s": "§", "v": "√∨",
    }.items()
    for char in chars
}  # fmt: skip
_NAMED_LETTER = re.compile(
    r"\b(?:LATIN|REGIONAL INDICATOR)\b.*\bLETTER "
    r"(?:(?:SMALL CAPITAL|DOTLESS|REVERSED|TURNED|OPEN|SIDEWAYS|BARRED|SCRIPT|INSULAR) )*([A-Z])(?: WITH .+)?$"
)
_STROKE_AMONG_LETTERS = re.compile(r"(?:(?<=[a-z])[〇口ㅇ丨ㅣ亅])|(?:[〇口ㅇ丨ㅣ亅](?=[a-z]))")


def _letter_of_stroke(match: re.Match[str]) -> str:
    return "o" if match.group() in "〇口ㅇ" else "l"


@cache
def _plain_char(char: str) -> str:
    """The Latin letter or the ASCII digit that `char` looks like, else `char` itself."""
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    name = unicodedata.name(char, "")
    if "ㇰ" <= char <= "ㇿ":
        return unicodedata.lookup(name.replace("SMALL ", ""))
    if name.startswith(_KEPT_SCRIPTS):
        return char
    if char in _UNLISTED:
        return _UNLISTED[char]
    if named := _NAMED_LETTER.search(name):
        return named[1].lower()
    return _confusable_letter(char) or _confusable_letter(char.casefold()) or char


def _confusable_letter(char: str) -> str | None:
    """The first ASCII letter that Unicode lists as alike, by way of one other character where need be."""
    near = [str(entry["c"]) for entry in confusables_data.get(char, ())]
    far = [str(entry["c"]) for other in near for entry in confusables_data.get(other, ())]
    for alike in (*near, *far):
        bare = "".join(it for it in unicodedata.normalize("NFKD", alike) if not unicodedata.combining(it))
        if len(bare) == 1 and bare.isascii() and bare.isalpha():
            return bare.lower()
    return None


@cache
def _is_invisible(char: str) -> bool:
    if char in _BLANK_LETTERS:
        return True
    category = unicodedata.category(char)
    return category in ("Cf", "Mn", "Me", "Cc") and char not in _VOICING_MARKS and char not in "\t\n\r"
