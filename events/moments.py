"""When something is: read from what people type, such as "2h30m", "3d" or "2026-12-24 18:00"."""

import re
from datetime import UTC, datetime, timedelta

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_SPAN = re.compile(r"(?:(\d{1,6})\s*([wdhms])[a-z]*[\s,]*)")
_TIMESTAMP = re.compile(r"<t:(\d{1,12})(?::[a-zA-Z])?>|(\d{9,12})")
_LONGEST = timedelta(days=366)


class UnreadableMoment(Exception):
    """`text` says no time that can be meant."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def read_span(text: str) -> timedelta:
    """Read how long something is: "90m", "1d 12h". A number alone is minutes.

    Raises:
        UnreadableMoment: it is no span, none at all, or longer than a year.
    """
    wanted = text.strip().lower()
    if wanted.isdecimal() and len(wanted) <= 6:
        wanted += "m"
    parts = _SPAN.findall(wanted)
    if not parts or _SPAN.sub("", wanted).strip():
        raise UnreadableMoment(text)
    span = sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())
    if not timedelta() < span <= _LONGEST:
        raise UnreadableMoment(text)
    return span


def read_moment(text: str, after: datetime) -> datetime:
    """Read when something is: a span counted from `after`, a Discord timestamp, or a date with a time in UTC.

    Raises:
        UnreadableMoment: it is no time, or more than a year away.
    """
    if stamped := _TIMESTAMP.fullmatch(text.strip()):
        moment = datetime.fromtimestamp(int(stamped[1] or stamped[2]), UTC)
    else:
        try:
            moment = datetime.fromisoformat(text.strip().replace("/", "-").removesuffix("UTC").strip())
        except ValueError:
            return after + read_span(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    if moment > after + _LONGEST:
        raise UnreadableMoment(text)
    return moment
