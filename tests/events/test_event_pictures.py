"""Podium, battle and bracket: pictures that can be posted, whatever the names, the shapes and the number of people."""

import pytest

from events.bracket import NOBODY, Bracket
from events.bracket_picture import BracketWords, draw_bracket
from events.podium import PodiumPlace, draw_podium
from events.versus import Side, draw_versus, draw_winner
from tests.events.pictures import coloured, opened

UPLOAD_BYTES = 10 * 2**20
WORDS = BracketWords("夏祭り 🎆", "Champion", "Final")


def place(name: str, rank: int | None = None, width: int = 208) -> PodiumPlace:
    return PodiumPlace(name, "3 votes", coloured(width), rank)


@pytest.mark.parametrize("names", [["葵"], ["葵 ✨", "نور"], ["葵", "สวัสดี", "x" * 200]])
def test_a_podium_has_one_to_three_places(names: list[str]) -> None:
    content = draw_podium([place(name, width=600) for name in names], "Summer " * 30)
    assert opened(content).size == (1600, 1060)
    assert len(content) < UPLOAD_BYTES


def test_who_shares_a_place_stands_equally_high() -> None:
    tied = opened(draw_podium([place("a", 1), place("b", 1), place("c", 3)], "t"))
    apart = opened(draw_podium([place("a"), place("b"), place("c")], "t"))
    # Just above where a second place ends, there is a stand only under a first one.
    assert tied.getpixel((300, 830)) != apart.getpixel((300, 830))


@pytest.mark.parametrize("count", [0, 4])
def test_no_podium_is_too_small_or_too_large(count: int) -> None:
    with pytest.raises(ValueError, match="a podium has"):
        draw_podium([place("a")] * count, "t")


def test_a_battle_shows_both_pictures_whatever_their_shape() -> None:
    content = draw_versus(coloured(640, 160), coloured(160, 640, 2), "月夜")
    assert opened(content).size == (1600, 1060)
    card = draw_winner("Winner", "月夜", Side("葵", "2", coloured()), Side("نور", "1", coloured(400, 100)))
    assert opened(card).size == (1600, 960)
    assert opened(draw_winner("Winner", "月夜", Side("葵", "2"), Side("نور", "1"))).size == (1600, 960)


@pytest.mark.parametrize("count", [4, 13, 32])
def test_a_bracket_of_any_size_is_drawn_at_each_round(count: int) -> None:
    bracket = Bracket(tuple(range(1, count + 1)))
    names = {person: f"Guest {person} 葵" for person in range(1, count)}
    drawn = [draw_bracket(bracket, names, WORDS)]
    while matches := bracket.ready():
        for match in matches:
            bracket = bracket.with_winner(match.key, match.left or NOBODY)
    drawn.append(draw_bracket(bracket, names, WORDS))
    assert drawn[0] != drawn[1]
    assert all(len(content) < UPLOAD_BYTES for content in drawn)
    assert opened(drawn[0]).width >= 1500
