"""Who sees which entry when: an order of each voter's own, and the pairs that they are asked about."""

import hashlib
from collections.abc import Collection, Mapping, Sequence


def shuffled(entry_ids: Collection[str], *by: object) -> list[str]:
    """Put entries in the order of a hash of `by` (a voter, a contest) and entry: another for each, always the same."""
    return sorted(entry_ids, key=lambda entry_id: _lot(entry_id, *by))


def next_pair(
    entry_ids: Sequence[str],
    seen: Collection[tuple[str, str]],
    appearances: Mapping[str, int],
    voter: object,
) -> tuple[str, str] | None:
    """Choose what a voter compares next, as (left, right); None when they have seen every pair.

    `entry_ids` are those they may judge, `seen` their pairs so far, in either order. The entry that was compared the
    fewest times by all (`appearances`) comes first, with the partner that was compared the fewest times; a hash of
    voter and entry decides between equals, so that not everybody begins with the same pair.
    """
    partners: dict[str, set[str]] = {}
    for first, second in seen:
        partners.setdefault(first, set()).add(second)
        partners.setdefault(second, set()).add(first)
    ordered = sorted(entry_ids, key=lambda it: (appearances.get(it, 0), _lot(it, voter)))
    for entry_id in ordered:
        known = partners.get(entry_id, set())
        for other in ordered:
            if other != entry_id and other not in known:
                left, right = sorted((entry_id, other), key=lambda it: _lot(it, voter, entry_id, other))
                return left, right
    return None


def _lot(entry_id: str, *by: object) -> bytes:
    return hashlib.sha256(":".join(map(str, (*by, entry_id))).encode()).digest()
