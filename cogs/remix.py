"""`/remix` and `/inpaint`, and what a message's menu offers: drawing over pictures that are there."""

import asyncio
import io
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from PIL import Image as PillowImage

from cogs import sentences
from cogs.client import DrawingBot
from cogs.drawing import Drawing
from cogs.edit_form import fields_of
from cogs.error_answers import answering_errors
from cogs.imagine import ASPECT_CHOICES, RATING_CHOICES, Text
from cogs.language import language_of
from cogs.parts import Parts
from cogs.picture_intake import fetch, first_picture
from cogs.picture_metadata import read_metadata, read_prompt
from cogs.plain_text import NO_MENTIONS, code_block
from cogs.remix_form import CUSTOM_ID, RemixForm
from cogs.tag_completion import TagCompletion
from cogs.usual_options import UsualOptions
from generation.aspect_ratio import AspectRatio
from generation.errors import InvalidRequest, PictureProblem, UnreadablePicture
from generation.rating import Rating
from generation.request import COUNT, SEED_LIMIT, STRENGTH_MIN, GenerationRequest
from generation.source_encoding import encode_mask, encode_source, encode_transparency
from generation.starting_point import SourcePicture

USUAL_STRENGTH, USUAL_INPAINT_STRENGTH = 0.6, 0.9
TEXT_SHOWN = 1900

_Strength = app_commands.Range[float, STRENGTH_MIN, 1.0]
_Seed = app_commands.Range[int, 0, SEED_LIMIT - 1]
_Count = app_commands.Range[int, COUNT.start, COUNT.stop - 1]


class Remix(commands.Cog):
    """Takes pictures in, checks them, and has them drawn over."""

    def __init__(self, bot: DrawingBot, parts: Parts, drawing: Drawing) -> None:
        self._bot = bot
        self._people = parts.people
        self._drawing = drawing
        self._completion = TagCompletion(parts)
        self._fetching: dict[int, asyncio.Task[None]] = {}
        self._menus = (
            app_commands.ContextMenu(name="Remix this", callback=self.remix_this),
            app_commands.ContextMenu(name="Read parameters", callback=self.read_parameters),
            app_commands.ContextMenu(name="Use as reference", callback=self.use_as_reference),
        )

    async def cog_load(self) -> None:
        """Add the messages' menus, which belong to no cog of themselves."""
        for menu in self._menus:
            self._bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Take them away."""
        for menu in self._menus:
            self._bot.tree.remove_command(menu.name, type=menu.type)

    @app_commands.command()
    @app_commands.describe(
        tags="What to make of the picture, as tags",
        image="The picture to draw over; your reference, if you leave it out",
        strength="How much is drawn anew: 0.05 hardly anything, 1 next to everything",
        negative="What to keep out, as tags",
        rating="How revealing the picture may be (safe unless you say otherwise)",
        aspect="The new picture's shape (the nearest to the old one's unless you say otherwise)",
        seed="A number that repeats a picture; the same seed and options give the same picture",
        count="How many pictures, 1 to 4; each has its own seed",
    )
    @app_commands.choices(rating=RATING_CHOICES, aspect=ASPECT_CHOICES)
    async def remix(
        self,
        interaction: discord.Interaction,
        tags: Text,
        image: discord.Attachment | None = None,
        strength: _Strength = USUAL_STRENGTH,
        negative: Text | None = None,
        rating: str = Rating.SAFE.value,
        aspect: str | None = None,
        seed: _Seed | None = None,
        count: _Count = 1,
    ) -> None:
        """Draw over a picture."""
        usual = await self._drawing.usual(interaction)

        async def request() -> GenerationRequest:
            if image is not None:
                content, described = await asyncio.to_thread(_taken_in, await fetch(image))
            else:
                content, described = await self._reference_of(interaction)
            return GenerationRequest(
                source=SourcePicture(content=content, strength=strength, described=described),
                aspect_ratio=await _shape(aspect, content),
                **_options(usual, tags, negative, rating, seed, count),
            )

        await self._drawing.draw(interaction, request(), is_private=usual.is_private)

    @app_commands.command()
    @app_commands.describe(
        image="The picture; where it is transparent, and no mask is given, it is drawn anew",
        tags="What the picture shall show, as tags",
        mask="White where the picture is drawn anew, black where it stays",
        strength="How much is drawn anew: 0.05 hardly anything, 1 next to everything",
        negative="What to keep out, as tags",
        rating="How revealing the picture may be (safe unless you say otherwise)",
        aspect="The new picture's shape (the nearest to the old one's unless you say otherwise)",
        seed="A number that repeats a picture; the same seed and options give the same picture",
        count="How many pictures, 1 to 4; each has its own seed",
    )
    @app_commands.choices(rating=RATING_CHOICES, aspect=ASPECT_CHOICES)
    async def inpaint(
        self,
        interaction: discord.Interaction,
        image: discord.Attachment,
        tags: Text,
        mask: discord.Attachment | None = None,
        strength: _Strength = USUAL_INPAINT_STRENGTH,
        negative: Text | None = None,
        rating: str = Rating.SAFE.value,
        aspect: str | None = None,
        seed: _Seed | None = None,
        count: _Count = 1,
    ) -> None:
        """Draw a part of a picture anew."""
        usual = await self._drawing.usual(interaction)

        async def request() -> GenerationRequest:
            picture = await fetch(image)
            if mask is None:
                area = await asyncio.to_thread(encode_transparency, picture)
            else:
                area = await asyncio.to_thread(encode_mask, await fetch(mask))
            content, described = await asyncio.to_thread(_taken_in, picture)
            return GenerationRequest(
                source=SourcePicture(content=content, strength=strength, mask=area, described=described),
                aspect_ratio=await _shape(aspect, content),
                **_options(usual, tags, negative, rating, seed, count),
            )

        await self._drawing.draw(interaction, request(), is_private=usual.is_private)

    @remix.autocomplete("tags")
    @inpaint.autocomplete("tags")
    async def offer_tags(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what the last tag may become."""
        return await self._completion.offers(interaction, typed, with_series=True)

    async def remix_this(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Ask what to make of a message's picture; it becomes the person's reference meanwhile."""
        attachment = first_picture(message)
        user_id = interaction.user.id
        # The form has to be the answer, at once; the file has time until it comes back.
        fetching = asyncio.create_task(self._keep_reference(user_id, attachment), name="fetch a picture")
        self._fetching[user_id] = fetching
        await interaction.response.send_modal(RemixForm(attachment, language_of(interaction.locale)))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take the form by its custom_id, also when it was opened before a restart."""
        data: dict[str, Any] = dict(interaction.data or {})
        is_form = interaction.type is discord.InteractionType.modal_submit
        if is_form and data.get("custom_id") == CUSTOM_ID:
            async with answering_errors(interaction):
                await self._draw_form(interaction, fields_of(interaction))

    async def _draw_form(self, interaction: discord.Interaction[Any], fields: dict[str, str]) -> None:
        usual = await self._drawing.usual(interaction)
        try:
            strength = float(fields.get("strength", "").replace(",", "."))
        except ValueError as error:
            allowed = f"{STRENGTH_MIN:g} – 1"
            raise InvalidRequest("strength", fields.get("strength", ""), allowed) from error

        async def request() -> GenerationRequest:
            content, described = await self._reference_of(interaction)
            return GenerationRequest(
                tags=fields.get("tags", ""),
                negative_prompt=usual.negative,
                quality=usual.quality,
                aspect_ratio=await _shape(None, content),
                source=SourcePicture(content=content, strength=strength, described=described),
            )

        await self._drawing.draw(interaction, request(), is_private=usual.is_private)

    async def read_parameters(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Tell what the pictures of a message say of how they were drawn."""
        attachment = first_picture(message)
        say = language_of(interaction.locale)
        await interaction.response.defer(ephemeral=True, thinking=True)
        text = await asyncio.to_thread(read_metadata, await fetch(attachment))
        answer = code_block(text, TEXT_SHOWN) if text else sentences.no_parameters(say)
        await interaction.edit_original_response(content=answer, allowed_mentions=NO_MENTIONS)

    async def use_as_reference(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Keep a message's picture as the one that `/remix` draws over."""
        attachment = first_picture(message)
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._keep_reference(interaction.user.id, attachment)
        await interaction.edit_original_response(
            content=sentences.reference_kept(language_of(interaction.locale))
        )

    async def _keep_reference(self, user_id: int, attachment: discord.Attachment) -> None:
        content, described = await asyncio.to_thread(_taken_in, await fetch(attachment))
        await self._people.set_reference(user_id, content, described)

    async def _reference_of(self, interaction: discord.Interaction[Any]) -> tuple[bytes, str]:
        """The person's reference, and what it was asked to show."""
        if fetching := self._fetching.pop(interaction.user.id, None):
            await fetching
        reference = await self._people.reference(interaction.user.id)
        if reference is None:
            raise UnreadablePicture(PictureProblem.NONE_GIVEN)
        return reference


def _taken_in(file: bytes) -> tuple[bytes, str]:
    """The picture in a file of ours, and what it was asked to show, which that file doesn't say. Blocks."""
    return encode_source(file), read_prompt(file)


def _options(
    usual: UsualOptions, tags: str, negative: str | None, rating: str, seed: int | None, count: int
) -> dict[str, Any]:
    """What both commands ask for besides the picture."""
    return {
        "tags": tags,
        "negative_prompt": usual.negative if negative is None else negative,
        "quality": usual.quality,
        "rating": Rating(rating),
        "seed": seed,
        "count": count,
    }


async def _shape(aspect: str | None, content: bytes) -> AspectRatio:
    """The shape that is asked for, or the nearest of the nine to the picture's own."""
    if aspect is not None:
        return AspectRatio.parse(aspect)
    width, height = await asyncio.to_thread(lambda: PillowImage.open(io.BytesIO(content)).size)
    return AspectRatio.nearest(width, height)
