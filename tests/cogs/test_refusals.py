"""Every error that a person can cause has its own sentence, which says what to do."""

from datetime import UTC, datetime

from cogs import errors as cog_errors
from cogs.errors import (
    CogError,
    CommandChanged,
    DatabaseOutOfReach,
    EntryUnusable,
    ListFull,
    LogChannelClosed,
    MissingPermissions,
    ModeratorsOnly,
    NotAgeRestricted,
    NotChosenServer,
    NothingThere,
    NotYours,
    OperatorsOnly,
    PresetUnknown,
    ReloadRefused,
    ServersOnly,
    WildcardUnreadable,
)
from cogs.events import errors as event_errors
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
from cogs.language import ENGLISH
from cogs.refusals import refusal
from events.contest_rules import NotAsRuled, RatingTooHigh, TagForbidden
from generation import errors as generation_errors
from generation.errors import (
    BrokenLora,
    BrokenPicture,
    ChannelClosed,
    DeviceLost,
    DrawingCancelled,
    DrawingInterrupted,
    EngineFailure,
    GenerationError,
    InvalidRequest,
    JobIsOver,
    JobUnknown,
    Limit,
    LimitReached,
    ModelUnavailable,
    NoControlNet,
    NoLongerAllowed,
    NoTags,
    NotTheAsker,
    OutOfMemory,
    PersonBlocked,
    PictureHidden,
    PictureProblem,
    PictureSecret,
    PicturesGone,
    PolicyRefusal,
    PolicyRule,
    PromptTooLong,
    ServiceStopping,
    StorageFailure,
    TextTooLong,
    UnknownLora,
    UnknownWildcard,
    UnreadablePicture,
    UnreadableTemplate,
)
from generation.image_encoding import UploadTooLarge
from generation.rating import Rating

SOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
EVERY_ERROR: list[GenerationError | CogError] = [
    InvalidRequest("steps", 200, "1 – 50"),
    NoTags(),
    TextTooLong("tags", 7000, 6000),
    PromptTooLong("prompt", 260, 225),
    *(PolicyRefusal(rule, ("a tag",), Rating.NSFW, Rating.SAFE) for rule in PolicyRule),
    *(LimitReached(limit, 3, SOON) for limit in Limit),
    PersonBlocked(SOON, "attempted"),
    ChannelClosed((123,)),
    PictureHidden(),
    NoLongerAllowed(),
    OutOfMemory(),
    *(UnreadablePicture(problem) for problem in PictureProblem),
    NoControlNet(),
    UnknownLora("inc", ("ink", "glow")),
    UnknownWildcard("color", ("colour",)),
    UnreadableTemplate("{red|blue"),
    BrokenLora("ink", "wrong shapes"),
    BrokenPicture(7),
    ModelUnavailable(RuntimeError("secret path")),
    PicturesGone(),
    PictureSecret(),
    StorageFailure("No space left on device"),
    ServiceStopping(),
    UploadTooLarge(12 * 2**20, 10 * 2**20),
    EngineFailure("0123456789abcdef"),
    DrawingInterrupted(5),
    NotTheAsker(),
    JobIsOver(),
    JobUnknown(),
    MissingPermissions(("attach_files", "embed_links")),
    LogChannelClosed(123, ("send_messages",)),
    EntryUnusable("*"),
    ListFull(200),
    NotAgeRestricted(),
    OperatorsOnly(),
    NotChosenServer(),
    ReloadRefused("config.toml: limits.steps = 0: must be 1 or more"),
    NotYours(),
    PresetUnknown("night"),
    WildcardUnreadable(200, 300),
    ModeratorsOnly(),
    ServersOnly(),
    EventUnknown(),
    EventNotOpen(SOON),
    EventNotOpen(None),
    RuleHinders(TagForbidden(("a tag",))),
    RuleHinders(RatingTooHigh(Rating.NSFW, Rating.SAFE)),
    RuleHinders(NotAsRuled("seed")),
    RuleUnreadable("forbidden", "*"),
    MomentUnreadable("soon"),
    RoleNeeded(123),
    TooNew(SOON),
    Disqualified(),
    OwnEntry(),
    EntryGone(),
    TooManyPicks(3),
    RoleOutOfReach(123),
    OpponentUnfit(),
    ThemeRefused(),
    ChallengesWaiting(3),
    OnlyTheInvited(),
    OnlyThePlayers(),
    PlayersDontVote(),
    WrongCount(3, 4, 32),
    TournamentFull(),
    MatchesAreWon(),
    NotInIt(),
    GameIsOn(),
    NothingToHide(),
    CommandChanged(),
    DatabaseOutOfReach(),
    NothingThere(),
]


def subclasses(module: object, root: type) -> set[type]:
    members = vars(module).values()
    return {member for member in members if isinstance(member, type) and issubclass(member, root)} - {root}


def test_this_list_forgets_no_error() -> None:
    known = subclasses(generation_errors, GenerationError) | subclasses(cog_errors, CogError)
    known |= subclasses(event_errors, EventError) - {CogError}
    # A cancelled drawing becomes the update `Cancelled`, which has its own sentence; of a lost device people hear
    # only if it takes the model with it (ModelUnavailable).
    assert known - {type(error) for error in EVERY_ERROR} == {DrawingCancelled, DeviceLost}


def test_every_error_has_a_sentence_of_its_own() -> None:
    told = [refusal(ENGLISH, error) for error in EVERY_ERROR]
    assert len(set(told)) == len(told)
    assert refusal(ENGLISH, GenerationError()) not in told
    assert all(len(sentence) < 600 for sentence in told)


def test_a_limit_says_when_it_frees_in_discords_own_time() -> None:
    sentence = refusal(ENGLISH, LimitReached(Limit.REQUESTS_PER_MINUTE, 6, SOON))
    assert f"<t:{int(SOON.timestamp()) + 1}:R>" in sentence
    assert "6 drawings a minute" in sentence


def test_a_failed_model_tells_people_nothing_of_its_cause() -> None:
    assert "secret" not in refusal(ENGLISH, ModelUnavailable(RuntimeError("secret path")))


def test_refused_words_are_quoted_harmlessly() -> None:
    refused = PolicyRefusal(PolicyRule.TAG_ABOVE_CEILING, ("**@everyone**",), Rating.NSFW, Rating.SAFE)
    assert "@everyone" not in refusal(ENGLISH, refused)
