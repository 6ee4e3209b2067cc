"""Which known terms a misspelt word may stand for: letters repeated, dropped, swapped, glued on, reversed, or
others that sound alike.

People who type carelessly write such words, and so do those who hope to pass a filter.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from rapidfuzz.distance import OSA

_REPEATED_MIN = 4
"""Letters that a term needs to be known again when one of its letters is doubled; shorter ones collide."""
_DROPPED_MIN = 6
"""Letters that a term needs to be known again when any one of them is dropped."""
_SWAPPED_MIN = 4
_ONE_WRONG_MIN = 7
"""Letters that a term needs to be known again when any one of them is another, or one is too many."""
_NEARLY_MIN = 6
"""The same, for parts of phrases and terms of other kinds."""
_CONSONANTS_MIN = 4
"""Consonants that a term needs to be known again by these alone: "chld"."""


class Misspellings:
    """Knows `terms`, and of these `minor_terms`, for which more is forgiven.

    `parts` are words that phrases for minors are made of: known again by errors like these, but no terms.
    `affixed` are those minor terms that are known even with other letters glued to them, `sounding` those that are
    known by their sound; `sounding_for_all` are terms of other kinds that are known by their sound, and with one
    letter wrong. `honest` are words that only look like misspelt ones.
    """

    def __init__(
        self,
        terms: frozenset[str],
        minor_terms: frozenset[str],
        *,
        parts: frozenset[str] = frozenset(),
        affixed: frozenset[str] = frozenset(),
        sounding: frozenset[str] = frozenset(),
        sounding_for_all: frozenset[str] = frozenset(),
        honest: frozenset[str] = frozenset(),
    ) -> None:
        self._honest = honest
        self._affixed = affixed
        self._by_sound = _grouped(sounding, _sound)
        self._by_sound_for_all = _grouped(sounding_for_all, _sound)
        self._by_letters = _grouped(terms | parts, _single_letters)
        self._by_strokes = _grouped(minor_terms, _strokes)
        self._for_all_by_initial = _grouped(sounding_for_all, _initial)
        self._long_by_initial = _grouped(
            (term for term in minor_terms if term.isascii() and len(term) >= _ONE_WRONG_MIN), _initial
        )
        self._parts_by_initial = _grouped(parts, _initial)
        self._by_errors = _by_errors(minor_terms, besides=terms | honest)
        self._parts_by_errors = _by_errors(parts, besides=honest)

    def stretched(self, word: str) -> set[str]:
        """The terms that become `word` when some of their letters are repeated: "looolii"."""
        if word in self._honest:
            return set()
        alike = self._by_letters.get(_single_letters(word), frozenset())
        # No English word has a letter three times in a row; with two, a short one may be another word.
        shortest = 1 if any(run >= 3 for run in _runs(word)) else _REPEATED_MIN
        return {
            term
            for term in alike
            if len(term) >= shortest
            and all(long >= short for long, short in zip(_runs(word), _runs(term), strict=True))
        }

    def other_terms_in(self, word: str) -> set[str]:
        """The terms that aren't for minors and that `word` is a bent form of: "orgazm"."""
        if word in self._honest:
            return set()
        return {*self._by_sound_for_all.get(_sound(word), ()), *_nearly(word, self._for_all_by_initial)}

    def minor_terms_in(self, word: str) -> set[str]:
        """The terms for minors that `word` is a bent form of."""
        if word in self._honest:
            return set()
        return {
            *self._by_strokes.get(_strokes(word), ()),
            *self._by_errors.get(word, ()),
            *self._by_sound.get(_sound(word), ()),
            *_nearly(word, self._long_by_initial),
            *self._affixed_in(word),
        }

    def parts_in(self, word: str) -> set[str]:
        """The parts of phrases for minors that `word` is a bent form of."""
        if word in self._honest:
            return set()
        return {*self._parts_by_errors.get(word, ()), *_nearly(word, self._parts_by_initial)}

    def _affixed_in(self, word: str) -> Iterable[str]:
        for term in self._affixed:
            is_at_end = len(word) > len(term) and (word.startswith(term) or word.endswith(term))
            if is_at_end and not any(term in honest and word.startswith(honest) for honest in self._honest):
                yield term


def _by_errors(terms: Iterable[str], besides: frozenset[str]) -> Mapping[str, set[str]]:
    """The terms by what they may be misspelt as, but for the words `besides`."""
    found: dict[str, set[str]] = {}
    for term in terms:
        for error in _errors(term):
            if error not in besides:
                found.setdefault(error, set()).add(term)
    return found


def _errors(term: str) -> Iterable[str]:
    """What a term may be misspelt as. The first letter is kept, but for the term read backwards."""
    if not term.isascii() or len(term) < _SWAPPED_MIN or not term.isalpha():
        return
    for at in range(1, len(term) - 1):
        yield term[:at] + term[at + 1] + term[at] + term[at + 2 :]
    for at in range(1, len(term)):
        if len(term) >= _DROPPED_MIN or (term[at] in _VOWELS and len(term) == _DROPPED_MIN - 1):
            yield term[:at] + term[at + 1 :]
    consonants = term[0] + "".join(letter for letter in term[1:] if letter not in _VOWELS)
    if len(consonants) >= _CONSONANTS_MIN:
        yield consonants
    yield term[::-1]


_VOWELS = "aeiou"


def _sound(word: str) -> str:
    """The consonants of `word` as one hears them, and where vowels are, all the same: "toddlur" is "toddler"."""
    for written, heard in (("ph", "f"), ("sch", "sk"), ("ck", "k"), ("c", "k"), ("q", "k"), ("z", "s")):
        word = word.replace(written, heard)
    return _VOWEL_SOUND.sub("a", _single_letters(word))


_VOWEL_SOUND = re.compile("[aeiouy]+")


def _nearly(word: str, by_initial: Mapping[str, frozenset[str]]) -> Iterable[str]:
    """The terms that `word` is but for one letter, which isn't the first."""
    if len(word) < _NEARLY_MIN:
        return
    for term in by_initial.get(_initial(word), ()):
        if abs(len(term) - len(word)) <= 1 and OSA.distance(word, term, score_cutoff=1) <= 1:
            yield term


def _initial(word: str) -> str:
    return word[:1]


def _strokes(word: str) -> str:
    """Each i as l: a capital I is a small l to the eye."""
    return word.replace("i", "l")


def _single_letters(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


def _runs(word: str) -> list[int]:
    return [len(list(run)) for _, run in groupby(word)]


def _grouped(terms: Iterable[str], key: Callable[[str], str]) -> Mapping[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for term in terms:
        groups.setdefault(key(term), set()).add(term)
    return {name: frozenset(group) for name, group in groups.items()}
