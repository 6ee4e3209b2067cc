"""`/imagine`: the command that draws."""

import discord
from discord import app_commands
from discord.ext import commands

from cogs.cancel_button import CancelButton
from cogs.client import DrawingBot
from cogs.deferred_message import defer
from cogs.delivery import Delivery
from cogs.discord_limits import CHOICES
from cogs.permissions import require_permissions
from cogs.place import place_of, role_ids_of
from generation.aspect_ratio import AspectRatio
from generation.quality import Quality
from generation.rating import Rating
from generation.request import (
    COUNT,
    GUIDANCE_SCALE_MAX,
    GUIDANCE_SCALE_MIN,
    NUM_INFERENCE_STEPS,
    SEED_LIMIT,
    TEXT_LENGTH_MAX,
    YEARS,
    GenerationRequest,
)
from generation.service import GenerationService

SUBJECTS = (
    "1girl", "1boy", "1other", "2girls", "2boys", "1girl, 1boy", "3girls", "3boys",
    "multiple girls", "multiple boys", "no humans",
)  # fmt: skip
"""What the model's captions begin with, offered while typing; any other text is taken as well."""

_RATING_CHOICES = [app_commands.Choice(name=rating.value, value=rating.value) for rating in Rating]
_ASPECT_CHOICES = [app_commands.Choice(name=aspect.label, value=aspect.value) for aspect in AspectRatio]
_QUALITY_CHOICES = [
    app_commands.Choice(name="Recommended by the model's authors", value=Quality.RECOMMENDED.value),
    app_commands.Choice(name="Lighter", value=Quality.LIGHTER.value),
    app_commands.Choice(name="None", value=Quality.NONE.value),
]

_Text = app_commands.Range[str, None, TEXT_LENGTH_MAX]


class Imagine(commands.Cog):
    """Reads the arguments, hands a request to the service, lets delivery show the rest."""

    def __init__(self, bot: DrawingBot, service: GenerationService, delivery: Delivery) -> None:
        self._bot = bot
        self._service = service
        self._delivery = delivery

    async def cog_load(self) -> None:
        """Make the buttons of this cog's messages work, also of those posted before a restart."""
        self._bot.add_dynamic_items(CancelButton)

    async def cog_unload(self) -> None:
        """Forget the buttons."""
        self._bot.remove_dynamic_items(CancelButton)

    @app_commands.command()
    @app_commands.describe(
        tags="What to draw, as tags with commas between: silver hair, night, city lights",
        subject="Who is in the picture: 1girl, 1boy, 2girls, ... (goes first, as the model learnt it)",
        character="A character's name, such as hatsune miku",
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
    )
    @app_commands.choices(rating=_RATING_CHOICES, aspect=_ASPECT_CHOICES, quality=_QUALITY_CHOICES)
    async def imagine(
        self,
        interaction: discord.Interaction,
        tags: _Text,
        subject: _Text = "",
        character: _Text = "",
        series: _Text = "",
        rating: str = Rating.SAFE.value,
        year: app_commands.Range[int, YEARS.start, YEARS.stop - 1] | None = None,
        quality: str = Quality.RECOMMENDED.value,
        negative: _Text = "",
        aspect: str = AspectRatio.PORTRAIT.value,
        steps: app_commands.Range[int, NUM_INFERENCE_STEPS.start, NUM_INFERENCE_STEPS.stop - 1] | None = None,
        guidance: app_commands.Range[float, GUIDANCE_SCALE_MIN, GUIDANCE_SCALE_MAX] | None = None,
        seed: app_commands.Range[int, 0, SEED_LIMIT - 1] | None = None,
        count: app_commands.Range[int, COUNT.start, COUNT.stop - 1] = 1,
    ) -> None:
        """Draw a picture from tags."""
        require_permissions(interaction)
        request = GenerationRequest(
            tags=tags,
            subject=subject,
            character=character,
            series=series,
            rating=Rating(rating),
            year=year,
            quality=Quality(quality),
            negative_prompt=negative,
            aspect_ratio=AspectRatio.parse(aspect),
            num_inference_steps=steps,
            guidance_scale=guidance,
            seed=seed,
            count=count,
        )
        reply = await defer(interaction, self._delivery.clock)
        job = await self._service.submit(
            request,
            interaction.user.id,
            place_of(interaction),
            reply=reply,
            role_ids=role_ids_of(interaction),
            locale=str(interaction.locale),
        )
        self._delivery.follow(job)

    @imagine.autocomplete("subject")
    async def offer_subjects(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the subjects that contain what is typed."""
        matches = [subject for subject in SUBJECTS if typed.lower().strip() in subject]
        return [app_commands.Choice(name=subject, value=subject) for subject in matches[:CHOICES]]
