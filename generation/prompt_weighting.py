r"""The weighting grammar of prompts: what `(tag:1.3)`, `[tag]`, `\(` and BREAK mean.

It is the grammar of AUTOMATIC1111's web UI, which the model card's `lpw_stable_diffusion_xl` pipeline took
over. How weights act on embeddings lives in `prompt_encoder.py`, what a tag is in `tags.py`.

    (x)       x weighs 1.1 times as much        \( \) \[ \] \\   the character itself
    [x]       x weighs 1 / 1.1 times as much    BREAK            starts a new chunk of 75 tokens
    (x:1.3)   x weighs 1.3 times as much        \BREAK           the word (an escape of our own)

Nested weights multiply. A closing bracket without an opening one is text; an opening one without a closing
one weights all that follows. `(x: 1.3)`, with a space, holds no weight: it is the text "x: 1.3" at 1.1. A
backslash before anything else disappears. Round and square brackets pair up independently of each other.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

BRACKET_WEIGHT = 1.1
"""What one pair of round brackets multiplies by, and one pair of square brackets divides by."""

_TOKEN = re.compile(
    r"(?P<escape>\\(?:[\\()\[\]]|BREAK(?!\w)))|(?P<backslash>\\)|(?P<bracket>[(\[\])])"
    r"|:(?P<weight>[+-]?[.\d]+)\)|(?P<break>(?<!\w)BREAK(?!\w))|[^\\()\[\]:B]+|[:B]"
)
_BREAK_ESCAPE = re.compile(r"(\\\\)|\\(?=BREAK(?!\w))")
_ESCAPED = re.compile(r"[\\()\[\]]|(?<!\w)BREAK(?!\w)")


@dataclass(frozen=True, slots=True)
class WeightedText:
    """A run of text and what it weighs; 1 is neutral, below 0 turns its meaning round."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class WeightedPrompt:
    """A parsed prompt: its segments between BREAKs, each in runs; neighbouring runs differ in weight."""

    segments: tuple[tuple[WeightedText, ...], ...]


def parse_weighted_prompt(prompt: str) -> WeightedPrompt:
    """Read `prompt`. Takes any text, in time linear in its length."""
    return WeightedPrompt(tuple(_stripped(segment) for segment in _segments(_Reader().read(prompt))))


def parse_without_breaks(prompt: str) -> tuple[WeightedText, ...]:
    """Read `prompt` as `lpw_stable_diffusion_xl` does, which has BREAK in its grammar but doesn't act on it.

    There the word itself remains, with the weight -1 times that of the groups around it; and our own escape of it
    is none.
    """
    unescaped = _BREAK_ESCAPE.sub(lambda match: match[1] or "", prompt)
    runs = [
        WeightedText("BREAK", -run.weight) if run.text is None else WeightedText(run.text, run.weight)
        for run in _Reader().read(unescaped)
    ]
    return tuple(_merged(runs))


def format_weighted_prompt(prompt: WeightedPrompt) -> str:
    """Write a parsed prompt in the grammar; parsing that gives `prompt` again."""
    return " BREAK ".join("".join(map(_format_run, segment)) for segment in prompt.segments)


def limit_weights(prompt: str, limit: float) -> str:
    """Bring weights beyond `limit` (or below `-limit`) to it; a prompt without such weights stays as it is."""
    parsed = parse_weighted_prompt(prompt)
    if all(abs(run.weight) <= limit for segment in parsed.segments for run in segment):
        return prompt
    limited = tuple(
        tuple(WeightedText(run.text, max(-limit, min(limit, run.weight))) for run in segment)
        for segment in parsed.segments
    )
    return format_weighted_prompt(WeightedPrompt(limited))


def escape_weighting(text: str) -> str:
    """Write `text` so that it is read literally: one run of weight 1."""
    return _ESCAPED.sub(lambda match: "\\" + match.group(), text)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of text with its weight, or a BREAK with the weight of the groups around it."""

    text: str | None
    weight: float


class _Reader:
    """One pass over a prompt.

    Weights become known only where a group closes, so runs first get their place; the weights of the groups
    around them are applied afterwards in one sweep, which keeps deep nesting linear.
    """

    def __init__(self) -> None:
        self._runs: list[str | None] = []  # None is a BREAK
        self._open_round: list[int] = []
        self._open_square: list[int] = []
        # For each place: by how many plain pairs the exponent of 1.1 changes there.
        self._exponent_changes: dict[int, int] = {}
        # Explicit weights by where their group starts (outermost first), and how many groups end where.
        self._weights_from: dict[int, list[tuple[int, float]]] = {}

    def read(self, prompt: str) -> list[_Run]:
        for token in _TOKEN.finditer(prompt):
            text = token.group()
            match token.lastgroup:
                case "escape":
                    self._runs.append(text[1:])
                case "break":
                    self._runs.append(None)
                case "bracket":
                    self._bracket(text)
                case "weight":
                    self._weight(text, token.group("weight"))
                case None:
                    self._runs.append(text)
        for start in self._open_round:
            self._plain_group(start, +1)
        for start in self._open_square:
            self._plain_group(start, -1)
        return list(self._weighted_runs())

    def _bracket(self, bracket: str) -> None:
        here = len(self._runs)
        match bracket:
            case "(":
                self._open_round.append(here)
            case "[":
                self._open_square.append(here)
            case ")" if self._open_round:
                self._plain_group(self._open_round.pop(), +1)
            case "]" if self._open_square:
                self._plain_group(self._open_square.pop(), -1)
            case _:
                self._runs.append(bracket)

    def _weight(self, text: str, number: str) -> None:
        weight = _number(number)
        if weight is None or not self._open_round:
            self._runs.append(text[:-1])
            self._bracket(")")
            return
        start = self._open_round.pop()
        self._weights_from.setdefault(start, []).append((len(self._runs), weight))

    def _plain_group(self, start: int, exponent: int) -> None:
        end = len(self._runs)
        self._exponent_changes[start] = self._exponent_changes.get(start, 0) + exponent
        self._exponent_changes[end] = self._exponent_changes.get(end, 0) - exponent

    def _weighted_runs(self) -> Iterator[_Run]:
        exponent = 0
        # Round groups nest properly, so the explicit weights around a place are a stack of products.
        products: list[tuple[int, float]] = [(len(self._runs) + 1, 1.0)]
        for place, text in enumerate(self._runs):
            exponent += self._exponent_changes.get(place, 0)
            while products[-1][0] <= place:
                products.pop()
            for end, weight in reversed(self._weights_from.get(place, [])):
                if end > place:
                    products.append((end, products[-1][1] * weight))
            yield _Run(text, _finite(products[-1][1] * _power(exponent)))


def _segments(runs: list[_Run]) -> Iterator[list[WeightedText]]:
    """Split at BREAK."""
    segment: list[WeightedText] = []
    for run in runs:
        if run.text is None:
            yield _merged(segment)
            segment = []
        else:
            segment.append(WeightedText(run.text, run.weight))
    yield _merged(segment)


def _merged(runs: list[WeightedText]) -> list[WeightedText]:
    """Merge neighbours of equal weight, so that no escape ever splits a word; empty ones go."""
    texts: list[tuple[list[str], float]] = []
    for run in runs:
        if not run.text:
            continue
        if texts and texts[-1][1] == run.weight:
            texts[-1][0].append(run.text)
        else:
            texts.append(([run.text], run.weight))
    return [WeightedText("".join(parts), weight) for parts, weight in texts]


def _stripped(segment: list[WeightedText]) -> tuple[WeightedText, ...]:
    """Without white space at its ends, which means nothing and would not survive beside a BREAK."""
    runs = list(segment)
    while runs and not runs[0].text.strip():
        del runs[0]
    while runs and not runs[-1].text.strip():
        del runs[-1]
    if runs:
        runs[0] = WeightedText(runs[0].text.lstrip(), runs[0].weight)
        runs[-1] = WeightedText(runs[-1].text.rstrip(), runs[-1].weight)
    return tuple(runs)


def _format_run(run: WeightedText) -> str:
    escaped = escape_weighting(run.text)
    # Decimal writes every digit of the float without an exponent, which the grammar doesn't know.
    return escaped if run.weight == 1 else f"({escaped}:{Decimal(repr(run.weight)):f})"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:  # "1.2.3", "."
        return None
    return number if math.isfinite(number) else None


def _power(exponent: int) -> float:
    return BRACKET_WEIGHT ** max(-1000, min(1000, exponent)) if exponent >= 0 else 1 / _power(-exponent)


def _finite(weight: float) -> float:
    limit = 1e30
    return max(-limit, min(limit, weight))
