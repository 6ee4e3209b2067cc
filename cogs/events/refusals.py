"""What goes wrong in events, as sentences."""

from cogs.events.errors import (
    EventError,
    EventNotOpen,
    EventUnknown,
    GameIsOn,
    MatchesAreWon,
    NothingToHide,
    NotInIt,
    OnlyTheInvited,
    OnlyThePlayers,
    OpponentUnfit,
    PlayersDontVote,
    ThemeRefused,
    TournamentFull,
    WrongCount,
)
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
        case OpponentUnfit():
            return say("A battle takes another member: neither yourself nor a bot.")
        case ThemeRefused():
            return say(
                "This title or theme can't stand here: the rules for this place don't allow it to be drawn."
            )
        case OnlyTheInvited():
            return say("Only the one who was challenged may answer this.")
        case OnlyThePlayers():
            return say("Only the two of this battle draw for it. You may vote when their pictures are shown.")
        case PlayersDontVote():
            return say("It is your own battle: the others vote.")
        case WrongCount(count, least, most):
            return say(
                "A tournament takes {least} to {most} people; {count} have joined so far.",
                least=least,
                most=most,
                count=count,
            )
        case TournamentFull():
            return say("This tournament is full.")
        case MatchesAreWon():
            return say(
                "A tournament's battle can't be cancelled alone. End it, or disqualify one of the two."
            )
        case NotInIt():
            return say("This member has no part in it, or is out of it already.")
        case GameIsOn():
            return say("A guessing game is on in this channel. Guess along, or start yours when it is over.")
        case NothingToHide():
            return say("The rules for this place leave too few tags to hide any.")
        case _:
            return say("This doesn't fit the event.")
