"""The words that the content policy knows, and the normal form in which a person's words meet them.

The words themselves are in `policy_terms.toml`; what follows from a match is decided in `content_policy.py`.

A tag becomes a row of words. Each word carries the readings that it may have: as it stands, with leetspeak
resolved, repeated letters drawn together, punctuation inside it dropped, spaced-out letters joined. Terms are
compared with whole words only, never with a part of one: "skill" holds no "kill".
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, product
from pathlib import Path

TERMS_FILE = Path(__file__).with_name("policy_terms.toml")


_Phrase = tuple[tuple[str, ...], str]
"""The words of a term and its label."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a tag. `readings` are taken for any term, `bent` ones only for terms that name minors."""

    text: str
    readings: frozenset[str]
    bent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NormalTag:
    """A tag as the policy reads it, in several ways.

    `rows` are its words, once with brackets dropped and once with brackets as gaps; `texts` are folded text
    for patterns, with and without what stands between letters.
    """

    rows: tuple[tuple[Word, ...], ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """One table of terms, each with a label that says what it stands for.

    `phrases` maps a first word to the phrases that begin with it; `tags` likewise, but these count only as
    whole tags; `patterns` search the folded text. `takes_bent` allows words more readings, at the price of
    more accidents.
    """

    phrases: Mapping[str, tuple[_Phrase, ...]]
    tags: Mapping[str, tuple[_Phrase, ...]]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    takes_bent: bool = False

    def labels_in(self, tag: NormalTag) -> set[str]:
        """The labels of all terms in `tag`. Of several that begin at one word, the longest counts."""
        found = {label for pattern, label in self.patterns if any(map(pattern.search, tag.texts))}
        for row in tag.rows:
            found.update(self._labels_in_row(row))
        return found

    def _labels_in_row(self, row: tuple[Word, ...]) -> Iterator[str]:
        for first in self._taken(row[0]) if row else ():
            for phrase, label in self.tags.get(first, ()):
                if len(phrase) == len(row) and self._stands_at(phrase, row, 0):
                    yield label
        position = 0
        while position < len(row):
            length, labels = self._longest_at(row, position)
            yield from labels
            position += max(length, 1)

    def _longest_at(self, row: tuple[Word, ...], position: int) -> tuple[int, set[str]]:
        best = (0, False)
        labels: set[str] = set()
        for first in self._taken(row[position]):
            for phrase, label in self.phrases.get(first, ()):
                rank = (len(phrase), _ANY_WORD not in phrase)
                if rank >= best and self._stands_at(phrase, row, position):
                    labels = labels | {label} if rank == best else {label}
                    best = rank
        return best[0], labels

    def _stands_at(self, phrase: tuple[str, ...], row: tuple[Word, ...], position: int) -> bool:
        if position + len(phrase) > len(row):
            return False
        words = row[position : position + len(phrase)]
        return all(
            term == _ANY_WORD or term in self._taken(word) for term, word in zip(phrase, words, strict=True)
        )

    def _taken(self, word: Word) -> frozenset[str]:
        return word.readings | word.bent if self.takes_bent else word.readings


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerms:
    """All tables, and the reader that knows their words.

    `minors` has the labels always, coded and innocent; `adults` has adult; `ratings` has a rating's value.
    """

    minors: Vocabulary
    adults: Vocabulary
    ratings: Vocabulary
    lookalikes: Mapping[int, str]
    _minor_words: frozenset[str] = field(repr=False)
    _known_words: frozenset[str] = field(repr=False)
    """One-word terms of all tables, those for minors included."""
    _by_letters: Mapping[str, frozenset[str]] = field(repr=False)
    """One-word terms by their letters without repetition: "pusy" to {"pussy"}."""
    _by_strokes: Mapping[str, frozenset[str]] = field(repr=False)
    """One-word terms for minors with each i as l: a capital I is a small l to the eye."""

    def read(self, tag: str) -> NormalTag:
        """The normal form of one tag of a person's text; weights and brackets are taken off here."""
        folded = fold(tag, self.lookalikes)
        unweighted = _WEIGHT.sub("", folded)
        texts = dict.fromkeys(
            (
                _BRACKETS.sub("", unweighted),
                _BRACKETS.sub(" ", unweighted),
                _BRACKETS.sub("", unweighted.replace("()", "o").replace("[]", "o")),
            )
        )
        rows = dict.fromkeys(tuple(self._words(text)) for text in texts)
        searched = dict.fromkeys([folded, *texts, *(_GAPS.sub("", text) for text in texts)])
        return NormalTag(tuple(rows), tuple(searched))

    def _words(self, text: str) -> list[Word]:
        words: list[Word] = []
        for token in text.replace("_", " ").split():
            words += self._words_of_token(token)
        return self._with_joined(words)

    def _words_of_token(self, token: str) -> list[Word]:
        parts = _WORD.findall(token)
        joined: set[str] = set()
        if len(parts) > 1:
            joined.add("".join(parts))
        joined.update(_leet_readings(token))
        joined.update(self._masked_readings(token))
        if not parts:
            return [self._word("", joined)] if joined else []
        return [self._word(parts[0], joined), *(self._word(part, ()) for part in parts[1:])]

    def _word(self, text: str, joined: Iterable[str]) -> Word:
        given = {text, *joined}
        readings = set(given)
        bent: set[str] = set()
        for reading in given:
            readings.update(self._compound_readings(reading))
            stretched = self._stretched_terms(reading)
            # No English word has a letter three times in a row; two may be honest ("Tenn").
            if _THRICE.search(reading):
                readings.update(stretched)
            bent.update(term for term in stretched & self._minor_words if len(term) >= 4)
            if reading not in _HONEST:
                bent.update(self._by_strokes.get(reading.replace("i", "l"), frozenset()))
        return Word(text, frozenset(readings - {""}), frozenset(bent))

    def _stretched_terms(self, word: str) -> set[str]:
        """The terms that become `word` when some of their letters are repeated: "looolii"."""
        alike = self._by_letters.get(_single_letters(word), frozenset())
        return {
            term
            for term in alike
            if all(long >= short for long, short in zip(_runs(word), _runs(term), strict=True))
        }

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
        """Terms that a token with starred-out letters may stand for: `l*li`."""
        if not _MASKED.fullmatch(token):
            return
        shape = re.compile("".join("." if char in "*#" else re.escape(char) for char in token))
        for term in self._known_words:
            if len(term) == len(token) >= 4 and shape.fullmatch(term):
                yield term

    def _with_joined(self, words: list[Word]) -> list[Word]:
        """`words`, where those that begin a spaced-out word have it among their readings too."""
        texts = [word.text for word in words]
        joined: list[Word] = []
        for start, word in enumerate(words):
            readings: set[str] = set()
            bent: set[str] = set()
            for end in range(start + 2, min(start + _SPACED_OUT_MAX, len(texts)) + 1):
                parts = texts[start:end]
                longest = max(map(len, parts))
                if longest > 4:
                    break
                text = "".join(parts)
                if len(text) >= 3 and " ".join(parts) not in _PROSE:
                    bent |= self._minor_words & {text}
                if longest == 1 and len(text) >= 3:
                    readings |= self._known_words & {text, *_leet_readings(text)}
                    if _THRICE.search(text):
                        readings |= self._stretched_terms(text)
            joined.append(Word(word.text, word.readings | readings, word.bent | bent))
        return joined


def fold(text: str, lookalikes: Mapping[int, str]) -> str:
    """One form for all that looks the same: compatibility forms, accents, invisible signs, case, digits.

    The marks that make voiced kana stay, they are letters of their own: ガ isn't カ.
    """
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).translate(_ENCLOSED))
    visible = "".join(char for char in decomposed if not _is_invisible(char))
    latin = unicodedata.normalize("NFC", visible).translate(lookalikes).casefold()
    digits = "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() and not char.isascii() else char for char in latin
    )
    return unicodedata.normalize("NFKC", digits)


def load_policy_terms(file: Path = TERMS_FILE) -> PolicyTerms:
    """Read the tables. The file is ours: a mistake in it is a bug, with `tomllib`'s or `re`'s error."""
    with file.open("rb") as stream:
        tables = tomllib.load(stream)
    lookalikes = {ord(char): letter for letter, chars in tables["lookalikes"].items() for char in chars}
    minors = dict(tables["minors"])
    adults = {"adult": minors.pop("adult")}
    ratings = tables["ratings"]
    minor_words = _single_words(minors, lookalikes, without="innocent")
    rated_words = _single_words(ratings, lookalikes, without="safe")
    return PolicyTerms(
        minors=_build_vocabulary(minors, lookalikes, takes_bent=True),
        adults=_build_vocabulary(adults, lookalikes),
        ratings=_build_vocabulary(ratings, lookalikes),
        lookalikes=lookalikes,
        _minor_words=minor_words,
        _known_words=minor_words | rated_words,
        _by_letters=_group(minor_words | rated_words, _single_letters),
        _by_strokes=_group(minor_words, lambda term: term.replace("i", "l")),
    )


_ANY_WORD = "*"
_THRICE = re.compile(r"(.)\1\1")
_WORD = re.compile(r"[^\W_]+")
_WEIGHT = re.compile(r":\s*[+-]?[.\d]+\s*(?=[)\]])")
_BRACKETS = re.compile(r"[()\[\]{}\\]")
_GAPS = re.compile(r"[\W_]+")
_MASKED = re.compile(r"[a-z]+[*#]+[a-z*#]*[a-z]|[a-z]{2,}[*#]+")
_GLUE_WORDS = (
    "girl girls boy boys cute sexy hot nude naked tiny little young small lewd sex big huge art pic anime"
)
_GLUE = frozenset(_GLUE_WORDS.split())
"""What people glue to a term to make one word of both."""
_HONEST = frozenset(("loll",))
"""English words that differ from one for a minor only by the strokes of i and l."""
_PROSE = frozenset(("lol i", "lol icon", "lol icons", "shot a", "shot as"))
"""Neighbours in honest prose that would read as one word for a minor."""
_SPACED_OUT_MAX = 14
"""Words looked at together for a spaced-out term; the longest terms of one word have fewer letters."""

_LEET = {
    "0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "il", "|": "il", "€": "e", "£": "l", "¢": "c", "+": "t", "¥": "y",
}  # fmt: skip
_LEET_AMBIGUOUS_MAX = 5
_ENCLOSED = {
    first + index: chr(ord("a") + index)
    # Negative circled, negative squared, regional indicators: Unicode gives these no compatibility form.
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for index in range(26)
}
_VOICING_MARKS = "\u3099\u309a"
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"


def _is_invisible(char: str) -> bool:
    if char in _BLANK_LETTERS:
        return True
    category = unicodedata.category(char)
    return category in ("Cf", "Mn", "Me") and char not in _VOICING_MARKS


def _leet_readings(token: str) -> Iterator[str]:
    """`token` with digits and signs read as letters, in every way they can be, when it has letters too."""
    if not any(char in _LEET for char in token) or not any(char.isalpha() for char in token):
        return
    for stripped in {token, token.strip("!|+")}:
        ambiguous = sum(len(_LEET.get(char, "")) > 1 for char in stripped)
        choices = [
            _LEET.get(char, char) if ambiguous <= _LEET_AMBIGUOUS_MAX else _LEET.get(char, char)[:1]
            for char in stripped
        ]
        for letters in product(*choices):
            yield "".join(_WORD.findall("".join(letters)))


def _single_letters(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


def _runs(word: str) -> list[int]:
    return [len(list(run)) for _, run in groupby(word)]


def _listed(text: str) -> list[str]:
    return [" ".join(entry.split()) for entry in text.split(",") if entry.strip()]


def _with_plural(term: str) -> tuple[str, ...]:
    if not term.isascii() or term.endswith("s"):
        return (term,)
    if term.endswith(("x", "ch", "sh")):
        return (term, term + "es")
    if term.endswith("y") and term[-2:-1] not in tuple("aeiou"):
        return (term, term + "s", term[:-1] + "ies")
    return (term, term + "s")


def _single_words(
    tables: Mapping[str, Mapping[str, str]], lookalikes: Mapping[int, str], without: str
) -> frozenset[str]:
    return frozenset(
        form
        for label, table in tables.items()
        if label != without
        for entry in _listed(table.get("words", "")) + _listed(table.get("tags", ""))
        for form in _with_plural(fold(entry, lookalikes))
        if " " not in form
    )


def _group(terms: Iterable[str], key: Callable[[str], str]) -> dict[str, frozenset[str]]:
    """`terms` by what `key` makes of them."""
    groups: dict[str, frozenset[str]] = {}
    for term in terms:
        groups[key(term)] = groups.get(key(term), frozenset()) | {term}
    return groups


def _build_vocabulary(
    tables: Mapping[str, Mapping[str, str | list[str]]],
    lookalikes: Mapping[int, str],
    *,
    takes_bent: bool = False,
) -> Vocabulary:
    phrases: list[_Phrase] = []
    tags: list[_Phrase] = []
    patterns: list[tuple[re.Pattern[str], str]] = []
    for label, table in tables.items():
        for found, entries in ((phrases, table.get("words", "")), (tags, table.get("tags", ""))):
            for entry in _listed(str(entries)):
                found += [(tuple(form.split()), label) for form in _with_plural(fold(entry, lookalikes))]
        # Only the look-alikes: the rest of the folding would spoil the signs of a pattern.
        patterns += [
            (re.compile(pattern.translate(lookalikes)), label) for pattern in table.get("anywhere", ())
        ]
    return Vocabulary(
        phrases=_by_first_word(phrases),
        tags=_by_first_word(tags),
        patterns=tuple(patterns),
        takes_bent=takes_bent,
    )


def _by_first_word(phrases: list[_Phrase]) -> dict[str, tuple[_Phrase, ...]]:
    found: dict[str, list[_Phrase]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0][0], []).append(phrase)
    return {first: tuple(begun) for first, begun in found.items()}
