"""Every sentence that people read: errors first, then progress. Facts come in, kind words go out.

Each says what happened and what to do next.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import discord

from cogs.errors import CogError, MissingPermissions, OperatorsOnly
from cogs.plain_text import inline
from generation.errors import (
    BrokenLora,
    BrokenPicture,
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

PROGRESS_BAR_LENGTH = 12

_PARTS = {"prompt": "prompt", "negative_prompt": "negative prompt"}


def refusal(error: GenerationError | CogError) -> str:
    """Say why something can't be done."""
    match error:
        case InvalidRequest(option, value, allowed):
            return f"The option `{option}` can't be {inline(str(value))}: it takes {allowed}."
        case PromptTooLong(part, count, limit):
            return (
                f"Your {_PARTS[part]} comes to {count} tokens (quality tags included); {limit} is the most I can "
                f"take. Please leave out {count - limit} or so: a tag is about two tokens."
            )
        case PolicyRefusal():
            return _policy_refusal(error)
        case LimitReached():
            return _limit_reached(error)
        case OutOfMemory():
            return (
                "The graphics card ran out of memory on this picture. Please try again with fewer pictures at "
                "once or another aspect; if it happens again, the bot's operator can help."
            )
        case BrokenPicture(seed):
            return f"Seed {seed} gave no picture that can be shown. Another seed, or less guidance, will."
        case UnreadablePicture(reason):
            return f"That picture can't be used: {reason}. Please try another file."
        case NoControlNet():
            return "I can't steer by a picture here: the bot's operator has set up no ControlNet for it."
        case UnknownLora(name, known):
            return f"There is no LoRA {inline(name)} here. There are: {inline(', '.join(known) or 'none')}."
        case BrokenLora(name):
            return f"The LoRA {inline(name)} doesn't work with this model. The bot's operator finds why in the log."
        case ModelUnavailable():
            return (
                "I have no model to draw with: it failed to load. The bot's operator finds the cause in the "
                "log and can try again with `/model retry`."
            )
        case StorageFailure():
            return (
                "Your picture was drawn, but I couldn't keep it: my disk is full or broken. It doesn't count against "
                "your limits. The bot's operator finds the cause in the log; please try again later."
            )
        case PicturesGone():
            return (
                "These pictures have been cleaned away since: I keep them for some time only. Ask for them again, and "
                "the same seed gives the same pictures."
            )
        case ServiceStopping():
            return "I'm being restarted. Please ask again in a minute."
        case UploadTooLarge(size, limit):
            return (
                f"The picture is too large for this channel even compressed ({_megabytes(size)}, allowed are "
                f"{_megabytes(limit)}). A smaller count may help."
            )
        case EngineFailure(job_id):
            return apology(job_id)
        case MissingPermissions(permissions):
            return _missing_permissions(permissions)
        case NotTheAsker():
            return "This button belongs to the person who asked for the picture."
        case JobIsOver():
            return "This drawing is already over, so there is nothing to cancel."
        case OperatorsOnly():
            return "This command is for those who run the bot."
        case _:
            return "That can't be done. Please try it another way."


def apology(reference: str) -> str:
    """Say that something broke on our side; `reference` is what the log has under it."""
    return (
        f"Sorry, something broke on my side while I worked on this. Please try again; if it happens once more, "
        f"tell the bot's operator this number: `{reference}`."
    )


def queued(update: Queued) -> str:
    """Tell where a request stands in the line."""
    if update.is_model_loading:
        wait = "I'm still loading the model; your picture comes as soon as it's there."
    elif update.estimated_wait_s is None:
        wait = "It won't be long."
    else:
        wait = f"About {duration(update.estimated_wait_s)} to go."
    place = "You're next" if update.position == 1 else f"You're number {update.position} in the line"
    return f"🎨 {place}. {wait}"


def running(update: Running) -> str:
    """Tell how far a drawing is, as a bar and in words."""
    fraction = update.step / update.total_steps
    done = round(fraction * PROGRESS_BAR_LENGTH)
    bar = "▰" * done + "▱" * (PROGRESS_BAR_LENGTH - done)
    return f"🖌️ Drawing {bar} {fraction:.0%} (step {update.step} of {update.total_steps})"


def suspended() -> str:
    """Tell those who wait that the program goes down for a moment."""
    return "💤 I'm being restarted. Your drawing is kept, and goes on as soon as I'm back."


def comes_as_new_message() -> str:
    """Tell early that the result can't come into this message: Discord lets us change it for 15 minutes only."""
    return "-# By then I can't change this message any more: your picture will come as a new one that mentions you."


def personal_data(pictures_left_out: int) -> str:
    """Introduce the file with what is stored of a person."""
    text = "This is everything that I store about you: what you asked for, and your pictures."
    if pictures_left_out:
        text += (
            f" {_count(pictures_left_out, 'picture')} didn't fit into one file; the bot's operator can give you "
            "those."
        )
    return text


def confirm_erasure() -> str:
    """Ask before everything of a person is removed."""
    return (
        "This calls off what you have waiting, and removes everything that I store about you: what you asked for, "
        "and the pictures. Messages that I posted in channels stay. It can't be undone."
    )


def erased(pictures: int) -> str:
    """Tell that it was done."""
    return (
        f"Done: {_count(pictures, 'picture')} and all that you asked for are removed. For a day I still count how much "
        "you drew, and nothing else."
    )


def history_heading(number: int, total: int, drawn_at: datetime) -> str:
    """Introduce a page of somebody's history."""
    return f"Drawing {number} of {total}, asked for {discord.utils.format_dt(drawn_at, 'R')}"


def no_history() -> str:
    """Tell who has nothing to look back on."""
    return "You haven't drawn anything yet that I remember. `/imagine` draws your first picture."


def preview_alt_text() -> str:
    """Describe the first look at a picture in the making."""
    return "A rough first look at the picture while it is being drawn"


def cancelled() -> str:
    """Tell that a drawing was called off."""
    return "Cancelled. Nothing was drawn."


def hint(prompt_hint: PromptHint) -> str:
    """Give advice about a prompt that was drawn all the same."""
    match prompt_hint:
        case PromptHint.READS_AS_SENTENCE:
            return (
                "I read tags best, not sentences: try `1girl, silver hair, night, city lights` with commas "
                "between the things you want to see."
            )
        case PromptHint.STEPS_OUTSIDE_RECOMMENDED_RANGE:
            return "So many or few steps aren't what the model's authors recommend; the picture may suffer."
        case PromptHint.GUIDANCE_OUTSIDE_RECOMMENDED_RANGE:
            return "This guidance isn't what the model's authors recommend; the picture may suffer."
        case PromptHint.WEIGHTS_LIMITED:
            return "Weights act up to 2 (and down to -2): beyond, pictures fall apart, so I went no further."


def compressed(extension: str) -> str:
    """Tell that the file is not the PNG it would be elsewhere."""
    return f"The PNG is over this channel's upload limit, so here it is as high-quality {extension.upper()}."


def duration(seconds: float) -> str:
    """Say a time span the way a person would: "8 seconds", "3 minutes", "2 hours"."""
    if seconds < 90:
        count, unit = max(1, round(seconds)), "second"
    elif seconds < 5400:
        count, unit = round(seconds / 60), "minute"
    else:
        count, unit = round(seconds / 3600), "hour"
    return f"{count} {unit}{'' if count == 1 else 's'}"


def relative(moment: datetime) -> str:
    """Discord's own relative time, which counts down on the reader's screen.

    Rounded up to a full second: who comes back at the moment shown must not be too early.
    """
    return discord.utils.format_dt(moment + timedelta(seconds=1), "R")


def _policy_refusal(error: PolicyRefusal) -> str:
    words = ", ".join(f"“{inline(tag)}”" for tag in error.tags[:5])
    match error.rule:
        case PolicyRule.MINOR:
            return (
                f"I don't draw this ({words}): anything that suggests a minor is drawn in `safe` pictures at "
                "most, and some of it not at all. No setting changes that."
            )
        case PolicyRule.RATING_ABOVE_CEILING:
            return (
                f"The rating `{error.rating.value}` isn't allowed in this channel; `{error.ceiling.value}` is the "
                "most I may draw here."
            )
        case PolicyRule.TAG_ABOVE_CEILING:
            return (
                f"{words} would be rated `{error.rating.value}`, and `{error.ceiling.value}` is the most I may draw "
                "in this channel. Without it, I'll gladly draw the rest."
            )


def _limit_reached(error: LimitReached) -> str:
    again = "Please try again soon." if error.frees_at is None else f"Try again {relative(error.frees_at)}."
    match error.limit:
        case Limit.REQUESTS_PER_MINUTE:
            return (
                f"One person can ask for {_count(error.allowed, 'drawing')} a minute, and you have. {again}"
            )
        case Limit.WAITING_PER_PERSON:
            return f"You have {_count(error.allowed, 'drawing')} waiting, the most I hold for one person. {again}"
        case Limit.IMAGES_PER_DAY:
            return f"You have had your {_count(error.allowed, 'picture')} of the last 24 hours. {again}"
        case Limit.GUILD_IMAGES_PER_DAY:
            return f"This server has had its {_count(error.allowed, 'picture')} of the last 24 hours. {again}"
        case Limit.GUILD_WAITING:
            return f"This server has {_count(error.allowed, 'drawing')} waiting, the most I hold for a server. {again}"
        case Limit.QUEUE_LENGTH:
            return f"The line is full: {_count(error.allowed, 'drawing')} are waiting. {again}"


def _missing_permissions(permissions: Sequence[str]) -> str:
    names = " and ".join(f"**{name.replace('_', ' ').title()}**" for name in permissions)
    return (
        f"I lack a permission in this channel: {names}. Somebody who manages this channel can grant it to my role "
        "under Edit Channel → Permissions; until then I'd draw pictures that I can't show."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:.1f} MiB"
