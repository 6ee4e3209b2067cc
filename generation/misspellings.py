"""Which known terms a misspelt word may stand for: letters repeated, dropped, swapped, glued on, or reversed.

People who type carelessly write such words, and so do those who hope to pass a filter.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

_REPEATED_MIN = 4
"""Letters that a term needs to be known again when one of its letters is doubled; shorter ones collide."""
_DROPPED_MIN = 6
"""Letters that a term needs to be known again when any one of them is dropped."""
_SWAPPED_MIN = 4
_CONSONANTS_MIN = 4
"""Consonants that a term needs to be known again by these alone: "chld"."""


class Misspellings:
    """Knows `terms`, and of these `minor_terms`, for which more is forgiven.

    `affixed` are those minor terms that are known even with other letters glued to them. `honest` are words that
    only look like misspelt ones.
    """

    def __init__(
        self,
        terms: frozenset[str],
        minor_terms: frozenset[str],
        *,
        affixed: frozenset[str],
        honest: frozenset[str],
    ) -> None:
        self._honest = honest
        self._affixed = affixed
        self._by_letters = _grouped(terms, _single_letters)
        self._by_strokes = _grouped(minor_terms, _strokes)
        self._by_errors: dict[str, set[str]] = {}
        for term in minor_terms:
            for error in _errors(term):
                if error not in terms and error not in honest:
                    self._by_errors.setdefault(error, set()).add(term)

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

    def minor_terms_in(self, word: str) -> set[str]:
        """The terms for minors that `word` is a bent form of."""
        if word in self._honest:
            return set()
        return {
            *self._by_strokes.get(_strokes(word), ()),
            *self._by_errors.get(word, ()),
            *self._affixed_in(word),
        }

    def _affixed_in(self, word: str) -> Iterable[str]:
        for term in self._affixed:
            is_at_end = len(word) > len(term) and (word.startswith(term) or word.endswith(term))
            if is_at_end and not any(term in honest and word.startswith(honest) for honest in self._honest):
                yield term


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
