"""Everything that can hinder a drawing. Each error carries facts; sentences are made where people read them.

What goes wrong while a model is loaded lives in `model_errors.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from generation.rating import Rating


class GenerationError(Exception):
    """The root of what this package raises at its callers.

    The classes below are dataclasses without `frozen` (Python itself sets `__traceback__` on exceptions)
    and without `eq` (exceptions are compared by identity).
    """

    def __str__(self) -> str:
        """The facts, for logs: the class's name and its fields."""
        return repr(self)


@dataclass(eq=False)
class InvalidRequest(GenerationError):
    """An option of a request is outside what the bot can draw.

    `option` is the field's name, `value` what was given, `allowed` what would be accepted, such as "1 – 50".
    """

    option: str
    value: object
    allowed: str


@dataclass(eq=False)
class NoTags(GenerationError):
    """There is nothing to draw: no tag was given."""


@dataclass(eq=False)
class TextTooLong(GenerationError):
    """An option has more characters than Discord itself takes. `option` is the field's name."""

    option: str
    length: int
    limit: int


@dataclass(eq=False)
class PromptTooLong(GenerationError):
    """A prompt has more CLIP tokens than the operator allows. `part` is "prompt" or "negative_prompt"."""

    part: str
    token_count: int
    token_limit: int


class PolicyRule(Enum):
    """Which rule of the content policy refused."""

    MINOR = "minor"
    RATING_ABOVE_CEILING = "rating above ceiling"
    BLOCKED_TAG = "blocked tag"
    TAG_ABOVE_CEILING = "tag above ceiling"


@dataclass(eq=False)
class PolicyRefusal(GenerationError):
    """The content policy doesn't allow this request here.

    `tags` are the person's own words that met the rule; `rating` is what they ask for, `ceiling` what the
    place allows.
    """

    rule: PolicyRule
    tags: tuple[str, ...]
    rating: Rating
    ceiling: Rating


@dataclass(eq=False)
class PersonBlocked(GenerationError):
    """Moderators, or the bot itself, keep this person from drawing. `ends_at` None is until somebody lifts it."""

    ends_at: datetime | None
    reason: str


@dataclass(eq=False)
class ChannelClosed(GenerationError):
    """The server's moderators have the bot draw in other channels. `channel_ids` are those."""

    channel_ids: tuple[int, ...]


@dataclass(eq=False)
class PictureHidden(GenerationError):
    """The picture was hidden by moderators, or by the output check until they have looked at it."""


@dataclass(eq=False)
class PictureSecret(GenerationError):
    """What the picture was drawn from is being guessed, and isn't told before the game is over."""


@dataclass(eq=False)
class NoLongerAllowed(GenerationError):
    """While it was drawn, the picture became one that may not be posted where it was asked for."""


class Limit(Enum):
    """Which of the limits was reached."""

    REQUESTS_PER_MINUTE = "requests_per_minute"
    WAITING_PER_PERSON = "waiting_per_person"
    IMAGES_PER_DAY = "images_per_day"
    GUILD_IMAGES_PER_DAY = "guild_images_per_day"
    GUILD_WAITING = "guild_waiting"
    QUEUE_LENGTH = "queue_length"
    IMAGES_FOR_EVENT = "images_for_event"


@dataclass(eq=False)
class LimitReached(GenerationError):
    """No place for this request now. `frees_at` is when one is expected, None where nothing is known yet."""

    limit: Limit
    allowed: int
    frees_at: datetime | None


@dataclass(eq=False)
class OutOfMemory(GenerationError):
    """The device has too little memory for this picture, even alone and with the model moved out of the way."""


@dataclass(eq=False)
class DeviceLost(GenerationError):
    """The device stopped working, or its driver did; what was on it is gone. `reason` is the driver's word."""

    reason: str


@dataclass(eq=False)
class BrokenPicture(GenerationError):
    """The model gave numbers that are no picture (not finite), twice."""

    seed: int


class PictureProblem(Enum):
    """What is wrong with a picture that somebody gave."""

    NOT_AN_IMAGE = "not an image, or a broken one"
    TOO_MANY_PIXELS = "too many pixels"
    TOO_MANY_BYTES = "too many bytes"
    TOO_SMALL = "too small"
    UNREACHABLE = "it can't be fetched"
    NONE_GIVEN = "there is none"
    ANIMATED = "animated"
    NOTHING_MASKED = "nothing of it is masked"


@dataclass(eq=False)
class UnreadablePicture(GenerationError):
    """A picture to draw over can't be used."""

    problem: PictureProblem


@dataclass(eq=False)
class NoControlNet(GenerationError):
    """A control picture was given, and the operator has named no ControlNet to read it."""


@dataclass(eq=False)
class UnknownWildcard(GenerationError):
    """There is no list of this name for `__name__`. `known` are those there are."""

    name: str
    known: tuple[str, ...]


@dataclass(eq=False)
class UnreadableTemplate(GenerationError):
    """The braces of a prompt with chance can't be read. `template` is the text."""

    template: str


@dataclass(eq=False)
class UnknownLora(GenerationError):
    """There is no LoRA of this name. `known` are those there are."""

    name: str
    known: tuple[str, ...]


@dataclass(eq=False)
class BrokenLora(GenerationError):
    """A LoRA's file can't be used with this model. `reason` is for the operator."""

    name: str
    reason: str


@dataclass(eq=False)
class DrawingCancelled(GenerationError):
    """The asker called the drawing off between two steps."""


@dataclass(eq=False)
class ModelUnavailable(GenerationError):
    """No model is loaded and none is on its way. `cause` is what the last attempt raised."""

    cause: Exception


@dataclass(eq=False)
class EngineFailure(GenerationError):
    """The engine failed in a way it has no name for; the log has the cause under this job's id."""

    job_id: str


@dataclass(eq=False)
class DrawingInterrupted(GenerationError):
    """Drawing the job was interrupted this many times, the program having ended or fallen silent; it is given up."""

    times: int


@dataclass(eq=False)
class StorageFailure(GenerationError):
    """The finished pictures can't be kept. `reason` is the operating system's word ("No space left on device")."""

    reason: str


@dataclass(eq=False)
class PicturesGone(GenerationError):
    """The pictures of a finished job were cleaned away before they could be brought."""


@dataclass(eq=False)
class JobUnknown(GenerationError):
    """There is no such job that is over: it was removed, or never was."""


@dataclass(eq=False)
class ServiceStopping(GenerationError):
    """The bot is shutting down and takes no more requests."""


@dataclass(eq=False)
class NotTheAsker(GenerationError):
    """Only the person who asked for a job can do this to it."""


@dataclass(eq=False)
class JobIsOver(GenerationError):
    """The job has ended, or this run of the program never knew it."""
