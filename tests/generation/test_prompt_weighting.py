"""The weighting grammar: explicit examples, a plain reference, and properties for any text."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.prompt_weighting import (
    WeightedText,
    escape_weighting,
    format_weighted_prompt,
    parse_weighted_prompt,
)

GRAMMATICAL = st.lists(st.sampled_from([*"()[]\\:.,-+ 01ab", "BREAK", "é", "夜"]), max_size=60).map("".join)
ANY_TEXT = st.one_of(GRAMMATICAL, st.text(max_size=80))


def runs(prompt: str) -> list[tuple[str, float]]:
    """The runs of a prompt of one segment, weights rounded."""
    (segment,) = parse_weighted_prompt(prompt).segments
    return [(run.text, round(run.weight, 6)) for run in segment]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("smile", [("smile", 1)]),
        ("(smile)", [("smile", 1.1)]),
        ("((smile))", [("smile", 1.21)]),
        ("[smile]", [("smile", 0.909091)]),
        ("(smile:1.3)", [("smile", 1.3)]),
        ("((smile:1.3))", [("smile", 1.43)]),
        ("(a (b:2):1.5)", [("a ", 1.5), ("b", 3)]),
        ("(((a:1.1):1.2):1.3)", [("a", 1.716)]),
        ("a, (b), c", [("a, ", 1), ("b", 1.1), (", c", 1)]),
        ("(smile", [("smile", 1.1)]),
        ("[smile", [("smile", 0.909091)]),
        ("a)b]c", [("a)b]c", 1)]),
        ("a (b [c) d] e", [("a ", 1), ("b ", 1.1), ("c", 1), (" d", 0.909091), (" e", 1)]),
        (r"firefly \(honkai: star rail\)", [("firefly (honkai: star rail)", 1)]),
        (r"(firefly \(honkai\):1.2)", [("firefly (honkai)", 1.2)]),
        (r"\[a\] \\ \x", [("[a] \\ x", 1)]),
        ("honkai: star rail", [("honkai: star rail", 1)]),
        ("(honkai: star rail:1.2)", [("honkai: star rail", 1.2)]),
        ("re:zero", [("re:zero", 1)]),
        ("(x: 1.2)", [("x: 1.2", 1.1)]),
        ("[x:0.5]", [("x:0.5", 0.909091)]),
        ("(x:1.2.3)", [("x:1.2.3", 1.1)]),
        ("x:1.2)", [("x:1.2)", 1)]),
        ("(x:-0.5)", [("x", -0.5)]),
        ("(x:+.5)", [("x", 0.5)]),
        ("a(b:1.0)c", [("abc", 1)]),
        ("()", []),
        ("", []),
        ("(:1.2)", []),
        (r"\BREAK here", [("BREAK here", 1)]),
        ("BREAKFAST", [("BREAKFAST", 1)]),
    ],
)
def test_a_prompt_is_read_as_the_grammar_says(prompt: str, expected: list[tuple[str, float]]) -> None:
    assert runs(prompt) == expected


def test_break_starts_a_new_segment_also_inside_a_group() -> None:
    a, b = parse_weighted_prompt("(a, BREAK b:1.3)").segments
    assert a == (WeightedText("a,", 1.3),)
    assert b == (WeightedText("b", 1.3),)


def reference(prompt: str) -> list[tuple[str, float]]:
    """The grammar as the web UI's tokens and list of ranges, in its plain and slow way; no BREAK."""
    found: list[list[object]] = []
    open_round: list[int] = []
    open_square: list[int] = []

    def multiply(start: int, factor: float) -> None:
        for run in found[start:]:
            run[1] = float(run[1]) * factor  # type: ignore[arg-type]  # a run is [text, weight]

    for token in re.finditer(r"\\[\\()\[\]]|\\|[(\[\])]|:([+-]?[.\d]+)\)|[^\\()\[\]:]+|:", prompt):
        text, weight = token.group(), token.group(1)
        if text.startswith("\\"):
            found.append([text[1:], 1.0])
        elif text == "(":
            open_round.append(len(found))
        elif text == "[":
            open_square.append(len(found))
        elif weight is not None and open_round and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", weight):
            multiply(open_round.pop(), float(weight))
        elif text.endswith(")") and open_round:
            found.append([text[:-1], 1.0])
            multiply(open_round.pop(), 1.1)
        elif text == "]" and open_square:
            multiply(open_square.pop(), 1 / 1.1)
        else:
            found.append([text, 1.0])
    for start in open_round:
        multiply(start, 1.1)
    for start in open_square:
        multiply(start, 1 / 1.1)
    return [(str(text), float(weight)) for text, weight in found if text]  # type: ignore[arg-type]  # as above


@given(st.text(alphabet=st.sampled_from(list("()[]\\:.,-+ 01ab夜")), max_size=60))
def test_every_character_weighs_what_the_plain_reference_says(prompt: str) -> None:
    (segment,) = parse_weighted_prompt(prompt).segments
    ours = [(char, run.weight) for run in segment for char in run.text]
    theirs = [(char, weight) for text, weight in reference(prompt) for char in text]
    # White space at the ends means nothing to a tokenizer and is dropped by ours.
    while theirs and theirs[0][0].isspace():
        del theirs[0]
    while theirs and theirs[-1][0].isspace():
        del theirs[-1]
    assert [char for char, _ in ours] == [char for char, _ in theirs]
    assert [weight for _, weight in ours] == pytest.approx([weight for _, weight in theirs])


@given(ANY_TEXT)
def test_writing_and_reading_a_parsed_prompt_changes_nothing(prompt: str) -> None:
    parsed = parse_weighted_prompt(prompt)
    assert parse_weighted_prompt(format_weighted_prompt(parsed)) == parsed


@given(ANY_TEXT)
def test_neighbouring_runs_differ_in_weight_and_none_is_empty(prompt: str) -> None:
    for segment in parse_weighted_prompt(prompt).segments:
        assert all(run.text for run in segment)
        assert all(left.weight != right.weight for left, right in itertools.pairwise(segment))


@given(ANY_TEXT)
def test_escaped_text_is_read_literally(text: str) -> None:
    (segment,) = parse_weighted_prompt(escape_weighting(text)).segments
    assert "".join(run.text for run in segment) == text.strip()
    assert all(run.weight == 1 for run in segment)


@pytest.mark.parametrize(
    "prompt", ["(" * 3000, ")" * 3000, "(a" * 3000 + ":1.1)" * 3000, "[" * 5000 + "(" * 5000]
)
def test_deep_nesting_neither_overflows_nor_raises(prompt: str) -> None:
    assert parse_weighted_prompt(prompt).segments
