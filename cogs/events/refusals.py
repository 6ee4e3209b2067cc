"""What goes wrong in events, as sentences."""

from cogs.events.errors import (
    ChallengesWaiting,
    Disqualified,
    EntryGone,
    EventError,
    EventNotOpen,
    EventUnknown,
    GameIsOn,
    MatchesAreWon,
    MomentUnreadable,
    NothingToHide,
    NotInIt,
    OnlyTheInvited,
    OnlyThePlayers,
    OpponentUnfit,
    OwnEntry,
    PlayersDontVote,
    RoleNeeded,
    RoleOutOfReach,
    RuleHinders,
    RuleUnreadable,
    ThemeRefused,
    TooManyPicks,
    TooNew,
    TournamentFull,
    WrongCount,
)
from cogs.language import Language
from cogs.plain_text import inline
from cogs.sentences import relative
from events.contest_rules import NotAsRuled, RatingTooHigh, RuleBroken, TagForbidden

WORDS_SHOWN = 5


def event_refusal(say: Language, error: EventError) -> str:
    """Say why something can't be done."""
    match error:
        case EventUnknown():
            return say("There is no such event in this server. `/event list` shows those there are.")
        case EventNotOpen(opens_at):
            if opens_at is None:
                return say("This is over; it can't be done any more.")
            return say("It is too early for this: it opens {moment}.", moment=relative(opens_at))
        case RuleHinders(broken):
            return _rule_broken(say, broken)
        case RuleUnreadable(option, value):
            return say(
                "A contest can't have {value} for {option}.",
                value=inline(str(value)) or "-",
                option=f"`{option}`",
            )
        case MomentUnreadable(text):
            return say(
                "I can't read {text} as a time that fits. Write how long, as in `2h30m` or `3d`, or a date and time in "
                "UTC, as in `2026-12-24 18:00`; it starts before it ends, within a year.",
                text=f"“{inline(text)}”",
            )
        case RoleNeeded(role_id):
            return say("Only members with the role {role} take part here.", role=f"<@&{role_id}>")
        case TooNew(until):
            return say(
                "You are new here, and this event guards itself against crowds that come to tip it. You can take part "
                "{moment}.",
                moment=relative(until),
            )
        case Disqualified():
            return say(
                "You have been disqualified from this event. The server's moderators can tell you why."
            )
        case OwnEntry():
            return say("That is your own entry: others decide about it.")
        case EntryGone():
            return say("That entry isn't there any more.")
        case TooManyPicks(allowed):
            return say.counted(
                "A ballot holds {count} pick at most. Take one off first.",
                "A ballot holds {count} picks at most. Take one off first.",
                allowed,
            )
        case RoleOutOfReach(role_id):
            return say(
                "I can't give {role}: I need the permission **Manage Roles**, and my own role must stand above it.",
                role=f"<@&{role_id}>",
            )
        case OpponentUnfit():
            return say("A battle takes another member: neither yourself nor a bot.")
        case ThemeRefused():
            return say(
                "This title or theme can't stand here: the rules for this place don't allow it to be drawn."
            )
        case ChallengesWaiting(allowed):
            return say.counted(
                "You have {count} battle under way already. Please finish it first.",
                "You have {count} battles under way already. Please finish one first.",
                allowed,
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


def _rule_broken(say: Language, broken: RuleBroken) -> str:
    match broken:
        case TagForbidden(tags):
            return say(
                "This contest goes without {words}. Leave that out, and I'll gladly draw the rest.",
                words=", ".join(f"“{inline(tag)}”" for tag in tags[:WORDS_SHOWN]),
            )
        case RatingTooHigh(rating, ceiling):
            return say(
                "This contest takes pictures up to the rating `{ceiling}`, and this one is `{rating}`.",
                ceiling=ceiling.value,
                rating=rating.value,
            )
        case NotAsRuled(option):
            return say(
                "This picture wasn't drawn by the contest's rules: its {option} differs. Draw with the contest's "
                "button or `/event draw`, and the rules are seen to.",
                option=f"`{option}`",
            )
        case _:
            return say("The contest's rules don't allow this.")
