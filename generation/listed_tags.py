"""Tags that an operator or a server has listed, to be blocked or allowed, and how they are recognised in a prompt."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

from generation.normal_form import GAPS, fold
from generation.tag_reading import NormalTag, Word

ENTRY_LENGTH_MAX = 60
WORDS_MAX = 6
"""A pattern is as long as a tag may sensibly be; nothing that takes time to match can be written."""


class UnreadableEntry(Exception):
    """An entry of a list can't be used. `entry` is its text."""

    def __init__(self, entry: str) -> None:
        super().__init__(entry)
        self.entry = entry


class ListedTags:
    """A list of tags and patterns.

    An entry is one or more words that are found anywhere in a tag, as whole words: "red hair" is in "long red hair".
    `*` stands for any letters, or for one word of any kind where it stands alone: "gun*", "big * sword". Spelling
    tricks are seen through as in the policy's own tables. `entries` is what was written.

    Raises:
        UnreadableEntry: an entry says nothing, would match everything, or is too long.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self.entries = tuple(dict.fromkeys(" ".join(entry.split()) for entry in entries))
        self._patterns = [(entry, _words_of(entry)) for entry in self.entries]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListedTags) and self.entries == other.entries

    def __hash__(self) -> int:
        return hash(self.entries)

    def __repr__(self) -> str:
        return f"ListedTags({list(self.entries)!r})"

    def __bool__(self) -> bool:
        return bool(self.entries)

    def longest_in(self, tag: NormalTag) -> int:
        """How many words the longest entry has that is in `tag`; 0 where none is."""
        if not self._patterns:
            return 0
        return max((len(words) for _, words in self._patterns if _is_in(words, tag)), default=0)

    @cached_property
    def as_text(self) -> str:
        """The list for people to read."""
        return ", ".join(self.entries)


def _words_of(entry: str) -> tuple[str, ...]:
    parts = (part if set(part) == {"*"} else _folded(part) for part in entry.split())
    words = tuple(word for part in parts for word in part.split())
    is_too_wide = not any(letter.isalnum() for word in words for letter in word)
    if not words or is_too_wide or len(entry) > ENTRY_LENGTH_MAX or len(words) > WORDS_MAX:
        raise UnreadableEntry(entry)
    return words


def _folded(part: str) -> str:
    """Fold a word of an entry, its stars kept."""
    return "*".join(GAPS.sub(" ", fold(piece)).strip() for piece in part.split("*"))


def _is_in(words: Sequence[str], tag: NormalTag) -> bool:
    for row in tag.rows:
        if any(
            all(map(_matches, words, row[start : start + len(words)]))
            for start in range(len(row) - len(words) + 1)
        ):
            return True
        spelt = "".join(word.text for word in row)
        if len(row) == len(spelt) > 2 and len(words) == 1 and fnmatchcase(spelt, words[0].replace("[", "")):
            return True  # a word with spaces between its letters
    return False


def _matches(pattern: str, word: Word) -> bool:
    if "*" not in pattern:
        return pattern in word.readings
    return any(fnmatchcase(reading, pattern.replace("[", "")) for reading in (word.text, *word.readings))
