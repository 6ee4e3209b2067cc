"""Taking in a list of tags: checked, then put where the bot looks for it at its next start."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from generation.tag_dictionary import read_tag_list

IMPORTED_TAGS = "tags.csv"
"""The file's name in the data folder."""


@dataclass(frozen=True, slots=True)
class ImportedTags:
    """What was taken in, and how many lines could not be read."""

    tags: int
    aliases: int
    skipped: int


def import_tags(file: Path, data: Path) -> ImportedTags:
    """Check a list of four columns (name, category, count, aliases) and keep a copy of it in `data`.

    Raises:
        OSError: it can't be read, or the copy can't be written.
        UnreadableTagList: it is no list of tags.
    """
    found = read_tag_list(file)
    data.mkdir(parents=True, exist_ok=True)
    unfinished = data / f".{IMPORTED_TAGS}.unfinished"
    try:
        shutil.copyfile(file, unfinished)
        unfinished.replace(data / IMPORTED_TAGS)
    finally:
        unfinished.unlink(missing_ok=True)
    return ImportedTags(len(found.tags), sum(len(tag.aliases) for tag in found.tags), found.skipped)
