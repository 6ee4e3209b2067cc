"""What people read when all goes well: progress, results, answers. What goes wrong is told by `refusals.py`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import discord

from cogs.discord_limits import CONTENT_LENGTH
from cogs.language import Language
from cogs.plain_text import inline, shortened
from cogs.usual_options import UsualOptions
from generation.engine.engine import DeviceStatus, EngineState
from generation.job import Queued, Running
from generation.prompt import PromptHint
from generation.tag_search import Match

PROGRESS_BAR_LENGTH = 12
DEVICES_SHOWN = 8


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
    text = say("This is what I store about you: what you asked for, what you keep, and your pictures.")
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


def preset_saved(say: Language, name: str) -> str:
    """Tell that options are kept under a name."""
    return say("Kept as {name}: `/preset use` draws with it.", name=inline(name))


def preset_shared(say: Language, name: str) -> str:
    """Tell that a preset is the server's too."""
    return say("Everybody in this server can use {name} now.", name=inline(name))


def preset_deleted(say: Language, name: str) -> str:
    """Tell that a preset is forgotten."""
    return say("{name} is forgotten.", name=inline(name))


def too_many_presets(say: Language) -> str:
    """Tell who has as many presets as anybody may."""
    return say("There are as many presets as I keep. Forget one with `/preset delete` first.")


def presets(say: Language, own: Sequence[tuple[str, str]], servers: Sequence[tuple[str, str]]) -> str:
    """List presets by name, each with its tags."""
    if not own and not servers:
        return say("There are no presets yet. `/preset save` keeps the options of your last drawing.")
    parts = []
    if own:
        parts.append("\n".join([bold(say("Yours")), *_listed(own)]))
    if servers:
        parts.append("\n".join([bold(say("This server's")), *_listed(servers)]))
    return shortened("\n".join(parts), CONTENT_LENGTH)


def bold(text: str) -> str:
    """Make a heading."""
    return f"**{text}**"


def _listed(presets: Sequence[tuple[str, str]]) -> list[str]:
    return [f"• {inline(name)}: {inline(tags, 60)}" for name, tags in presets]


def defaults(say: Language, usual: UsualOptions) -> str:
    """Tell what holds where a person leaves something open."""
    lines = (
        (say("Shape"), say(usual.aspect.label)),
        (say("Quality tags"), usual.quality.value),
        (say("Keep out"), inline(usual.negative, 200) or "-"),
        (say("Pictures at once"), str(usual.count)),
        (say("For you alone"), say("yes") if usual.is_private else say("no")),
    )
    return "\n".join(
        [say("Where you leave something open:"), *(f"• {name}: {value}" for name, value in lines)]
    )


def list_saved(say: Language, name: str, entries: int) -> str:
    """Tell that a list is kept."""
    return say.counted(
        "Kept: `__{name}__` in a prompt takes its {count} entry.",
        "Kept: `__{name}__` in a prompt takes one of its {count} entries.",
        entries,
        name=name,
    )


def list_deleted(say: Language) -> str:
    """Tell that a list is forgotten."""
    return say("The list is forgotten.")


def no_such_list(say: Language) -> str:
    """Tell that there is no such list."""
    return say("You have no list of this name. `/wildcard list` shows those there are.")


def too_many_lists(say: Language) -> str:
    """Tell who has as many lists as anybody may."""
    return say("You have as many lists as I keep for one person. Forget one with `/wildcard delete` first.")


def lists(say: Language, names: Sequence[str]) -> str:
    """Name the lists that somebody can use."""
    if not names:
        return say("There are no lists yet. `/wildcard save` keeps one of your own.")
    named = ", ".join(f"`__{inline(name)}__`" for name in names)
    return shortened(say("These lists can stand in a prompt: {names}", names=named), CONTENT_LENGTH)


def tags_found(say: Language, matches: Sequence[Match]) -> str:
    """List tags with their other names, their series, and how much they are used."""
    if not matches:
        return say("I know no such tag. It can be drawn all the same, if the model knows it.")
    lines = []
    for match in matches:
        tag = match.tag
        facts = [f"{tag.count:,}", *([tag.series] if tag.series else []), *tag.aliases[:3]]
        lines.append(f"• **{inline(tag.name)}** ({inline(', '.join(facts), 120)})")
    return shortened("\n".join(lines), CONTENT_LENGTH)


def some_tags(say: Language, names: Sequence[str]) -> str:
    """Show tags that chance picked."""
    return say("How about these? {names}", names=", ".join(f"`{name}`" for name in names))


def tag_guide(say: Language) -> str:
    """Introduce the guide."""
    return say(
        "What shall the picture be about? Choose a group to see its tags, those that are used most first."
    )


def no_parameters(say: Language) -> str:
    """Tell that a picture says nothing of how it was drawn."""
    return say("This picture doesn't say how it was drawn. Many sites take that out of files.")


def reference_kept(say: Language) -> str:
    """Tell that a picture is there to be drawn over."""
    return say("Kept as your reference: `/remix` without a picture draws over it.")


def picture_id(say: Language, job_id: str) -> str:
    """Name a picture so that `/image` finds it again."""
    return say("This is picture `{id}`; `/image` shows it again.", id=job_id)


def saved(say: Language) -> str:
    """Tell that a picture is among the favourites."""
    return "⭐ " + say("Saved. `/favourites` shows it, and I keep it as long as you do.")


def unsaved(say: Language) -> str:
    """Tell that a picture is no favourite any more."""
    return say("It isn't among your favourites any more.")


def too_many_favourites(say: Language) -> str:
    """Tell who has saved as many as anybody may."""
    return say("You have saved as many pictures as I keep for one person. Let one go in `/favourites` first.")


def confirm_deletion(say: Language, pictures: int) -> str:
    """Ask before pictures are removed."""
    return say.counted(
        "This removes {count} picture from this channel and from my disk. It can't be undone.",
        "This removes {count} pictures from this channel and from my disk. It can't be undone.",
        pictures,
    )


def deleted(say: Language, is_message_gone: bool) -> str:
    """Tell that pictures were removed."""
    if is_message_gone:
        return say("Removed.")
    return say("Removed from my disk. The message I couldn't reach; please delete it yourself.")


def page_heading(say: Language, number: int, total: int) -> str:
    """Introduce a page of somebody's pictures."""
    return say("Page {number} of {total}", number=number, total=total)


def no_favourites(say: Language) -> str:
    """Tell who has saved nothing."""
    return say("You haven't saved a picture yet. ⭐ under a picture saves it.")


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


def model_state(say: Language, state: EngineState, title: str) -> str:
    """Tell whether the model is there."""
    match state:
        case EngineState.LOADING:
            return say("The model is being loaded.")
        case EngineState.READY:
            return say("{model} is ready.", model=title)
        case EngineState.FAILED:
            return say("The model failed to load. The log has the cause; `/model retry` tries again.")


def model_report(say: Language, state: EngineState, title: str, devices: Sequence[DeviceStatus]) -> str:
    """Tell whether the model is there and, of an engine with several devices, how each of them is."""
    told = model_state(say, state, title)
    if len(devices) < 2:
        return told
    shown = [f"`{device.name}`: {_device_state(say, device)}" for device in devices[:DEVICES_SHOWN]]
    if len(devices) > DEVICES_SHOWN:
        shown.append(say("And {count} more.", count=len(devices) - DEVICES_SHOWN))
    return "\n".join([told, *shown])


def _device_state(say: Language, device: DeviceStatus) -> str:
    match device.state:
        case EngineState.LOADING:
            return say("being loaded")
        case EngineState.READY:
            activity = device.activity
            return say(
                "draws {count} of {slots} at once", count=activity.pictures_in_flight, slots=activity.slots
            )
        case EngineState.FAILED:
            return say("failed; the log has the cause")


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
