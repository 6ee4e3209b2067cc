"""What goes wrong, as sentences: facts come in, kind words go out. Each says what happened and what to do next."""

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
from cogs.events.errors import EventError
from cogs.events.refusals import event_refusal
from cogs.language import Language
from cogs.permissions import named
from cogs.plain_text import inline
from cogs.policy_refusals import blocked, policy_refusal
from cogs.sentences import relative
from generation.errors import (
    BrokenLora,
    BrokenPicture,
    ChannelClosed,
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
from generation.listed_tags import WORDS_MAX

LISTED = 20
"""How many names a sentence lists at most."""

REASON_LENGTH = 1000
"""Of a mistake in the settings, which may repeat a long value."""


def refusal(say: Language, error: GenerationError | CogError) -> str:  # noqa: PLR0915 - one sentence for each
    """Say why something can't be done."""
    match error:
        case EventError():
            return event_refusal(say, error)
        case InvalidRequest(option, value, allowed):
            return say(
                "The option `{option}` can't be {value}: it takes {allowed}.",
                option=option,
                value=inline(str(value)),
                allowed=allowed,
            )
        case NoTags():
            return say("Tell me what to draw: at least one tag, such as `1girl`.")
        case TextTooLong(option, length, limit):
            return say(
                "The option `{option}` has {length} characters, and {limit} is the most it takes.",
                option=option,
                length=length,
                limit=limit,
            )
        case PromptTooLong(part, count, limit):
            if part == "prompt":
                text = say(
                    "Your prompt comes to {count} tokens (quality tags included); {limit} is the most I can take.",
                    count=count,
                    limit=limit,
                )
            else:
                text = say(
                    "Your negative prompt comes to {count} tokens (the model's own included); {limit} is the most I "
                    "can take.",
                    count=count,
                    limit=limit,
                )
            return f"{text} " + say(
                "Please leave out {over} or so: a tag is about two tokens.", over=count - limit
            )
        case PolicyRefusal():
            return policy_refusal(say, error)
        case PersonBlocked(ends_at):
            return blocked(say, ends_at)
        case ChannelClosed(channel_ids):
            return say(
                "I don't draw in this channel. The server's moderators have me draw in {channels}.",
                channels=", ".join(f"<#{channel_id}>" for channel_id in channel_ids[:LISTED]),
            )
        case PictureHidden():
            return say("This picture is hidden: the server's moderators have it, and decide about it.")
        case PictureSecret():
            return say("What this picture was drawn from is being guessed: it is told when the game is over.")
        case NoLongerAllowed():
            return say(
                "While I drew this, the rules for this place changed, so I don't post the picture here. `/history` "
                "shows it wherever it may be shown."
            )
        case LimitReached():
            return _limit_reached(say, error)
        case OutOfMemory():
            return say(
                "The graphics card ran out of memory on this picture. Please try again with fewer pictures at "
                "once or another aspect; if it happens again, the bot's operator can help."
            )
        case BrokenPicture(seed):
            return say(
                "Seed {seed} gave no picture that can be shown. Another seed, or less guidance, will.",
                seed=seed,
            )
        case UnreadablePicture(problem):
            return _picture_problem(say, problem)
        case NoControlNet():
            return say("I can't steer by a picture here: the bot's operator has set up no ControlNet for it.")
        case UnknownWildcard(name, known):
            return say(
                "There is no list {name} here. There are: {known}.",
                name=f"`__{inline(name)}__`",
                known=", ".join(inline(each) for each in known[:LISTED]) or "-",
            )
        case UnreadableTemplate(template):
            return say(
                "I can't read the braces in {text}. Chance is written as `{example}`, and `__name__` takes a line of a "
                "list.",
                text=inline(template),
                example="{red|blue|2::green} hair",
            )
        case UnknownLora(name, known):
            return say(
                "There is no LoRA {name} here. There are: {known}.",
                name=inline(name),
                known=", ".join(inline(each) for each in known[:LISTED]) or "-",
            )
        case BrokenLora(name):
            return say(
                "The LoRA {name} doesn't work with this model. The bot's operator finds why in the log.",
                name=inline(name),
            )
        case ModelUnavailable():
            return say(
                "I have no model to draw with: it failed to load. The bot's operator finds the cause in the "
                "log and can try again with `/model retry`."
            )
        case StorageFailure():
            return say(
                "I couldn't keep your picture: my disk is full or broken. It doesn't count against your limits. The "
                "bot's operator finds the cause in the log; please try again later."
            )
        case PicturesGone():
            return say(
                "These pictures have been cleaned away since: I keep them for some time only. Ask for them again, and "
                "the same seed gives the same pictures."
            )
        case JobUnknown():
            return say("I don't know this picture any more: it was removed, or it is still being drawn.")
        case ServiceStopping():
            return say("I'm being restarted. Please ask again in a minute.")
        case UploadTooLarge(size, limit):
            return say(
                "The picture is too large for this channel even compressed ({size}, allowed are {limit}). A smaller "
                "count may help.",
                size=_megabytes(size),
                limit=_megabytes(limit),
            )
        case EngineFailure(job_id):
            return apology(say, job_id)
        case DrawingInterrupted(times):
            return say(
                "I started on this {times} times and broke down each time, so I'm giving up on it. Fewer pictures at "
                "once or other settings may help; the bot's operator can find the cause in my log.",
                times=times,
            )
        case MissingPermissions(permissions):
            return _missing_permissions(say, permissions)
        case LogChannelClosed(channel_id, permissions):
            return say(
                "I can't write reports to {channel}: I lack {names} there. Somebody who manages that channel can grant "
                "it to my role under Edit Channel → Permissions; then choose it once more.",
                channel=f"<#{channel_id}>",
                names=named(permissions),
            )
        case EntryUnusable(entry):
            return say(
                "{entry} can't stand on a list: an entry is up to {words} words, with `*` for any letters, and not for "
                "everything.",
                entry=inline(entry),
                words=WORDS_MAX,
            )
        case ListFull(allowed):
            return say("There are {allowed} entries already, the most that I keep.", allowed=allowed)
        case NotAgeRestricted():
            return say(
                "I show withheld pictures in age-restricted channels only. Mark this channel as one under Edit Channel "
                "→ Overview, and press again."
            )
        case PresetUnknown(name):
            return say("There is no preset {name}. `/preset list` shows those there are.", name=inline(name))
        case WildcardUnreadable(entries, letters):
            return say(
                "A list needs a name of letters, digits, - or _, and 1 to {entries} entries of at most {letters} "
                "letters each, with semicolons between.",
                entries=entries,
                letters=letters,
            )
        case ModeratorsOnly():
            return say("Only those who manage this server can do that.")
        case ServersOnly():
            return say("That works in a server only.")
        case NotChosenServer():
            return say("Who runs me lets me work in some servers only, and this isn't one of them.")
        case NotYours():
            return say("Only the person who asked for it, and the server's moderators, can do this.")
        case NotTheAsker():
            return say("This button belongs to the person who asked for the picture.")
        case JobIsOver():
            return say("This drawing is already over, so there is nothing to cancel.")
        case CommandChanged():
            return say("This command has just changed. Please type it once more.")
        case DatabaseOutOfReach():
            return say(
                "I can't reach my notes at the moment, so this has to wait. Please try again in a minute."
            )
        case NothingThere():
            return say("This button doesn't work any more. Please use the command once more.")
        case OperatorsOnly():
            return say("This command is for those who run the bot.")
        case ReloadRefused(reason):
            return say(
                "My settings have a mistake, so I keep those I have. Mend it, and reload once more: {reason}",
                reason=inline(reason, REASON_LENGTH),
            )
        case _:
            return say("That can't be done. Please try it another way.")


def apology(say: Language, reference: str) -> str:
    """Say that something broke on our side; `reference` is what the log has under it."""
    return say(
        "Sorry, something broke on my side while I worked on this. Please try again; if it happens once more, "
        "tell the bot's operator this number: `{reference}`.",
        reference=reference,
    )


def _picture_problem(say: Language, problem: PictureProblem) -> str:
    match problem:
        case PictureProblem.NOT_AN_IMAGE:
            return say("That file is no picture, or a broken one. Please try a PNG, JPEG or WebP file.")
        case PictureProblem.TOO_MANY_PIXELS:
            return say("That picture has too many pixels for me to open. Please make it smaller first.")
        case PictureProblem.TOO_MANY_BYTES:
            return say("That file is too large for me. Please make it smaller first.")
        case PictureProblem.UNREACHABLE:
            return say("I couldn't fetch that picture from Discord. Please upload it once more.")
        case PictureProblem.NONE_GIVEN:
            return say(
                "There is no picture to work with: attach one, or choose **Use as reference** in the menu of a message "
                "that has one."
            )
        case PictureProblem.TOO_SMALL:
            return say("That picture is too small to be drawn over.")
        case PictureProblem.ANIMATED:
            return say("That picture moves. Please give me a still one.")
        case PictureProblem.NOTHING_MASKED:
            return say(
                "The mask marks nothing: paint white what I shall draw anew, or erase it to transparent."
            )


def _limit_reached(say: Language, error: LimitReached) -> str:
    allowed = error.allowed
    match error.limit:
        case Limit.REQUESTS_PER_MINUTE:
            text = say.counted(
                "One person can ask for {count} drawing a minute, and you have.",
                "One person can ask for {count} drawings a minute, and you have.",
                allowed,
            )
        case Limit.WAITING_PER_PERSON:
            text = say.counted(
                "You have {count} drawing waiting, the most I hold for one person.",
                "You have {count} drawings waiting, the most I hold for one person.",
                allowed,
            )
        case Limit.IMAGES_PER_DAY:
            text = say.counted(
                "You have had your {count} picture of the last 24 hours.",
                "You have had your {count} pictures of the last 24 hours.",
                allowed,
            )
        case Limit.GUILD_IMAGES_PER_DAY:
            text = say.counted(
                "This server has had its {count} picture of the last 24 hours.",
                "This server has had its {count} pictures of the last 24 hours.",
                allowed,
            )
        case Limit.GUILD_WAITING:
            text = say.counted(
                "This server has {count} drawing waiting, the most I hold for a server.",
                "This server has {count} drawings waiting, the most I hold for a server.",
                allowed,
            )
        case Limit.QUEUE_LENGTH:
            text = say.counted(
                "The line is full: {count} drawing is waiting.",
                "The line is full: {count} drawings are waiting.",
                allowed,
            )
        case Limit.IMAGES_FOR_EVENT:
            return say.counted(
                "In this event each person may have {count} picture drawn, and you have had yours.",
                "In this event each person may have {count} pictures drawn, and you have had yours.",
                allowed,
            )
    if error.frees_at is None:
        return f"{text} " + say("Please try again soon.")
    return f"{text} " + say("Try again {moment}.", moment=relative(error.frees_at))


def _missing_permissions(say: Language, permissions: tuple[str, ...]) -> str:
    return say(
        "I lack a permission in this channel: {names}. Somebody who manages this channel can grant it to my role "
        "under Edit Channel → Permissions; until then I'd draw pictures that I can't show.",
        names=named(permissions),
    )


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.1f} MiB"
