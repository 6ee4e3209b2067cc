"""What can hinder a person in an event; each carries facts, `refusals.py` beside it has the words."""

from dataclasses import dataclass
from datetime import datetime

from cogs.errors import CogError
from events.contest_rules import RuleBroken


class EventError(CogError):
    """The root of what is raised about events."""


@dataclass(eq=False)
class EventUnknown(EventError):
    """There is no such event in this server."""


class OpponentUnfit(EventError):
    """One can't play against oneself, nor against a bot."""


class ThemeRefused(EventError):
    """A title or theme is something that the policy wouldn't have drawn here."""


@dataclass(eq=False)
class ChallengesWaiting(EventError):
    """Somebody has as many battles under way, begun by themselves, as they may."""

    allowed: int


class OnlyTheInvited(EventError):
    """Only the one who was challenged may answer a challenge."""


class OnlyThePlayers(EventError):
    """Only the two of a battle may draw for it."""


class PlayersDontVote(EventError):
    """The two of a battle have no vote in it."""


@dataclass(eq=False)
class WrongCount(EventError):
    """A tournament of `count` people can't begin; it takes `least` to `most`."""

    count: int
    least: int
    most: int


class TournamentFull(EventError):
    """No more people may join."""


class MatchesAreWon(EventError):
    """A tournament's battle can't be cancelled; it can be ended, or one of the two disqualified."""


class NotInIt(EventError):
    """The member has no part in this event, or is out of it already."""


class GameIsOn(EventError):
    """A channel has one guessing game at a time, and there is one."""


class NothingToHide(EventError):
    """The rules of this place leave too few tags for a guessing game."""


@dataclass(eq=False)
class EventNotOpen(EventError):
    """This can't be done now. `opens_at` is when it can, None where it is over."""

    opens_at: datetime | None


@dataclass(eq=False)
class RuleHinders(EventError):
    """The request, or the picture, breaks a rule of the contest."""

    broken: RuleBroken


@dataclass(eq=False)
class RuleUnreadable(EventError):
    """A contest can't have this: `option` is what was typed for, `value` what it was."""

    option: str
    value: object


@dataclass(eq=False)
class MomentUnreadable(EventError):
    """This is no time, or not one in that order."""

    text: str


@dataclass(eq=False)
class RoleNeeded(EventError):
    """Only people with a role may take part."""

    role_id: int


@dataclass(eq=False)
class TooNew(EventError):
    """The account, or the membership, is too young to take part before `until`."""

    until: datetime


@dataclass(eq=False)
class Disqualified(EventError):
    """Moderators have taken this person out of the contest."""


@dataclass(eq=False)
class OwnEntry(EventError):
    """Nobody votes for themselves."""


@dataclass(eq=False)
class EntryGone(EventError):
    """There is no such entry any more."""


@dataclass(eq=False)
class TooManyPicks(EventError):
    """A ballot holds no more than `allowed`."""

    allowed: int


@dataclass(eq=False)
class RoleOutOfReach(EventError):
    """The bot can't give this role: it lacks the permission, or stands below it."""

    role_id: int
