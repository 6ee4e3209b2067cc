"""What goes wrong in events, as sentences."""

from cogs.events.errors import EventError, EventNotOpen, EventUnknown
from cogs.language import Language
from cogs.sentences import relative


def event_refusal(say: Language, error: EventError) -> str:
    """Say why something can't be done."""
    match error:
        case EventUnknown():
            return say("There is no such event in this server. `/event list` shows those there are.")
        case EventNotOpen(opens_at):
            if opens_at is None:
                return say("This is over; it can't be done any more.")
            return say("It is too early for this: it opens {moment}.", moment=relative(opens_at))
        case _:
            return say("This doesn't fit the event.")
