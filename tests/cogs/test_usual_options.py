"""What people settled is read again, whichever version wrote it."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cogs.usual_options import UsualOptions
from generation.aspect_ratio import AspectRatio
from generation.quality import Quality
from tests import hostile


def test_options_come_back_as_they_were() -> None:
    settled = UsualOptions(
        aspect=AspectRatio.LANDSCAPE, quality=Quality.LIGHTER, negative="hat", count=3, is_private=True
    )
    assert UsualOptions.from_json(settled.to_json()) == settled


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.dictionaries(st.sampled_from(["aspect", "quality", "negative", "count", "private"]), hostile.values())
)
@example({"count": float("inf")})
def test_any_json_gives_options(written: dict[str, Any]) -> None:
    assert UsualOptions.from_json(UsualOptions.from_json(written).to_json())
