"""`/imagine`: the command that draws."""

import asyncio

import discord
from discord import app_commands
from discord.ext import commands

from cogs.discord_limits import CHOICES
from cogs.drawing import Drawing
from cogs.parts import Parts
from cogs.tag_completion import TagCompletion
from generation.aspect_ratio import AspectRatio
from generation.lora import LoraWeight
from generation.quality import Quality
from generation.rating import Rating
from generation.request import (
    COUNT,
    GUIDANCE_SCALE_MAX,
    GUIDANCE_SCALE_MIN,
    NUM_INFERENCE_STEPS,
    SEED_LIMIT,
    TEXT_LENGTH_MAX,
    UPSCALE_FACTORS,
    YEARS,
    GenerationRequest,
)
from generation.sampler import Sampler
from generation.starting_point import Upscale
from generation.tag_dictionary import TagCategory

SUBJECTS = (
    "1girl", "1boy", "1other", "2girls", "2boys", "1girl, 1boy", "3girls", "3boys",
    "multiple girls", "multiple boys", "no humans",
)  # fmt: skip
"""What the model's captions begin with, offered while typing; any other text is taken as well."""

RATING_CHOICES = [app_commands.Choice(name=rating.value, value=rating.value) for rating in Rating]
ASPECT_CHOICES = [app_commands.Choice(name=aspect.label, value=aspect.value) for aspect in AspectRatio]
QUALITY_CHOICES = [
    app_commands.Choice(name="Recommended by the model's authors", value=Quality.RECOMMENDED.value),
    app_commands.Choice(name="Lighter", value=Quality.LIGHTER.value),
    app_commands.Choice(name="None", value=Quality.NONE.value),
]

Text = app_commands.Range[str, None, TEXT_LENGTH_MAX]


_SAMPLER_CHOICES = [app_commands.Choice(name=sampler.value, value=sampler.value) for sampler in Sampler]
_UPSCALE_CHOICES = [app_commands.Choice(name=f"×{factor:g}", value=factor) for factor in UPSCALE_FACTORS]


class Imagine(commands.Cog):
    """Reads the arguments and has them drawn."""

    def __init__(self, parts: Parts, drawing: Drawing) -> None:
        self._dictionary = parts.dictionary
        self._parts = parts
        self._drawing = drawing
        self._completion = TagCompletion(parts)

    @app_commands.command()
    @app_commands.describe(
        tags="What to draw, as tags with commas between: silver hair, night, city lights",
        subject="Who is in the picture: 1girl, 1boy, 2girls, ... (goes first, as the model learnt it)",
        character="A character's name, such as hatsune miku; brings the series along",
        series="The series that the character is from, such as vocaloid",
        rating="How revealing the picture may be (safe unless you say otherwise)",
        year="Draw in the style of this year, 2005 to 2025",
        quality="Which quality tags to add (the recommended ones unless you say otherwise)",
        negative="What to keep out, as tags; joined with the model's own negative prompt",
        aspect="The picture's shape (portrait 2:3 unless you say otherwise)",
        steps="Denoising steps; 25-28 suit Animagine XL 4.0 best",
        guidance="How closely to follow the tags; 5-7 suit Animagine XL 4.0 best",
        seed="A number that repeats a picture; the same seed and options give the same picture",
        count="How many pictures, 1 to 4; each has its own seed",
        lora="A LoRA of this bot's operator; more of them as <lora:name:0.8> in the tags",
        sampler="How noise becomes a picture; the model's own unless you say otherwise",
        upscale="Draw it larger in a second pass",
        private="Show the picture to you alone",
    )
    @app_commands.choices(
        rating=RATING_CHOICES,
        aspect=ASPECT_CHOICES,
        quality=QUALITY_CHOICES,
        sampler=_SAMPLER_CHOICES,
        upscale=_UPSCALE_CHOICES,
    )
    async def imagine(
        self,
        interaction: discord.Interaction,
        tags: Text,
        subject: Text = "",
        character: Text = "",
        series: Text = "",
        rating: str = Rating.SAFE.value,
        year: app_commands.Range[int, YEARS.start, YEARS.stop - 1] | None = None,
        quality: str | None = None,
        negative: Text | None = None,
        aspect: str | None = None,
        steps: app_commands.Range[int, NUM_INFERENCE_STEPS.start, NUM_INFERENCE_STEPS.stop - 1] | None = None,
        guidance: app_commands.Range[float, GUIDANCE_SCALE_MIN, GUIDANCE_SCALE_MAX] | None = None,
        seed: app_commands.Range[int, 0, SEED_LIMIT - 1] | None = None,
        count: app_commands.Range[int, COUNT.start, COUNT.stop - 1] | None = None,
        lora: app_commands.Range[str, None, 100] = "",
        sampler: str | None = None,
        upscale: float | None = None,
        private: bool | None = None,
    ) -> None:
        """Draw a picture from tags."""
        usual = await self._drawing.usual(interaction)
        request = GenerationRequest(
            tags=tags,
            subject=subject,
            character=character,
            series=series or self._series_of(character),
            rating=Rating(rating),
            year=year,
            quality=usual.quality if quality is None else Quality(quality),
            negative_prompt=usual.negative if negative is None else negative,
            aspect_ratio=usual.aspect if aspect is None else AspectRatio.parse(aspect),
            num_inference_steps=steps,
            guidance_scale=guidance,
            seed=seed,
            count=usual.count if count is None else count,
            loras=await asyncio.to_thread(self._lora_named, lora),
            sampler=None if sampler is None else Sampler(sampler),
            upscale=None if upscale is None else Upscale(factor=upscale),
        )
        is_private = usual.is_private if private is None else private
        await self._drawing.draw(interaction, request, is_private=is_private)

    @imagine.autocomplete("subject")
    async def offer_subjects(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the subjects that contain what is typed."""
        matches = [subject for subject in SUBJECTS if typed.lower().strip() in subject]
        return [app_commands.Choice(name=subject, value=subject) for subject in matches[:CHOICES]]

    @imagine.autocomplete("tags")
    async def offer_tags(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what the last tag may become; characters bring their series."""
        return await self._completion.offers(interaction, typed, with_series=True)

    @imagine.autocomplete("negative")
    async def offer_negative(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what the last tag may become."""
        return await self._completion.offers(interaction, typed)

    @imagine.autocomplete("character")
    async def offer_characters(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer characters."""
        return await self._completion.offers(interaction, typed, [TagCategory.CHARACTER])

    @imagine.autocomplete("series")
    async def offer_series(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer series."""
        return await self._completion.offers(interaction, typed, [TagCategory.SERIES])

    @imagine.autocomplete("lora")
    async def offer_loras(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the operator's LoRAs, by title and by file name."""
        wanted = typed.casefold().strip()
        names = await asyncio.to_thread(self._parts.loras.names)
        named = [(self._parts.loras.entry(name).title or name, name) for name in names]
        return [
            app_commands.Choice(name=title, value=name)
            for title, name in named
            if wanted in title.casefold() or wanted in name.casefold()
        ][:CHOICES]

    def _series_of(self, character: str) -> str:
        """The series of the characters that are named, where they are known."""
        known = (self._dictionary.named(name) for name in character.split(","))
        return ", ".join(dict.fromkeys(tag.series for tag in known if tag is not None and tag.series))

    def _lora_named(self, name: str) -> tuple[LoraWeight, ...]:
        if not name.strip():
            return ()
        found = self._parts.loras.find(name.strip())
        return (LoraWeight(found, self._parts.loras.weight_of(found)),)
