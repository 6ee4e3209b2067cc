"""Every error that a person can cause has its own sentence, which says what to do."""

from datetime import UTC, datetime

import pytest

from cogs import errors as cog_errors
from cogs import sentences
from cogs.errors import CogError, MissingPermissions, OperatorsOnly
from generation import errors as generation_errors
from generation.errors import (
    BrokenLora,
    BrokenPicture,
    DeviceLost,
    DrawingCancelled,
    EngineFailure,
    GenerationError,
    InvalidRequest,
    JobIsOver,
    Limit,
    LimitReached,
    ModelUnavailable,
    NoControlNet,
    NotTheAsker,
    OutOfMemory,
    PicturesGone,
    PolicyRefusal,
    PolicyRule,
    PromptTooLong,
    ServiceStopping,
    StorageFailure,
    UnknownLora,
    UnreadablePicture,
)
from generation.image_encoding import UploadTooLarge
from generation.job import Queued, Running
from generation.prompt import PromptHint
from generation.rating import Rating

SOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
EVERY_ERROR: list[GenerationError | CogError] = [
    InvalidRequest("steps", 200, "1 to 50"),
    PromptTooLong("prompt", 260, 225),
    *(PolicyRefusal(rule, ("a tag",), Rating.NSFW, Rating.SAFE) for rule in PolicyRule),
    *(LimitReached(limit, 3, SOON) for limit in Limit),
    OutOfMemory(),
    UnreadablePicture("it is not an image, or a broken one"),
    NoControlNet(),
    UnknownLora("inc", ("ink", "glow")),
    BrokenLora("ink", "wrong shapes"),
    BrokenPicture(7),
    ModelUnavailable(RuntimeError("secret path")),
    PicturesGone(),
    StorageFailure("No space left on device"),
    ServiceStopping(),
    UploadTooLarge(12 * 2**20, 10 * 2**20),
    EngineFailure("0123456789abcdef"),
    NotTheAsker(),
    JobIsOver(),
    MissingPermissions(("attach_files", "embed_links")),
    OperatorsOnly(),
]


def subclasses(module: object, root: type) -> set[type]:
    members = vars(module).values()
    return {member for member in members if isinstance(member, type) and issubclass(member, root)} - {root}


def test_this_list_forgets_no_error() -> None:
    known = subclasses(generation_errors, GenerationError) | subclasses(cog_errors, CogError)
    # A cancelled drawing becomes the update `Cancelled`, which has its own sentence; of a lost device people hear
    # only if it takes the model with it (ModelUnavailable).
    assert known - {type(error) for error in EVERY_ERROR} == {DrawingCancelled, DeviceLost}


def test_every_error_has_a_sentence_of_its_own() -> None:
    told = [sentences.refusal(error) for error in EVERY_ERROR]
    assert len(set(told)) == len(told)
    assert sentences.refusal(GenerationError()) not in told
    assert all(len(sentence) < 600 for sentence in told)


def test_a_limit_says_when_it_frees_in_discords_own_time() -> None:
    sentence = sentences.refusal(LimitReached(Limit.REQUESTS_PER_MINUTE, 6, SOON))
    assert f"<t:{int(SOON.timestamp()) + 1}:R>" in sentence
    assert "6 drawings a minute" in sentence


def test_a_failed_model_tells_people_nothing_of_its_cause() -> None:
    assert "secret" not in sentences.refusal(ModelUnavailable(RuntimeError("secret path")))


def test_refused_words_are_quoted_harmlessly() -> None:
    refusal = PolicyRefusal(PolicyRule.TAG_ABOVE_CEILING, ("**@everyone**",), Rating.NSFW, Rating.SAFE)
    assert "@everyone" not in sentences.refusal(refusal)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 second"),
        (8, "8 seconds"),
        (89, "89 seconds"),
        (90, "2 minutes"),
        (3600, "60 minutes"),
        (7200, "2 hours"),
    ],
)
def test_time_spans_read_naturally(seconds: float, words: str) -> None:
    assert sentences.duration(seconds) == words


def test_waiting_people_hear_position_wait_and_a_loading_model() -> None:
    assert "loading the model" in sentences.queued(Queued(3, None, is_model_loading=True))
    assert "number 3" in sentences.queued(Queued(3, 65, is_model_loading=False))
    assert "65 seconds" in sentences.queued(Queued(3, 65, is_model_loading=False))
    assert "You're next" in sentences.queued(Queued(1, None, is_model_loading=False))


def test_progress_is_told_in_words_and_as_a_bar_of_fixed_length() -> None:
    for step in range(26):
        told = sentences.running(Running(step, 25))
        assert f"step {step} of 25" in told
        assert told.count("▰") + told.count("▱") == sentences.PROGRESS_BAR_LENGTH


def test_every_hint_has_words() -> None:
    assert all(sentences.hint(hint) for hint in PromptHint)
