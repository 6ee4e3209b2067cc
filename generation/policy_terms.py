"""The words that the content policy knows, as tables in which a tag's words are looked up.

The words themselves are in `policy_terms.toml`; what follows from a match is decided in `content_policy.py`.

How a tag becomes words with readings is `tag_reading.py`'s. Terms are compared with whole words only, never with a
part of one: "skill" holds no "kill".
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generation.misspellings import Misspellings
from generation.normal_form import fold
from generation.tag_reading import NormalTag, TagReader, Word

TERMS_FILE = Path(__file__).with_name("policy_terms.toml")


_Phrase = tuple[tuple[str, ...], str]
"""The words of a term and its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """One table of terms, each with a label that says what it stands for.

    `phrases` maps a first word to the phrases that begin with it; `tags` likewise, but these count only as
    whole tags; `patterns` search the folded text where it isn't plain ASCII, `signs` all text. `takes_bent` allows
    words more readings, at the price of more accidents.
    """

    phrases: Mapping[str, tuple[_Phrase, ...]]
    tags: Mapping[str, tuple[_Phrase, ...]]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    signs: tuple[tuple[re.Pattern[str], str], ...]
    takes_bent: bool = False

    def labels_in(self, tag: NormalTag) -> set[str]:
        """The labels of all terms in `tag`. Of several that begin at one word, the longest counts."""
        found = {label for pattern, label in self.signs if any(map(pattern.search, tag.texts))}
        if foreign := [text for text in tag.texts if not text.isascii()]:
            found.update(label for pattern, label in self.patterns if any(map(pattern.search, foreign)))
        for row in tag.rows:
            found.update(self._labels_in_row(row))
        if self.takes_bent:
            found.update(self._labels_of_phrases_in(tag.unmarked))
        return found

    def _labels_in_row(self, row: tuple[Word, ...]) -> Iterator[str]:
        for first in self._taken(row[0]) if row else ():
            for phrase, label in self.tags.get(first, ()):
                if len(phrase) == len(row) and self._stands_at(phrase, row, 0):
                    yield label
        for _, labels in self._longest_in(row):
            yield from labels

    def _labels_of_phrases_in(self, row: tuple[Word, ...]) -> Iterator[str]:
        for length, labels in self._longest_in(row):
            if length > 1:
                yield from labels

    def _longest_in(self, row: tuple[Word, ...]) -> Iterator[tuple[int, set[str]]]:
        position = 0
        while position < len(row):
            length, labels = self._longest_at(row, position)
            yield length, labels
            position += max(length, 1)

    def _longest_at(self, row: tuple[Word, ...], position: int) -> tuple[int, set[str]]:
        best = (0, False)
        labels: set[str] = set()
        for first in self._taken(row[position]) | row[position].parts:
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
            term == _ANY_WORD
            or term in self._taken(word)
            or (self.takes_bent and len(phrase) > 1 and term in word.parts)
            for term, word in zip(phrase, words, strict=True)
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
    reader: TagReader = field(repr=False)

    def read(self, tag: str) -> NormalTag:
        """The normal form of one tag of a person's text; weights and brackets are taken off here."""
        return self.reader.read(tag)


def load_policy_terms(file: Path = TERMS_FILE) -> PolicyTerms:
    """Read the tables. The file is ours: a mistake in it is a bug, with `tomllib`'s or `re`'s error."""
    with file.open("rb") as stream:
        tables = tomllib.load(stream)
    minors = dict(tables["minors"])
    adults = {"adult": minors.pop("adult")}
    affixed, sounding, honest = (
        frozenset(_listed(minors.pop(name))) for name in ("affixed", "sounding", "not_misspelt")
    )
    ratings = dict(tables["ratings"])
    sounding_for_all = frozenset(_listed(ratings.pop("sounding")))
    minor_words = _single_words(minors, without="innocent")
    known_words = minor_words | _single_words(ratings, without="safe")
    misspellings = Misspellings(
        known_words,
        minor_words,
        parts=_words_of_phrases(minors),
        affixed=affixed,
        sounding=frozenset(form for term in sounding for form in _with_plural(term)),
        sounding_for_all=frozenset(form for term in sounding_for_all for form in _with_plural(term)),
        honest=honest,
    )
    respelt = {slang: word for word, slangs in tables["respelt"].items() for slang in _listed(slangs)}
    return PolicyTerms(
        minors=_build_vocabulary(minors, takes_bent=True),
        adults=_build_vocabulary(adults),
        ratings=_build_vocabulary(ratings),
        hints=_build_vocabulary(tables["hints"]),
        reader=TagReader(minor_words, known_words, misspellings, respelt),
    )


_PHRASE_WORD_MIN = 5
"""Letters that a word of a phrase needs to be known again when it is misspelt."""
_ANY_WORD = "*"


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


def _words_of_phrases(minors: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """The words that phrases for minors are made of."""
    entries = [entry for label in ("always", "coded") for entry in _listed(minors[label]["words"])]
    return frozenset(
        word for entry in entries for word in entry.split() if " " in entry and len(word) >= _PHRASE_WORD_MIN
    )


def _build_vocabulary(
    tables: Mapping[str, Mapping[str, str | list[str]]],
    *,
    takes_bent: bool = False,
) -> Vocabulary:
    phrases: list[_Phrase] = []
    tags: list[_Phrase] = []
    patterns: list[tuple[re.Pattern[str], str]] = []
    signs: list[tuple[re.Pattern[str], str]] = []
    for label, table in tables.items():
        for found, entries in ((phrases, table.get("words", "")), (tags, table.get("tags", ""))):
            for entry in _listed(str(entries)):
                found += [(tuple(form.split()), label) for form in _with_plural(fold(entry))]
        # Only the look-alikes: the rest of the folding would spoil the signs of a pattern.
        patterns += [(re.compile(pattern), label) for pattern in table.get("anywhere", ())]
        signs += [(re.compile(pattern), label) for pattern in table.get("signs", ())]
    return Vocabulary(
        phrases=_by_first_word(phrases),
        tags=_by_first_word(tags),
        patterns=tuple(patterns),
        signs=tuple(signs),
        takes_bent=takes_bent,
    )


def _by_first_word(phrases: list[_Phrase]) -> dict[str, tuple[_Phrase, ...]]:
    found: dict[str, list[_Phrase]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0][0], []).append(phrase)
    return {first: tuple(begun) for first, begun in found.items()}
