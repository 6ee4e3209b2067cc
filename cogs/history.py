"""`/history`, `/favourites` and `/image`: people look at pictures again, for nobody else to see."""

import re
from enum import Enum
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs import sentences
from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.job_message import card_message, result_message
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.picture_buttons import Action, PictureButton
from cogs.place import place_of
from cogs.refusals import refusal
from generation.errors import JobUnknown, PictureHidden, PictureSecret, PolicyRefusal
from generation.job import Job

PAGE_ROW = 4
"""The lowest row of a message, below the pictures' own buttons."""

_ID = re.compile("[0-9a-f]{16}")


class Album(Enum):
    """What is looked through. The value stands in the buttons' custom_ids."""

    HISTORY = "history"
    FAVOURITES = "favourites"


class History(commands.Cog):
    """Shows people pictures, the newest first; all answers are for the asker alone."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    async def cog_load(self) -> None:
        """Make the buttons work, also of pages shown before a restart."""
        self._bot.add_dynamic_items(PageButton)

    async def cog_unload(self) -> None:
        """Forget the buttons."""
        self._bot.remove_dynamic_items(PageButton)

    @app_commands.command()
    async def history(self, interaction: discord.Interaction) -> None:
        """Look through the pictures that you have drawn; only you see them."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show_page(interaction, self._parts, Album.HISTORY, None)

    @app_commands.command()
    async def favourites(self, interaction: discord.Interaction) -> None:
        """Look through the pictures that you have saved; only you see them."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show_page(interaction, self._parts, Album.FAVOURITES, None)

    @app_commands.command()
    @app_commands.describe(id="The picture's id, as Info tells it")
    async def image(self, interaction: discord.Interaction, id: app_commands.Range[str, 16, 16]) -> None:  # noqa: A002 - the option's name
        """Look at a picture again, by its id."""
        job = await self._parts.past_jobs.find(id, interaction.user.id) if _ID.fullmatch(id) else None
        if job is None:
            raise JobUnknown
        await self._parts.service.gatekeeper.check_showing(job, place_of(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        shown = await result_message(job, job.latest, interaction.filesize_limit)
        await interaction.edit_original_response(**shown.as_edit())


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template="album:(?P<album>history|favourites):(?P<number>[0-9]{1,9})",
):
    """Turns to the page of this number in the presser's own album."""

    def __init__(self, album: Album, number: int, label: str = "", *, disabled: bool = False) -> None:
        super().__init__(
            discord.ui.Button(
                label=label, disabled=disabled, custom_id=f"album:{album.value}:{number}", row=PAGE_ROW
            )
        )
        self._album = album
        self._number = number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(Album(match["album"]), int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show that page in place of this one."""
        async with answering_errors(interaction):
            await interaction.response.defer()
            bot: DrawingBot = interaction.client
            await show_page(interaction, bot.parts, self._album, self._number)


async def show_page(
    interaction: discord.Interaction[Any], parts: Parts, album: Album, number: int | None
) -> None:
    """Make the answer show one page of an album, the newest unless told."""
    say, user_id = language_of(interaction.locale), interaction.user.id
    if album is Album.HISTORY:
        total = await parts.past_jobs.count(user_id)
    else:
        total = await parts.favourites.count(user_id)
    if not total:
        empty = sentences.no_history(say) if album is Album.HISTORY else sentences.no_favourites(say)
        await interaction.edit_original_response(content=empty, embeds=[], attachments=[], view=None)
        return
    number = max(1, min(number or total, total))
    edit = await _page(interaction, parts, album, number, say)
    heading = sentences.page_heading(say, number, total)
    view: discord.ui.View = edit["view"] or discord.ui.View(timeout=None)
    view.add_item(PageButton(album, number - 1, "◀ " + say("Older"), disabled=number == 1))
    view.add_item(PageButton(album, number + 1, say("Newer") + " ▶", disabled=number == total))
    edit |= {"content": f"{heading}\n{edit['content'] or ''}".strip(), "view": view}
    await interaction.edit_original_response(**edit)


async def _page(
    interaction: discord.Interaction[Any], parts: Parts, album: Album, number: int, say: Language
) -> dict[str, Any]:
    """The page itself; a picture that may not be shown here says why in its place."""
    limit = interaction.filesize_limit
    if album is Album.HISTORY:
        job = await parts.past_jobs.of_person(interaction.user.id, number)
        if hidden := await _hidden(parts, job, interaction, say):
            return hidden
        return (await result_message(job, job.latest, limit)).as_edit()
    favourite = await parts.favourites.at(interaction.user.id, number)
    if favourite is None:
        raise JobUnknown
    job = await parts.past_jobs.find(favourite.job_id, interaction.user.id)
    if hidden := await _hidden(parts, job, interaction, say):
        return hidden
    edit = (await card_message(job, favourite.number, limit, say)).as_edit()
    view: discord.ui.View = edit["view"]
    view.add_item(PictureButton(Action.UNSAVE, job.id, favourite.number, say, row=PAGE_ROW))
    return edit


async def _hidden(
    parts: Parts, job: Job, interaction: discord.Interaction[Any], say: Language
) -> dict[str, Any] | None:
    try:
        await parts.service.gatekeeper.check_showing(job, place_of(interaction))
    except (PictureHidden, PictureSecret, PolicyRefusal) as error:
        return {"content": refusal(say, error), "embeds": [], "attachments": [], "view": None}
    return None
