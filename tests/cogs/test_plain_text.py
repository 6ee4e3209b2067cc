"""People's text can't ping anybody and can't break out of its frame."""

import re

from hypothesis import given
from hypothesis import strategies as st

from cogs.plain_text import code_block, inline, shortened

HOSTILE = st.text(alphabet=st.sampled_from("`*_~|<@&#!>[]()\\\n\u200b ab"), max_size=200)


@given(HOSTILE)
def test_a_code_block_has_exactly_its_own_fences(text: str) -> None:
    block = code_block(text, 4096)
    assert block.startswith("```\n")
    assert block.endswith("\n```")
    assert block.count("```") == 2


@given(st.text(max_size=300), st.integers(min_value=20, max_value=100))
def test_a_code_block_keeps_within_its_length(text: str, length: int) -> None:
    assert len(code_block(text, length)) <= length


@given(HOSTILE)
def test_text_in_a_sentence_holds_no_working_mention(text: str) -> None:
    shown = inline(text)
    assert "\n" not in shown
    for mention in ("@everyone", "@here"):
        assert mention not in inline(mention + text)
    assert not re.search(r"<@[!&]?\d+>", inline(f"<@123{text}>"))


def test_a_user_mention_is_broken() -> None:
    assert "<@123>" not in inline("hello <@123> and <@&456>")


@given(st.text(max_size=50), st.integers(min_value=1, max_value=60))
def test_shortened_text_is_within_its_length(text: str, length: int) -> None:
    assert len(shortened(text, length)) <= length


def test_short_text_stays_as_it_is() -> None:
    assert shortened("smile", 5) == "smile"


def test_a_name_read_from_right_to_left_leaves_the_sentence_in_order() -> None:
    assert inline("نور القمر") == "\u2068نور القمر\u2069"
    assert inline("葵 Aoi") == "葵 Aoi"
