"""How the content policy reads one tag: a row of words, each with all the readings that it may have.

A word is read as it stands, with leetspeak resolved, repeated letters drawn together, punctuation inside it dropped,
spaced-out letters joined, glued words taken apart. What the readings are compared with lives in `policy_terms.py`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from generation.misspellings import Misspellings
from generation.normal_form import GAPS, WEIGHT, WORD, fold, leet_readings, romanized, visible_form


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a tag. `readings` are taken for any term, `bent` ones only for terms that name minors.

    `parts` are bent ones that count only beside other words of such a term: "litle girl".
    """

    text: str
    readings: frozenset[str]
    bent: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NormalTag:
    """A tag as the policy reads it, in several ways.

    `rows` are its words, once with brackets dropped and once with brackets as gaps. `unmarked` are its words with all
    marks inside them dropped, as in "li'l girl", which is for phrases alone. `texts` are folded text for patterns, with
    and without what stands between letters.
    """

    rows: tuple[tuple[Word, ...], ...]
    unmarked: tuple[Word, ...]
    texts: tuple[str, ...]


class TagReader:
    """Reads tags; knows the one-word terms, so that only readings that can matter are kept.

    `minor_words` are the terms for minors, `known_words` those of all tables. `respelt` maps slang to the word that
    it stands for: "gurl" to "girl".
    """

    def __init__(
        self,
        minor_words: frozenset[str],
        known_words: frozenset[str],
        misspellings: Misspellings,
        respelt: Mapping[str, str],
    ) -> None:
        self._minor_words = minor_words
        self._known_words = known_words
        self._misspellings = misspellings
        self._respelt = respelt
        inside = sorted((slang for slang in respelt if len(slang) >= _INSIDE_MIN), key=len, reverse=True)
        self._respelt_inside = re.compile("|".join(inside) or "(?!)")
        self._by_length: dict[int, list[str]] = {}
        for word in known_words:
            self._by_length.setdefault(len(word), []).append(word)
        self._words_of_short_token = lru_cache(_TOKENS_REMEMBERED)(self._words_of_token)

    def read(self, tag: str) -> NormalTag:
        """The normal form of one tag of a person's text; weights and brackets are taken off here."""
        folded, visible = fold(tag), visible_form(tag)
        unweighted = WEIGHT.sub("", folded)
        texts = dict.fromkeys(
            (
                _BRACKETS.sub("", unweighted),
                _BRACKETS.sub(" ", unweighted),
                _BRACKETS.sub("", unweighted.replace("()", "o").replace("[]", "o")),
                *([spelt] if (spelt := romanized(visible)) != visible else ()),
            )
        )
        rows = dict.fromkeys(tuple(self._words(text)) for text in texts)
        rows.update(dict.fromkeys((word,) for row in tuple(rows) for word in self._cut_into_bits(row)))
        rows.update(dict.fromkeys((word,) for text in texts for word in self._cut_by_marks(text)))
        unmarked = _MARKS_INSIDE.sub("", unweighted)
        is_marked = unmarked not in texts and " " in unmarked
        written = unicodedata.normalize("NFC", tag).casefold()
        searched = dict.fromkeys([visible, written, folded, *texts, *(GAPS.sub("", text) for text in texts)])
        return NormalTag(tuple(rows), tuple(self._words(unmarked)) if is_marked else (), tuple(searched))

    def cut_by_commas(self, tags: list[str]) -> Iterator[list[str]]:
        """The neighbours among `tags` that are a word for a minor in bits: "lo", "li"."""
        for start in range(len(tags)):
            bits: list[str] = []
            for end in range(start, min(start + _SPACED_OUT_MAX, len(tags))):
                if not 1 <= len(tags[end]) <= _BIT_MAX:
                    break
                bits.append(fold(tags[end]))
                if len(bits) > 1 and self._minor_words & _readings_of_bits(bits):
                    yield tags[start : end + 1]

    def _words(self, text: str) -> list[Word]:
        words: list[Word] = []
        for token in _UNDERSCORE.sub(" ", text).split():
            is_short = len(token) <= _REMEMBERED_LENGTH_MAX
            words += self._words_of_short_token(token) if is_short else self._words_of_token(token)
        return self._with_joined(words)

    def _words_of_token(self, token: str) -> list[Word]:
        parts = WORD.findall(token)
        joined: set[str] = set()
        if len(parts) > 1:
            joined.add("".join(parts))
        joined.update(leet_readings(token))
        joined.update(self._masked_readings(token))
        if not parts:
            return [self._word("", joined)] if joined else []
        return [self._word(parts[0], joined), *(self._word(part, ()) for part in parts[1:])]

    def _word(self, text: str, joined: Iterable[str]) -> Word:
        given = {text, *joined}
        readings = set(given)
        bent: set[str] = set()
        parts: set[str] = set()
        for reading in given:
            readings.update(self._compound_readings(reading))
            readings.update(self._misspellings.stretched(reading))
            readings.update(self._misspellings.other_terms_in(reading))
            bent.update(self._misspellings.minor_terms_in(reading))
            bent.add(self._respelling_of(reading))
            parts.update(self._misspellings.parts_in(reading))
        return Word(text, frozenset(readings - {""}), frozenset(bent - readings), frozenset(parts))

    def _respelling_of(self, word: str) -> str:
        return self._respelt.get(word) or self._respelt_inside.sub(
            lambda slang: self._respelt[slang.group()], word
        )

    def _compound_readings(self, word: str) -> Iterator[str]:
        """The known words that `word` is glued from without remainder: "cuteloli"."""
        if not 6 <= len(word) <= 32 or word in self._known_words:
            return
        for cut in range(3, len(word) - 2):
            left, right = word[:cut], word[cut:]
            if self._is_glued(left, right) or self._is_glued(right, left):
                yield from self._known_words & {left, right}

    def _is_glued(self, term: str, other: str) -> bool:
        if other in _GLUE:
            return term in self._minor_words or (len(term) >= 4 and term in self._known_words)
        return min(len(term), len(other)) >= 4 and self._known_words.issuperset((term, other))

    def _masked_readings(self, token: str) -> Iterator[str]:
        """Terms that a token with starred-out letters may stand for: `l*li`, `l♥li`."""
        masked = "".join("*" if _is_picture(char) else char for char in token)
        if len(masked) < 3 or not _MASKED.fullmatch(masked):
            return
        shape = re.compile("".join("." if char in "*#" else re.escape(char) for char in masked))
        yield from filter(shape.fullmatch, self._by_length.get(len(masked), ()))

    def _with_joined(self, words: list[Word]) -> list[Word]:
        """`words`, where those that begin a word with spaces in it have it among their readings too."""
        texts = [word.text for word in words]
        joined: list[Word] = []
        for start, word in enumerate(words):
            readings: set[str] = set()
            bent = self._minor_words & {_halved(texts, start)}
            for end in range(start + 2, min(start + _SPACED_OUT_MAX, len(texts)) + 1):
                parts = texts[start:end]
                longest = max(map(len, parts))
                if longest > _BIT_MAX:
                    break
                text = "".join(parts)
                if len(text) < 3 or _is_prose(parts, is_at_end=end == len(texts)):
                    continue
                bent |= self._minor_words & _readings_of_bits(parts)
                if len(text) >= _BITS_TOGETHER_MIN:
                    readings |= self._known_words & {text}
                if longest == 1:
                    readings |= self._known_words & _readings_of_bits(parts)
                    readings |= self._misspellings.stretched(text)
            joined.append(Word(word.text, word.readings | readings, word.bent | bent, word.parts))
        return joined

    def _cut_into_bits(self, row: tuple[Word, ...]) -> Iterator[Word]:
        """The one word that a whole tag is when it is a known one in bits: "m i n o r"."""
        texts = [word.text for word in row]
        if 2 <= len(row) <= _SPACED_OUT_MAX and max(map(len, texts)) <= _BIT_MAX:
            known = self._known_words & _readings_of_bits(texts)
            if known and not _is_prose(texts, is_at_end=True):
                yield Word("".join(texts), known)

    def _cut_by_marks(self, text: str) -> Iterator[Word]:
        """The one word that a whole tag is when there are only marks in it: "m!n0r"."""
        token = text.strip()
        parts = WORD.findall(token)
        if len(parts) > 1 and len(token.split()) == 1 and not any(map(str.isdecimal, parts)):
            whole = "".join(parts)
            if known := self._known_words & {whole, *leet_readings(token)}:
                yield Word(whole, known)


_UNDERSCORE = re.compile(r"(?<![|(])_")
"""One that stands for a space, and isn't a stroke of a drawn letter, as in `|_` for an l."""
_BRACKETS = re.compile(r"[()\[\]{}\\]")
_MARKS_INSIDE = re.compile(r"(?<=\w)[^\w\s](?=\w)|[()\[\]{}\\]")
_MASKED = re.compile(r"[a-z]+[*#]+[a-z*#]*[a-z]|[a-z]{2,}[*#]+")
_GLUE_WORDS = (
    "girl girls boy boys cute sexy hot nude naked tiny little young small lewd sex big huge art pic anime pre mini "
    "chan kun like looking aged body bodied face faced ish"
)
_GLUE = frozenset(_GLUE_WORDS.split())
"""What people glue to a term to make one word of both."""
_PROSE = frozenset(
    ("lol icon", "lol icons", "boy lover", "boy lovers", "girl lover", "girl lovers", "only fans", "no pans",
     "high leg", "high legs", "four some", "bond age", "un dies", "an uses", "fore skin", "span king")
)  # fmt: skip
"""Neighbours in honest prose that would read as one word."""
_PROSE_BEFORE_MORE = frozenset(("lol i", "shot a", "shot as"))
_BIT_MAX = 4
"""Letters in a bit of a word that was cut."""
_BITS_TOGETHER_MIN = 6
"""Letters of a word in bits, from which on it is no accident for terms of every kind."""
_HALVES_TOGETHER_MIN = 7
_INSIDE_MIN = 4
"""Letters of slang that is known inside a longer word."""
_TOKENS_REMEMBERED = 8192
_REMEMBERED_LENGTH_MAX = 24
"""Letters of a token that is remembered, so that what is remembered stays small."""
_SPACED_OUT_MAX = 14
"""Words looked at together for a spaced-out term; the longest terms of one word have fewer letters."""


def _readings_of_bits(bits: list[str]) -> set[str]:
    """The words that `bits` may be together. A number beside letters is a number: "baby 5"."""
    whole = "".join(bits)
    has_number = any(bit.isdecimal() for bit in bits) and max(map(len, bits)) > 1
    readings = {whole} if has_number else {whole, *leet_readings(whole)}
    return {reading for reading in readings if len(reading) >= 3}


def _is_prose(parts: list[str], *, is_at_end: bool) -> bool:
    text = " ".join(parts)
    return text in _PROSE or (text in _PROSE_BEFORE_MORE and not is_at_end)


def _halved(texts: list[str], start: int) -> str:
    """The word at `start` and the next as one, if long enough that its halves meet by no accident: "undera ge"."""
    halves = texts[start : start + 2]
    whole = "".join(halves)
    is_one = len(halves) == 2 and len(whole) >= _HALVES_TOGETHER_MIN and " ".join(halves) not in _PROSE
    return whole if is_one else ""


def _is_picture(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char) in ("So", "Sm", "Sc")
