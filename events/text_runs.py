"""A line of any script, cut into runs that one font draws in one direction, in the order in which they are seen.

A plain part of Unicode's bidirectional algorithm (UAX 9): one line, no embeddings, since names have none. Letters
within a run are shaped and ordered by HarfBuzz and FriBiDi, by way of Pillow.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from events.fonts import FontFile, Fonts

ZWJ, ZWNJ, KEYCAP = "\u200d", "\u200c", "\u20e3"
TEXT_STYLE, EMOJI_STYLE = "\ufe0e", "\ufe0f"
MARKS_MAX = 3
"""Marks over one letter; more are piled up in jest and would be drawn over everything around."""

_EMOJI_OF_OLD = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
"""Code points below U+1F000 that are emoji unless told otherwise (Unicode's emoji-data.txt, Emoji_Presentation)."""


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one font and direction. `font` is None where no font has these letters."""

    text: str
    font: FontFile | None
    is_emoji: bool
    is_rtl: bool


def plain_line(text: str) -> str:
    """Make one line of `text`: no breaks, no invisible controls, no towers of marks."""
    letters: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", text):
        category = unicodedata.category(letter)
        if category in {"Cc", "Zl", "Zp", "Zs"}:
            letter = " "  # noqa: PLW2901 - the letter that is meant
        elif category in {"Cf", "Cs", "Cn", "Co"} and letter not in (ZWJ, ZWNJ) and not _is_tag(letter):
            continue
        marks = marks + 1 if category in {"Mn", "Me"} and not _is_style(letter) else 0
        if marks <= MARKS_MAX:
            letters.append(letter)
    return " ".join("".join(letters).split())


def clusters(text: str) -> list[str]:
    """Cut `text` into what people take for letters: with their marks, flags by pairs, joined emoji as one."""
    found: list[str] = []
    for letter in text:
        last = found[-1] if found else ""
        is_joined = last.endswith(ZWJ) and not letter.isspace()
        is_flag = _is_flag_half(letter) and len(last) == 1 and _is_flag_half(last)
        if last and (_extends(letter) or is_joined or is_flag):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def runs_of(text: str, fonts: Fonts) -> list[Run]:
    """Cut `text` into runs, in the order in which they stand from left to right."""
    pieces = clusters(text)
    levels = _levels(pieces)
    runs = []
    styled = zip(_styles(pieces, fonts), levels, pieces, strict=True)
    for (style, level), same in groupby(styled, key=lambda piece: (piece[0], piece[1])):
        run = Run("".join(piece for _, _, piece in same), style[0], style[1], level % 2 == 1)
        runs.append((level, run))
    return _as_seen(runs)


def _styles(pieces: Sequence[str], fonts: Fonts) -> Iterator[tuple[FontFile | None, bool]]:
    """The font of each cluster, and whether it is an emoji. Spaces go with what they follow."""
    font: FontFile | None = fonts.text[0] if fonts.text else None
    is_emoji = False
    for piece in pieces:
        if piece.isspace() and font is not None and not is_emoji and ord(piece[0]) in font.letters:
            yield font, False
            continue
        is_emoji = _is_emoji(piece) and fonts.emoji is not None and ord(piece[0]) in fonts.emoji.letters
        if is_emoji:
            font = fonts.emoji
        else:
            visible = [ord(letter) for letter in piece if letter not in (ZWJ, ZWNJ) and not _is_style(letter)]
            font = fonts.font_for(visible) or fonts.font_for(visible[:1])
        yield font, is_emoji


def _levels(pieces: Sequence[str]) -> list[int]:
    """How deep each cluster is nested: 0 and 2 read from left to right, 1 from right to left."""
    kinds = [_direction(piece) for piece in pieces]
    base = next((kind for kind in kinds if kind in "LR"), "L")
    kinds = [
        "L" if kind == "N" and _before(kinds, place, base) == "L" else kind
        for place, kind in enumerate(kinds)
    ]
    for place, kind in enumerate(kinds):
        if kind == "-":
            # What is neutral goes with its neighbours where they agree, else with the line; numbers among words that
            # read from right to left count as such words, though they read from left to right themselves.
            before, after = _side(kinds[:place][::-1], base), _side(kinds[place:], base)
            kinds[place] = before if before == after else base
    return [1 if kind == "R" else 2 if kind == "N" or base == "R" else 0 for kind in kinds]


def _before(kinds: Sequence[str], place: int, base: str) -> str:
    """The direction of the word before."""
    return next((kind for kind in reversed(kinds[:place]) if kind in "LR"), base)


def _side(kinds: Sequence[str], base: str) -> str:
    nearest = next((kind for kind in kinds if kind != "-"), base)
    return "R" if nearest == "N" else nearest


def _direction(piece: str) -> str:
    """L, R, N for numbers, or - for what has no direction of its own."""
    match unicodedata.bidirectional(piece[0]):
        case "R" | "AL":
            return "R"
        case "L":
            return "L"
        case "EN" | "AN":
            return "N"
        case _:
            return "-"


def _as_seen(runs: Sequence[tuple[int, Run]]) -> list[Run]:
    """Put runs in the order of the eye: what is at a level or deeper is turned round, from the deepest (UAX 9, L2)."""
    seen = list(runs)
    for depth in (2, 1):
        turned: list[tuple[int, Run]] = []
        for is_deep, group in groupby(seen, key=lambda run: run[0] >= depth):
            together = list(group)
            turned += reversed(together) if is_deep else together
        seen = turned
    return [run for _, run in seen]


def _is_emoji(piece: str) -> bool:
    if TEXT_STYLE in piece:
        return False
    first = piece[0]
    return EMOJI_STYLE in piece or KEYCAP in piece or ord(first) >= 0x1F000 or first in _EMOJI_OF_OLD


def _extends(letter: str) -> bool:
    is_skin_tone = 0x1F3FB <= ord(letter) <= 0x1F3FF
    is_mark = unicodedata.category(letter) in {"Mn", "Mc", "Me"}
    return is_mark or is_skin_tone or letter in (ZWJ, ZWNJ) or _is_style(letter) or _is_tag(letter)


def _is_style(letter: str) -> bool:
    return letter in (TEXT_STYLE, EMOJI_STYLE)


def _is_tag(letter: str) -> bool:
    """Tags spell out the regions of some flags."""
    return 0xE0020 <= ord(letter) <= 0xE007F


def _is_flag_half(letter: str) -> bool:
    return 0x1F1E6 <= ord(letter) <= 0x1F1FF
