"""Reading what was typed into the form that edits a picture."""

import pytest

from cogs.edit_form import read_numbers
from generation.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("7, 5.5", (7, 5.5)),
        (" 7  5 ", (7, 5.0)),
        ("7、5", (7, 5.0)),
        ("", (None, None)),
        ("5.5", (None, 5.5)),
        ("123456", (123456, None)),
    ],
)
def test_seed_and_guidance_share_a_field(text: str, meant: tuple[int | None, float | None]) -> None:
    assert read_numbers(text) == meant


@pytest.mark.parametrize("text", ["many", "1, 2, 3", "7, few", "99.5", "seed 7"])
def test_what_is_no_such_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_numbers(text)
