"""A bracket as a picture: both halves meet in the middle, where the champion will stand. Blocks."""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import ImageDraw

from events.bracket import NOBODY, Bracket, Match, MatchKey, MatchState
from events.festival import ACCENT, GOLD, INK, OVERDRAWN, PAPER, SOFT, Scene

BOX_WIDTH_PX, BOX_HEIGHT_PX, LINE_PX = 256, 96, 46
COLUMN_GAP_PX, ROW_GAP_PX = 44, 26
TOP_PX, MARGIN_PX = 190, 40
CENTRE_PX = 380
"""Kept free in the middle, for the final and the champion."""
WIDTH_MIN_PX = 1500

_FADED = "#a993b5"


@dataclass(frozen=True, slots=True)
class BracketWords:
    """What is written on it besides names. `nobody` stands for an empty place, `champion` over who has won."""

    title: str
    champion: str
    final: str
    nobody: str = "—"
    unknown: str = "?"


def draw_bracket(bracket: Bracket, names: Mapping[int, str], words: BracketWords) -> bytes:
    """Draw it as it stands, as a PNG. A person without a name is written as their id."""
    return _BracketPicture(bracket, names, words).drawn()


class _BracketPicture:
    """Knows where each match stands. Half of the first round is on the left, half on the right."""

    def __init__(self, bracket: Bracket, names: Mapping[int, str], words: BracketWords) -> None:
        self._bracket, self._names, self._words = bracket, names, words
        self._rows = 2 ** (bracket.rounds - 2)
        columns = bracket.rounds - 1
        column = BOX_WIDTH_PX + COLUMN_GAP_PX
        width = 2 * (MARGIN_PX + columns * column) + CENTRE_PX
        self._inset = max(0, WIDTH_MIN_PX - width) / 2
        height = max(self._rows * (BOX_HEIGHT_PX + ROW_GAP_PX), 560)
        self._pitch = height / self._rows
        self._scene = Scene(max(width, WIDTH_MIN_PX), TOP_PX + height + MARGIN_PX)

    def drawn(self) -> bytes:
        scene, bracket = self._scene, self._bracket
        final = bracket.match(MatchKey(bracket.rounds - 1, 0))
        centre = scene.width / 2
        middle = TOP_PX + self._rows * self._pitch / 2
        scene.glow((centre, middle - 60), 420, ACCENT, 0.55)
        if bracket.champion:
            scene.rays((centre, middle - 60), scene.width)
        scene.lanterns()
        scene.petals(40)
        scene.text((centre, 104), self._words.title, 58, width_max=scene.width * 0.58, shadow=True)
        for round_number in range(bracket.rounds - 1):
            for match in bracket.matches(round_number):
                self._connect(match.key)
        for round_number in range(bracket.rounds - 1):
            for match in bracket.matches(round_number):
                self._draw_match(match, *self._place(match.key))
        scene.text((centre, middle + 40), self._words.final, 32, SOFT, width_max=CENTRE_PX - 60)
        self._draw_match(final, centre - BOX_WIDTH_PX / 2, middle + 60)
        self._draw_champion(centre, middle)
        return scene.png()

    def _place(self, key: MatchKey) -> tuple[float, float]:
        """The upper left corner of a match before the final."""
        half = 2 ** (self._bracket.rounds - 2 - key.round)
        is_left = key.number < half
        row = key.number if is_left else key.number - half
        offset = MARGIN_PX + self._inset + key.round * (BOX_WIDTH_PX + COLUMN_GAP_PX)
        x = offset if is_left else self._scene.width - offset - BOX_WIDTH_PX
        y = TOP_PX + (row + 0.5) * self._pitch * 2**key.round - BOX_HEIGHT_PX / 2
        return x, y

    def _connect(self, key: MatchKey) -> None:
        """Draw the line from a match to the one its winner goes on to."""
        x, y = self._place(key)
        y += BOX_HEIGHT_PX / 2
        is_left = x < self._scene.width / 2
        start = x + BOX_WIDTH_PX if is_left else x
        if key.round == self._bracket.rounds - 2:
            middle = TOP_PX + self._rows * self._pitch / 2
            end_x = self._scene.width / 2 + (-1 if is_left else 1) * BOX_WIDTH_PX / 2
            end_y = middle + 60 + BOX_HEIGHT_PX / 2
        else:
            next_x, next_y = self._place(MatchKey(key.round + 1, key.number // 2))
            end_x = next_x if is_left else next_x + BOX_WIDTH_PX
            end_y = next_y + BOX_HEIGHT_PX / 2
        turn = start + (1 if is_left else -1) * COLUMN_GAP_PX / 2
        is_decided = self._bracket.match(key).state is MatchState.DECIDED
        points = [
            (px * OVERDRAWN, py * OVERDRAWN)
            for px, py in ((start, y), (turn, y), (turn, end_y), (end_x, end_y))
        ]
        pen = ImageDraw.Draw(self._scene.paper)
        pen.line(
            points, GOLD if is_decided else "#c78fb0", (4 if is_decided else 3) * OVERDRAWN, joint="curve"
        )

    def _draw_match(self, match: Match, x: float, y: float) -> None:
        outline = ACCENT if match.state is MatchState.READY else ""
        self._scene.panel((x, y, BOX_WIDTH_PX, BOX_HEIGHT_PX), INK, radius=16, outline=outline)
        self._scene.panel(
            (x + 14, y + BOX_HEIGHT_PX / 2 - 1, BOX_WIDTH_PX - 28, 2), ACCENT, radius=1, opacity=0.4
        )
        for side, person in enumerate((match.left, match.right)):
            top = y + side * BOX_HEIGHT_PX / 2
            has_won = person not in (None, NOBODY) and match.winner == person
            if has_won:
                self._scene.panel(
                    (x + 4, top + 4, BOX_WIDTH_PX - 8, BOX_HEIGHT_PX / 2 - 8), ACCENT, radius=12
                )
            has_lost = match.winner is not None and not has_won
            colour = INK if has_won else _FADED if has_lost or not person else PAPER
            self._scene.text(
                (x + 18, top + 34), self._name(person), 28, colour, align="left", width_max=BOX_WIDTH_PX - 36
            )

    def _draw_champion(self, centre: float, middle: float) -> None:
        champion = self._bracket.champion
        if not champion:
            self._scene.medal((centre, middle - 100), 78, GOLD, "?")
            return
        self._scene.text((centre, middle - 150), "🏆", 110)
        self._scene.text((centre, middle - 92), self._words.champion, 36, GOLD, width_max=CENTRE_PX - 30)
        self._scene.text(
            (centre, middle - 34), self._name(champion), 54, PAPER, width_max=CENTRE_PX - 20, shadow=True
        )

    def _name(self, person: int | None) -> str:
        if person is None:
            return self._words.unknown
        return self._words.nobody if person == NOBODY else self._names.get(person, str(person))
