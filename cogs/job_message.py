"""What the message of a job shows: a line while it waits or runs, the pictures with their facts at the end."""

import asyncio
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import discord

from cogs import sentences
from cogs.cancel_button import CancelButton
from cogs.discord_limits import ALT_TEXT_LENGTH, EMBED_DESCRIPTION_LENGTH, UPLOAD_TOTAL_BYTES
from cogs.language import Language, language_of
from cogs.picture_view import card_view, result_view
from cogs.plain_text import NO_MENTIONS, code_block, shortened
from cogs.refusals import refusal
from generation.errors import PicturesGone
from generation.grid_picture import draw_grid
from generation.image import Image, ImageParameters
from generation.image_encoding import EncodedImage, UploadTooLarge, fit_upload
from generation.job import Failed, Finished, Job, Queued, Running, Update

ACCENT = discord.Colour(0xF08CB4)

_FILE_NAME_LENGTH = 48
UPLOAD_OVERHEAD_BYTES = 64 * 1024  # the request's JSON and multipart frames


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message: its name, content, and what it shows in words."""

    name: str
    content: bytes
    alt_text: str

    def as_file(self) -> discord.File:
        """Make discord.py's form of it, which can be sent once."""
        return discord.File(io.BytesIO(self.content), filename=self.name, description=self.alt_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMessage:
    """All of a message's parts. It can be sent any number of times.

    `job` is the one whose pictures it shows, where it does.
    """

    content: str = ""
    embed: discord.Embed | None = None
    attachments: tuple[Attachment, ...] = ()
    make_view: Callable[[], discord.ui.View] | None = None
    job: Job | None = None

    def view(self) -> discord.ui.View | None:
        """Make the rows of buttons."""
        return None if self.make_view is None else self.make_view()

    def files(self) -> list[discord.File]:
        """Make the files."""
        return [attachment.as_file() for attachment in self.attachments]

    def as_edit(self) -> dict[str, Any]:
        """The arguments of an edit that makes a message show this and nothing else."""
        return {
            "content": self.content or None,
            "embeds": [self.embed] if self.embed else [],
            "attachments": self.files(),
            "view": self.view(),
            "allowed_mentions": NO_MENTIONS,
        }


def progress_message(job: Job, update: Queued | Running, *, comes_as_new_message: bool = False) -> JobMessage:
    """Say how far a job is, with a first look where there is one, and a button to call it off."""
    say = language_of(job.locale)
    if isinstance(update, Queued):
        content = sentences.queued(say, update)
        if comes_as_new_message:
            content += f"\n{sentences.comes_as_new_message(say)}"
        return JobMessage(content=content, make_view=partial(_cancel_view, job.id, say))
    preview = (
        (Attachment("preview.webp", update.preview, sentences.preview_alt_text(say)),)
        if update.preview
        else ()
    )
    return JobMessage(
        content=sentences.running(say, update),
        attachments=preview,
        make_view=partial(_cancel_view, job.id, say),
    )


async def result_message(job: Job, ending: Update, file_limit_bytes: int) -> JobMessage:
    """Tell how `job` ended; files are no larger than `file_limit_bytes` each."""
    say = language_of(job.locale)
    match ending:
        case Finished():
            try:
                return await _finished_message(job, ending, file_limit_bytes)
            except UploadTooLarge as error:
                return JobMessage(content=refusal(say, error))
        case Failed(PicturesGone() as error):
            return JobMessage(
                content=refusal(say, error),
                embed=_facts(job),
                make_view=partial(result_view, job, say),
                job=job,
            )
        case Failed(error):
            return JobMessage(content=refusal(say, error))
        case _:
            return JobMessage(content=sentences.cancelled(say))


async def _finished_message(job: Job, ending: Finished, file_limit_bytes: int) -> JobMessage:
    """Show the pictures and all that they were drawn from.

    Raises:
        UploadTooLarge: a picture can't be made to fit.
    """
    say = language_of(job.locale)
    images = ending.images
    if job.request.grid is not None:
        images = (await asyncio.to_thread(draw_grid, job.request.grid, ending.images),)
    attachments, notes = await _attached(images, file_limit_bytes, say)
    notes = [*(sentences.hint(say, hint) for hint in job.hints), *notes]
    return JobMessage(
        embed=_facts(job, notes, ending.drawing_s),
        attachments=attachments,
        make_view=partial(result_view, job, say),
        job=job,
    )


async def card_message(job: Job, number: int, file_limit_bytes: int, say: Language) -> JobMessage:
    """Show one picture of a job that is over, with its own buttons; without its file where that is gone.

    Raises:
        UploadTooLarge: the picture can't be made to fit.
    """
    embed = _facts(job, number=number)
    make_view = partial(card_view, job, number, say)
    if not isinstance(job.latest, Finished):
        return JobMessage(content=refusal(say, PicturesGone()), embed=embed, make_view=make_view, job=job)
    attachments, notes = await _attached((job.latest.images[number],), file_limit_bytes, say)
    return JobMessage(
        content="\n".join(f"-# {note}" for note in notes),
        embed=embed,
        attachments=attachments,
        make_view=make_view,
        job=job,
    )


async def plain_pictures(job: Job, file_limit_bytes: int, say: Language) -> JobMessage:
    """Show the pictures of a job and what they were drawn from, with nothing to press.

    Raises:
        UploadTooLarge: a picture can't be made to fit.
        PicturesGone: they aren't there any more.
    """
    if not isinstance(job.latest, Finished):
        raise PicturesGone
    attachments, _ = await _attached(job.latest.images, file_limit_bytes, say)
    return JobMessage(embed=_facts(job), attachments=attachments)


async def _attached(
    images: Sequence[Image], file_limit_bytes: int, say: Language
) -> tuple[tuple[Attachment, ...], list[str]]:
    """Make the files of pictures, and say which had to be compressed.

    Raises:
        UploadTooLarge: a picture can't be made to fit.
    """
    limit = min(file_limit_bytes, (UPLOAD_TOTAL_BYTES - UPLOAD_OVERHEAD_BYTES) // len(images))
    files = [await asyncio.to_thread(fit_upload, image, limit) for image in images]
    attachments = tuple(
        Attachment(_file_name(image.parameters, file), file.content, _alt_text(say, image.parameters))
        for image, file in zip(images, files, strict=True)
    )
    notes = {sentences.compressed(say, file.extension) for file in files if file.extension != "png"}
    return attachments, sorted(notes)


def _cancel_view(job_id: str, say: Language) -> discord.ui.View:
    return discord.ui.View(timeout=None).add_item(CancelButton(job_id, say))


def _facts(
    job: Job, notes: Sequence[str] = (), drawing_s: float | None = None, number: int | None = None
) -> discord.Embed:
    """What a job, or one picture of it, was drawn from."""
    say = language_of(job.locale)
    images = job.images if number is None else (job.images[number],)
    parameters = images[0]
    prompts = [parameters.prompt, *(f"[{edit.first_step}] {edit.prompt}" for edit in parameters.edits)]
    description = code_block("\n".join(prompts), EMBED_DESCRIPTION_LENGTH - 1000)
    if notes:
        description += "\n" + "\n".join(f"-# {note}" for note in notes)
    embed = discord.Embed(description=description, colour=ACCENT)
    has_one_seed = len({image.seed for image in images}) == 1
    seeds = _each(f"`{image.seed}`" for image in images)
    embed.add_field(name=say("Seed") if has_one_seed else say("Seeds"), value=seeds)
    embed.add_field(name=say("Size"), value=f"{parameters.width} × {parameters.height}")
    embed.add_field(name=say("Steps"), value=_each(str(image.num_inference_steps) for image in images))
    embed.add_field(name=say("Guidance"), value=_each(f"{image.guidance_scale:g}" for image in images))
    if drawing_s is not None:
        embed.add_field(name=say("Time"), value=f"{drawing_s:.1f} s")
    embed.add_field(name=say("Rating"), value=job.request.rating.value)
    if job.request.negative_prompt.strip():
        embed.add_field(
            name=say("Your negative"), value=code_block(job.request.negative_prompt, 1024), inline=False
        )
    return embed


def _each(values: Iterable[str]) -> str:
    """Name the values that differ, in their order."""
    return ", ".join(dict.fromkeys(values))


def _file_name(parameters: ImageParameters, file: EncodedImage) -> str:
    """Name a file by its first tags and its seed, in letters that every system takes."""
    words = re.sub(r"[^a-z0-9]+", "-", parameters.prompt.lower()).strip("-")
    short = words[:_FILE_NAME_LENGTH].rsplit("-", 1)[0] if len(words) > _FILE_NAME_LENGTH else words
    return f"{short or 'picture'}-{parameters.seed}.{file.extension}"


def _alt_text(say: Language, parameters: ImageParameters) -> str:
    return shortened(say("AI-generated picture of: {prompt}", prompt=parameters.prompt), ALT_TEXT_LENGTH)
