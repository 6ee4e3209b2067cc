"""The words that the content policy knows, and the normal form in which a person's words meet them.

The words themselves are in `policy_terms.toml`; what follows from a match is decided in `content_policy.py`.

A tag becomes a row of words. Each word carries the readings that it may have: as it stands, with leetspeak
resolved, repeated letters drawn together, punctuation inside it dropped, spaced-out letters joined. Terms are
compared with whole words only, never with a part of one: "skill" holds no "kill".
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generation.misspellings import Misspellings
from generation.normal_form import GAPS, WEIGHT, WORD, fold, leet_readings, visible_form

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

    `minors` has the labels always, coded and innocent; `adults` has adult; `ratings` has a rating's value; `hints`
    has a label for each kind of hint at a child's body.
    """

    minors: Vocabulary
    adults: Vocabulary
    ratings: Vocabulary
    hints: Vocabulary
    _minor_words: frozenset[str] = field(repr=False)
    _known_words: frozenset[str] = field(repr=False)
    """One-word terms of all tables, those for minors included."""
    _misspellings: Misspellings = field(repr=False)

    def read(self, tag: str) -> NormalTag:
        """The normal form of one tag of a person's text; weights and brackets are taken off here."""
        folded = fold(tag)
        unweighted = WEIGHT.sub("", folded)
        texts = dict.fromkeys(
            (
                _BRACKETS.sub("", unweighted),
                _BRACKETS.sub(" ", unweighted),
                _BRACKETS.sub("", unweighted.replace("()", "o").replace("[]", "o")),
            )
        )
        rows = dict.fromkeys(tuple(self._words(text)) for text in texts)
        searched = dict.fromkeys([visible_form(tag), folded, *texts, *(GAPS.sub("", text) for text in texts)])
        return NormalTag(tuple(rows), tuple(searched))

    def _words(self, text: str) -> list[Word]:
        words: list[Word] = []
        for token in _UNDERSCORE.sub(" ", text).split():
            words += self._words_of_token(token)
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
        for reading in given:
            readings.update(self._compound_readings(reading))
            readings.update(self._misspellings.stretched(reading))
            bent.update(self._misspellings.minor_terms_in(reading))
        return Word(text, frozenset(readings - {""}), frozenset(bent))

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
            if len(term) == len(token) >= 3 and shape.fullmatch(term):
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
                    readings |= self._known_words & {text, *leet_readings(text)}
                    readings |= self._misspellings.stretched(text)
            joined.append(Word(word.text, word.readings | readings, word.bent | bent))
        return joined


def load_policy_terms(file: Path = TERMS_FILE) -> PolicyTerms:
    """Read the tables. The file is ours: a mistake in it is a bug, with `tomllib`'s or `re`'s error."""
    with file.open("rb") as stream:
        tables = tomllib.load(stream)
    minors = dict(tables["minors"])
    adults = {"adult": minors.pop("adult")}
    affixed, honest = minors.pop("affixed"), minors.pop("not_misspelt")
    ratings = tables["ratings"]
    minor_words = _single_words(minors, without="innocent")
    rated_words = _single_words(ratings, without="safe")
    return PolicyTerms(
        minors=_build_vocabulary(minors, takes_bent=True),
        adults=_build_vocabulary(adults),
        ratings=_build_vocabulary(ratings),
        hints=_build_vocabulary(tables["hints"]),
        _minor_words=minor_words,
        _known_words=minor_words | rated_words,
        _misspellings=Misspellings(
            minor_words | rated_words,
            minor_words,
            affixed=frozenset(_listed(affixed)),
            honest=frozenset(_listed(honest)),
        ),
    )


_ANY_WORD = "*"
_UNDERSCORE = re.compile(r"(?<![|(])_")
"""One that stands for a space, and isn't a stroke of a drawn letter, as in `|_` for an l."""
_BRACKETS = re.compile(r"[()\[\]{}\\]")
_MASKED = re.compile(r"[a-z]+[*#]+[a-z*#]*[a-z]|[a-z]{2,}[*#]+")
_GLUE_WORDS = (
    "girl girls boy boys cute sexy hot nude naked tiny little young small lewd sex big huge art pic anime"
)
_GLUE = frozenset(_GLUE_WORDS.split())
"""What people glue to a term to make one word of both."""
_PROSE = frozenset(("lol i", "lol icon", "lol icons", "shot a", "shot as"))
"""Neighbours in honest prose that would read as one word for a minor."""
_SPACED_OUT_MAX = 14
"""Words looked at together for a spaced-out term; the longest terms of one word have fewer letters."""


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


def _single_words(tables: Mapping[str, Mapping[str, str]], without: str) -> frozenset[str]:
    return frozenset(
        form
        for label, table in tables.items()
        if label != without
        for entry in _listed(table.get("words", "")) + _listed(table.get("tags", ""))
        for form in _with_plural(fold(entry))
        if " " not in form
    )


def _build_vocabulary(
    tables: Mapping[str, Mapping[str, str | list[str]]],
    *,
    takes_bent: bool = False,
) -> Vocabulary:
    phrases: list[_Phrase] = []
    tags: list[_Phrase] = []
    patterns: list[tuple[re.Pattern[str], str]] = []
    for label, table in tables.items():
        for found, entries in ((phrases, table.get("words", "")), (tags, table.get("tags", ""))):
            for entry in _listed(str(entries)):
                found += [(tuple(form.split()), label) for form in _with_plural(fold(entry))]
        # Only the look-alikes: the rest of the folding would spoil the signs of a pattern.
        patterns += [(re.compile(pattern), label) for pattern in table.get("anywhere", ())]
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
