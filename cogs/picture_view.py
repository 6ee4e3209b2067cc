"""Which buttons stand where: under a result, under a message of several results, on the card of one picture."""

from collections.abc import Sequence

import discord

from cogs.discord_limits import CHOICE_LENGTH, CHOICES
from cogs.events.enter_button import EnterButton
from cogs.language import Language
from cogs.picture_buttons import Action, PictureButton, PictureMenu, TagMenu
from cogs.plain_text import shortened
from generation.image import ImageParameters
from generation.job import Job
from generation.tags import plain_text, split_tags
from storage.guessing import is_game

BUTTONS_IN_A_ROW = 5


def result_view(job: Job, say: Language) -> discord.ui.View:
    """The buttons under a job's pictures. Those of several pictures open a card for each."""
    if len(job.images) == 1:
        return card_view(job, 0, say)
    view = discord.ui.View(timeout=None)
    if len(job.images) <= BUTTONS_IN_A_ROW:
        for number in range(len(job.images)):
            view.add_item(PictureButton(Action.OPEN, job.id, number, say, row=0))
    else:
        view.add_item(picture_menu([job], say))
    for action in (Action.AGAIN, Action.EDIT, Action.DELETE, Action.REPORT):
        view.add_item(PictureButton(action, job.id, 0, say, row=1))
    return view


def card_view(job: Job, number: int, say: Language) -> discord.ui.View:
    """The buttons of one picture."""
    if job.occasion is not None and not is_game(job.occasion):
        return event_view(job, number, say)
    view = discord.ui.View(timeout=None)
    for action in (Action.AGAIN, Action.VARY_SUBTLE, Action.VARY_STRONG, Action.EDIT, Action.REPORT):
        view.add_item(PictureButton(action, job.id, number, say, row=0))
    if job.images[number].upscale is None:
        for action in (Action.UPSCALE_1_5, Action.UPSCALE_2):
            view.add_item(PictureButton(action, job.id, number, say, row=1))
    for action in (Action.INFO, Action.SAVE, Action.DELETE):
        view.add_item(PictureButton(action, job.id, number, say, row=1))
    if select := _tag_select(job, number, say):
        view.add_item(TagMenu(job.id, number, select))
    return view


def event_view(job: Job, number: int, say: Language) -> discord.ui.View:
    """The buttons of a picture that was drawn for an event: what leads away from its rules isn't there."""
    view = discord.ui.View(timeout=None)
    view.add_item(EnterButton(job.id, number, say, row=0))
    for action in (Action.AGAIN, Action.EDIT):
        view.add_item(PictureButton(action, job.id, number, say, row=0))
    for action in (Action.INFO, Action.SAVE, Action.DELETE, Action.REPORT):
        view.add_item(PictureButton(action, job.id, number, say, row=1))
    return view


def several_view(jobs: Sequence[Job], say: Language) -> discord.ui.View:
    """One menu for all pictures of several jobs in one message."""
    return discord.ui.View(timeout=None).add_item(picture_menu(jobs, say))


def picture_menu(jobs: Sequence[Job], say: Language) -> PictureMenu:
    """Make the menu that opens one of many pictures, by its seed and the beginning of its prompt."""
    options = [
        discord.SelectOption(
            label=shortened(_described(image, say), CHOICE_LENGTH), value=f"{job.id}:{number}", emoji="🖼️"
        )
        for job in jobs
        for number, image in enumerate(job.images)
    ]
    select: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=f"pictures:{jobs[0].id}", placeholder=say("Work with a picture…"), options=options[:CHOICES]
    )
    return PictureMenu(jobs[0].id, select)


def tags_of(job: Job, number: int) -> list[str]:
    """The tags that somebody asked for in a picture, each once, as a menu can offer them."""
    request = job.pictures[number]
    texts = (request.subject, request.character, request.series, request.tags)
    tags = [plain_text(tag).strip() for text in texts for tag in split_tags(text)]
    return [tag for tag in dict.fromkeys(tags) if tag and tag != "BREAK"][:CHOICES]


def _described(image: ImageParameters, say: Language) -> str:
    return say("Seed {seed}: {prompt}", seed=image.seed, prompt=plain_text(image.prompt))


def _tag_select(job: Job, number: int, say: Language) -> discord.ui.Select[discord.ui.View] | None:
    tags = tags_of(job, number)
    if not tags:
        return None
    return discord.ui.Select(
        custom_id=f"tags:{job.id}:{number}",
        placeholder=say("Try others in the place of one tag…"),
        options=[
            discord.SelectOption(label=shortened(tag, CHOICE_LENGTH), value=str(place))
            for place, tag in enumerate(tags)
        ],
        row=2,
    )
