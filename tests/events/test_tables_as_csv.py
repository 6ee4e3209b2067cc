"""CSV: what was written is read again, and nothing in it is computed."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.tables_as_csv import STARTS_OF_FORMULAS, Cell, table_as_csv


def read(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_no_cell_of_text_begins_like_a_formula(row: list[str]) -> None:
    (_, cells) = read(table_as_csv(["a"], [row]))
    assert len(cells) == len(row)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("start", STARTS_OF_FORMULAS)
def test_every_start_of_a_formula_gets_an_apostrophe(start: str) -> None:
    assert read(table_as_csv(["a"], [[f"{start}1+1"]]))[1] == [f"'{start}1+1"]


def test_what_is_no_formula_stays_as_it_is_and_numbers_stay_numbers() -> None:
    row: list[Cell] = ["葵 ✨", 'say "hi", ok', -3, 0.5, None]
    assert read(table_as_csv(["name", "=x"], [row])) == [
        ["name", "'=x"],
        ["葵 ✨", 'say "hi", ok', "-3", "0.5", ""],
    ]
