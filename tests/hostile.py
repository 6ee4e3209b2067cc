"""What somebody might send who means harm, or whose program is broken: texts, JSON values, and both by chance.

`corpus/texts.jsonl` holds one text a line; whatever once broke something is worth a line there.
"""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

TEXTS: tuple[str, ...] = tuple(
    json.loads(line)
    for line in (Path(__file__).parent / "corpus" / "texts.jsonl").read_text(encoding="utf-8").splitlines()
)

LONG_TEXTS = (
    "a" * 7000,
    "a, " * 3000,
    "{a|b} " * 1000,
    "(" * 6000,
    "__a " * 1500,
    "ﷺ" * 6000,
    "@everyone " * 600,
)

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**200, -(2**63), 0.5, -1e308, float("nan"), float("inf"),
    [], [[]], ["a"], [None], [1, "a", {}], {}, {"a": 1}, {"": {}}, {"name": "a", "weight": "nan"},
    {"content": "@@@", "strength": 1}, {"columns": {"option": "steps", "values": ["x"]}},
)  # fmt: skip
"""JSON of wrong kinds and sizes; Python's own writes and reads NaN too."""


def texts() -> st.SearchStrategy[str]:
    """A text of the corpus, two of them in one, or any at all."""
    known = st.sampled_from(TEXTS)
    return st.one_of(known, st.tuples(known, known).map("".join), st.text(max_size=60))


def values() -> st.SearchStrategy[Any]:
    """Any JSON value."""
    leaves = st.one_of(st.sampled_from(VALUES), texts())
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=3),
        max_leaves=6,
    )
