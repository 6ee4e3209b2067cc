"""A battle in pictures: two side by side that nobody is named under, and the card of who won. Blocks."""

from dataclasses import dataclass

from events.festival import ACCENT, GOLD, INK, PAPER, SILVER, SOFT, Scene

WIDTH_PX = 1600
VERSUS_HEIGHT_PX, CARD_HEIGHT_PX = 1060, 960
LEFT_LETTER, RIGHT_LETTER = "A", "B"
"""What the pictures are called while nobody may know whose they are."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two of a battle that is over. `votes` is written under the name, such as "12 votes", if anything."""

    name: str
    votes: str
    picture_png: bytes | None = None


def draw_versus(left_png: bytes, right_png: bytes, theme: str) -> bytes:
    """Draw two pictures side by side, A on the left and B on the right, as a PNG."""
    scene = Scene(WIDTH_PX, VERSUS_HEIGHT_PX)
    middle, centre = WIDTH_PX / 2, (WIDTH_PX / 2, 590)
    scene.glow((360, 600), 560, ACCENT, 0.5)
    scene.glow((WIDTH_PX - 360, 600), 560, "#8f7bff", 0.5)
    scene.lanterns()
    scene.petals(40)
    scene.text((middle, 100), theme, 56, width_max=940, shadow=True)
    sides = ((left_png, 40, LEFT_LETTER, ACCENT), (right_png, middle + 40, RIGHT_LETTER, "#b9a8ff"))
    for png, left, letter, colour in sides:
        hung = scene.picture(png, (left, 160, middle - 80, VERSUS_HEIGHT_PX - 200))
        scene.medal((hung[0] + hung[2] / 2, hung[1] + 6), 50, colour, letter)
    scene.glow(centre, 190, GOLD, 0.8)
    scene.medal(centre, 76, GOLD, "VS")
    return scene.png()


def draw_winner(headline: str, theme: str, winner: Side, other: Side) -> bytes:
    """Draw the card of the winner, with the other beside it, as a PNG. `headline` is such as "Winner"."""
    scene = Scene(WIDTH_PX, CARD_HEIGHT_PX)
    # The picture stands on the left, the words on the right.
    shown, words = 420.0, 1170.0
    scene.rays((shown, 500), 2000)
    scene.glow((shown, 500), 620, "#ffe3ef", 0.6)
    scene.lanterns()
    scene.petals(46)
    if winner.picture_png is None:
        scene.medal((shown, 500), 240, GOLD, "★")
    else:
        hung = scene.picture(winner.picture_png, (70, 110, 700, 800), GOLD, border=14)
        scene.medal((hung[0] + hung[2] - 18, hung[1] + 18), 56, GOLD, "1")
    scene.panel((words - 350, 150, 700, 430), INK, radius=36, opacity=0.72)
    scene.text((words, 228), theme, 34, SOFT, width_max=620)
    scene.text((words, 330), f"🏆 {headline} 🏆", 62, GOLD, width_max=640, shadow=True)
    scene.text((words, 434), winner.name, 72, PAPER, width_max=640)
    if winner.votes:
        scene.pill((words, 512), winner.votes, 38, width_max=600)
    scene.panel((words - 350, 620, 700, 250), INK, radius=36, opacity=0.55)
    left, width_max = words - 300, 600.0
    if other.picture_png is not None:
        scene.picture(other.picture_png, (words - 330, 640, 240, 210), SILVER, border=8)
        left, width_max = words - 70, 390.0
    scene.text((left, 735), other.name, 44, PAPER, align="left", width_max=width_max)
    scene.text((left, 795), other.votes, 34, ACCENT, align="left", width_max=width_max)
    return scene.png()
