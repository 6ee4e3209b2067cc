"""What the buttons under pictures do. Who presses is the asker of what is drawn, and pays for it."""

import asyncio
from dataclasses import replace
from typing import Any

import discord

from cogs import sentences
from cogs.drawing import Drawing
from cogs.edit_form import EditForm, edited, fields_of
from cogs.errors import NotYours, ServersOnly
from cogs.events.desks import EventDesks
from cogs.job_message import card_message
from cogs.language import language_of
from cogs.parts import Parts
from cogs.picture_buttons import Action, PictureButton
from cogs.picture_removal import remove_from_message
from cogs.picture_view import tags_of
from cogs.place import place_of
from cogs.plain_text import NO_MENTIONS, code_block
from cogs.report_form import ReportForm
from generation.errors import JobUnknown, PicturesGone
from generation.grid import Axis, Grid, GridOption
from generation.image_metadata import parameters_text
from generation.job import Finished, Job
from generation.job_record import sources_of
from generation.request import GenerationRequest
from generation.source_encoding import encode_source
from generation.starting_point import SourcePicture, Upscale
from storage.favourites import Favourite
from storage.guessing import is_game

SUBTLE, STRONG = 0.35, 0.65
"""Shares of the steps that are drawn anew over a picture: details change, or all but the composition."""

UPSCALE_STRENGTH = 0.55
"""As in the demo of Animagine XL: enlarged, then the last 55 % of the steps drawn again."""

ALTERNATIVES = 3
"""Tags that are tried in the place of one, beside itself."""

_INFO_LENGTH = 1900
_NEEDS_PICTURES = {Action.VARY_SUBTLE, Action.VARY_STRONG, Action.OPEN}


class PictureActions:
    """Finds the picture by its job's id, asks whether it may be done, and does it."""

    def __init__(self, parts: Parts, drawing: Drawing, event_desks: EventDesks) -> None:
        self._drawing = drawing
        self._event_desks = event_desks
        self._service = parts.service
        self._past_jobs = parts.past_jobs
        self._favourites = parts.favourites
        self._personal_data = parts.personal_data
        self._tags = parts.dictionary

    async def act(
        self, interaction: discord.Interaction[Any], action: Action, job_id: str, number: int
    ) -> None:
        """Do what a button says.

        Raises:
            JobUnknown, PicturesGone: the picture isn't there any more.
            PolicyRefusal: its rating is above what this place allows.
            ServersOnly: there are no moderators to report it to.
            NotYours: only its asker and the server's moderators may delete it.
        """
        job = await self._job(interaction, job_id, number, with_pictures=action in _NEEDS_PICTURES)
        match action:
            case Action.AGAIN:
                await self._draw(interaction, job, again(job), for_its_event=True)
            case Action.EDIT:
                await interaction.response.send_modal(EditForm(job, number, language_of(interaction.locale)))
            case Action.VARY_SUBTLE | Action.VARY_STRONG:
                strength = SUBTLE if action is Action.VARY_SUBTLE else STRONG
                await self._vary(interaction, job, number, strength)
            case Action.UPSCALE_1_5 | Action.UPSCALE_2:
                factor = 1.5 if action is Action.UPSCALE_1_5 else 2.0
                upscale = Upscale(factor=factor, strength=UPSCALE_STRENGTH)
                await self._draw(interaction, job, replace(job.pictures[number], upscale=upscale))
            case Action.INFO:
                await self._inform(interaction, job, number)
            case Action.SAVE | Action.UNSAVE:
                await self._save(interaction, action, Favourite(job.id, number))
            case Action.OPEN:
                await self._open(interaction, job, number)
            case Action.REPORT:
                if job.place.guild_id is None or job.place.guild_id != interaction.guild_id:
                    raise ServersOnly
                form = ReportForm(job.id, number, language_of(interaction.locale))
                await interaction.response.send_modal(form)
            case Action.DELETE | Action.DELETE_SURELY:
                await self._delete(interaction, action, job)

    async def vary_tag(
        self, interaction: discord.Interaction[Any], job_id: str, number: int, place: int
    ) -> None:
        """Draw a picture beside others that have another tag in the place of one.

        Raises:
            JobUnknown: the picture, or the tag, isn't there.
        """
        job = await self._job(interaction, job_id, number)
        tags = tags_of(job, number)
        if place >= len(tags):
            raise JobUnknown
        values = (tags[place], *self._tags.alternatives(tags[place], ALTERNATIVES))
        grid = Grid(columns=Axis(option=GridOption.TAG, values=values, replaced=tags[place]))
        await self._draw(interaction, job, replace(job.pictures[number], grid=grid))

    async def draw_edited(self, interaction: discord.Interaction[Any], job_id: str, number: int) -> None:
        """Draw what an edit form asks for.

        Raises:
            JobUnknown: the picture isn't there any more.
            GenerationError: a field holds what can't be.
        """
        job = await self._job(interaction, job_id, number)
        request = edited(job, number, fields_of(interaction))
        await self._draw(interaction, job, request, for_its_event=True)

    async def _job(
        self,
        interaction: discord.Interaction[Any],
        job_id: str,
        number: int,
        *,
        with_pictures: bool = False,
    ) -> Job:
        job = await self._past_jobs.find(job_id, interaction.user.id, with_pictures=with_pictures)
        if not 0 <= number < len(job.images):
            raise JobUnknown
        await self._service.gatekeeper.check_showing(job, place_of(interaction))
        return job

    async def _draw(
        self,
        interaction: discord.Interaction[Any],
        job: Job,
        request: GenerationRequest,
        *,
        for_its_event: bool = False,
    ) -> None:
        """Have something drawn that continues `job`; what continues a private one is private too.

        `for_its_event` draws it for the event again that `job` was drawn for, if any, by its rules.
        """
        if not all(sources_of(request)):
            raise PicturesGone  # what it was drawn over was cleaned away
        # What a guessing game showed is a picture like any other when the game is over.
        if for_its_event and job.occasion is not None and not is_game(job.occasion):
            await self._event_desks.draw(self._drawing, interaction, job.occasion, request)
            return
        await self._drawing.draw(interaction, request, is_private=job.is_private)

    async def _vary(
        self, interaction: discord.Interaction[Any], job: Job, number: int, strength: float
    ) -> None:
        png = _png_of(job, number)

        async def request() -> GenerationRequest:
            source = SourcePicture(content=await asyncio.to_thread(encode_source, png), strength=strength)
            picture = job.pictures[number]
            return replace(picture, source=source, seed=None, upscale=None, variation=None, grid=None)

        await self._drawing.draw(interaction, request(), is_private=job.is_private)

    async def _inform(self, interaction: discord.Interaction[Any], job: Job, number: int) -> None:
        say = language_of(interaction.locale)
        text = code_block(parameters_text(job.images[number]), _INFO_LENGTH)
        await interaction.response.send_message(
            f"{text}\n{sentences.picture_id(say, job.id)}", ephemeral=True, allowed_mentions=NO_MENTIONS
        )

    async def _save(
        self, interaction: discord.Interaction[Any], action: Action, favourite: Favourite
    ) -> None:
        say, user_id = language_of(interaction.locale), interaction.user.id
        if action is Action.UNSAVE:
            await self._favourites.remove(user_id, favourite)
            sentence = sentences.unsaved(say)
        elif await self._favourites.save(user_id, favourite, interaction.created_at):
            sentence = sentences.saved(say)
        else:
            sentence = sentences.too_many_favourites(say)
        await interaction.response.send_message(sentence, ephemeral=True)

    async def _open(self, interaction: discord.Interaction[Any], job: Job, number: int) -> None:
        say = language_of(interaction.locale)
        await interaction.response.defer(ephemeral=True, thinking=True)
        card = await card_message(job, number, interaction.filesize_limit, say)
        await interaction.edit_original_response(**card.as_edit())

    async def _delete(self, interaction: discord.Interaction[Any], action: Action, job: Job) -> None:
        is_moderator = interaction.permissions.manage_messages and interaction.guild_id == job.place.guild_id
        if interaction.user.id != job.user_id and not is_moderator:
            raise NotYours
        say = language_of(interaction.locale)
        if action is Action.DELETE:
            view = discord.ui.View(timeout=None)
            view.add_item(PictureButton(Action.DELETE_SURELY, job.id, 0, say))
            await interaction.response.send_message(
                sentences.confirm_deletion(say, len(job.images)), view=view, ephemeral=True
            )
            return
        await interaction.response.defer()
        message = await self._past_jobs.message_of(job.id)
        is_gone = await remove_from_message(interaction.client, job, message)
        await self._personal_data.erase_job(job.id)
        await interaction.edit_original_response(content=sentences.deleted(say, is_gone), view=None)


def again(job: Job) -> GenerationRequest:
    """The same once more, with other seeds; what was left to chance is rolled anew."""
    return replace(job.request, seed=None)


def _png_of(job: Job, number: int) -> bytes:
    if not isinstance(job.latest, Finished):
        raise PicturesGone
    return job.latest.images[number].png
