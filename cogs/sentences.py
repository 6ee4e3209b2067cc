"""What people read when all goes well: progress, results, answers. What goes wrong is told by `refusals.py`."""

from datetime import datetime, timedelta

import discord

from cogs.language import Language
from generation.job import Queued, Running
from generation.prompt import PromptHint

PROGRESS_BAR_LENGTH = 12


def queued(say: Language, update: Queued) -> str:
    """Tell where a request stands in the line."""
    if update.is_model_loading:
        wait = say("I'm still loading the model; your picture comes as soon as it's there.")
    elif update.estimated_wait_s is None:
        wait = say("It won't be long.")
    else:
        wait = say("About {wait} to go.", wait=duration(say, update.estimated_wait_s))
    if update.position == 1:
        place = say("You're next.")
    else:
        place = say("You're number {position} in the line.", position=update.position)
    return f"🎨 {place} {wait}"


def running(say: Language, update: Running) -> str:
    """Tell how far a drawing is, as a bar and in words."""
    fraction = update.step / update.total_steps
    done = round(fraction * PROGRESS_BAR_LENGTH)
    bar = "▰" * done + "▱" * (PROGRESS_BAR_LENGTH - done)
    words = say(
        "Drawing {bar} {percent} (step {step} of {steps})",
        bar=bar,
        percent=f"{fraction:.0%}",
        step=update.step,
        steps=update.total_steps,
    )
    return f"🖌️ {words}"


def suspended(say: Language) -> str:
    """Tell those who wait that the program goes down for a moment."""
    return "💤 " + say("I'm being restarted. Your drawing is kept, and goes on as soon as I'm back.")


def comes_as_new_message(say: Language) -> str:
    """Tell early that the result can't come into this message: Discord lets us change it for 15 minutes only."""
    return "-# " + say(
        "By then I can't change this message any more: your picture will come as a new one that mentions you."
    )


def personal_data(say: Language, pictures_left_out: int) -> str:
    """Introduce the file with what is stored of a person."""
    text = say("This is everything that I store about you: what you asked for, and your pictures.")
    if pictures_left_out:
        text += " " + say.counted(
            "{count} picture didn't fit into one file; the bot's operator can give you that.",
            "{count} pictures didn't fit into one file; the bot's operator can give you those.",
            pictures_left_out,
        )
    return text


def confirm_erasure(say: Language) -> str:
    """Ask before everything of a person is removed."""
    return say(
        "This calls off what you have waiting, and removes everything that I store about you: what you asked for, "
        "and the pictures. Messages that I posted in channels stay. It can't be undone."
    )


def erased(say: Language, pictures: int) -> str:
    """Tell that it was done."""
    return say.counted(
        "Done: {count} picture and all that you asked for are removed. For a day I still count how much you drew, "
        "and nothing else.",
        "Done: {count} pictures and all that you asked for are removed. For a day I still count how much you drew, "
        "and nothing else.",
        pictures,
    )


def history_heading(say: Language, number: int, total: int, drawn_at: datetime) -> str:
    """Introduce a page of somebody's history."""
    moment = discord.utils.format_dt(drawn_at, "R")
    return say("Drawing {number} of {total}, asked for {moment}", number=number, total=total, moment=moment)


def no_history(say: Language) -> str:
    """Tell who has nothing to look back on."""
    return say("You haven't drawn anything yet that I remember. `/imagine` draws your first picture.")


def preview_alt_text(say: Language) -> str:
    """Describe the first look at a picture in the making."""
    return say("A rough first look at the picture while it is being drawn")


def cancelled(say: Language) -> str:
    """Tell that a drawing was called off."""
    return say("Cancelled. Nothing was drawn.")


def hint(say: Language, prompt_hint: PromptHint) -> str:
    """Give advice about a prompt that was drawn all the same."""
    match prompt_hint:
        case PromptHint.READS_AS_SENTENCE:
            return say(
                "I read tags best, not sentences: try `1girl, silver hair, night, city lights` with commas "
                "between the things you want to see."
            )
        case PromptHint.STEPS_OUTSIDE_RECOMMENDED_RANGE:
            return say(
                "So many or few steps aren't what the model's authors recommend; the picture may suffer."
            )
        case PromptHint.GUIDANCE_OUTSIDE_RECOMMENDED_RANGE:
            return say("This guidance isn't what the model's authors recommend; the picture may suffer.")
        case PromptHint.WEIGHTS_LIMITED:
            return say(
                "Weights act up to 2 (and down to -2): beyond, pictures fall apart, so I went no further."
            )


def compressed(say: Language, extension: str) -> str:
    """Tell that the file is not the PNG it would be elsewhere."""
    return say(
        "The PNG is over this channel's upload limit, so here it is as high-quality {format}.",
        format=extension.upper(),
    )


def duration(say: Language, seconds: float) -> str:
    """Say a time span the way a person would: "8 seconds", "3 minutes", "2 hours"."""
    if seconds < 90:
        return say.counted("{count} second", "{count} seconds", max(1, round(seconds)))
    if seconds < 5400:
        return say.counted("{count} minute", "{count} minutes", round(seconds / 60))
    return say.counted("{count} hour", "{count} hours", round(seconds / 3600))


def relative(moment: datetime) -> str:
    """Discord's own relative time, which counts down on the reader's screen.

    Rounded up to a full second: who comes back at the moment shown must not be too early.
    """
    return discord.utils.format_dt(moment + timedelta(seconds=1), "R")
