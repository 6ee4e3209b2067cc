"""What people type for a time."""

from datetime import UTC, datetime, timedelta

import pytest

from events.moments import UnreadableMoment, read_moment, read_span

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90m", timedelta(minutes=90)),
        ("2h30m", timedelta(hours=2, minutes=30)),
        ("1 day, 12 hours", timedelta(hours=36)),
        ("45", timedelta(minutes=45)),
        ("30S", timedelta(seconds=30)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_span_is_read(text: str, span: timedelta) -> None:
    assert read_span(text) == span
    assert read_moment(text, NOW) == NOW + span


@pytest.mark.parametrize("text", ["", "soon", "0m", "2h?", "9999d", "-3h", "3d later", "h"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(UnreadableMoment):
        read_span(text)


def test_dates_and_discords_own_timestamps_are_read() -> None:
    evening = datetime(2026, 3, 1, 18, tzinfo=UTC)
    stamp = f"<t:{int(evening.timestamp())}:R>"
    for text in ("2026-03-01 18:00", "2026/03/01 18:00 UTC", "2026-03-01T19:00+01:00", stamp):
        assert read_moment(text, NOW) == evening
    with pytest.raises(UnreadableMoment):
        read_moment("2099-01-01", NOW)
