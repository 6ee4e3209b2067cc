"""`/defaults` and `/wildcard`: what people settle for themselves."""

import asyncio
import re
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from cogs import sentences
from cogs.errors import WildcardUnreadable
from cogs.imagine import ASPECT_CHOICES, QUALITY_CHOICES, Text
from cogs.language import language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS
from cogs.usual_options import UsualOptions
from generation.aspect_ratio import AspectRatio
from generation.quality import Quality
from generation.request import COUNT

ENTRIES_MAX, ENTRY_LENGTH_MAX = 200, 300

_NAME = re.compile(r"[\w-]{1,40}")


class Defaults(commands.Cog):
    """A person's usual options."""

    def __init__(self, parts: Parts) -> None:
        self._people = parts.people

    @app_commands.command()
    @app_commands.describe(
        aspect="The shape of your pictures",
        quality="Which quality tags to add",
        negative="What to keep out of all your pictures, as tags",
        count="How many pictures at once",
        private="Show your pictures to you alone",
        reset="Forget all of these",
    )
    @app_commands.choices(aspect=ASPECT_CHOICES, quality=QUALITY_CHOICES)
    async def defaults(
        self,
        interaction: discord.Interaction,
        aspect: str | None = None,
        quality: str | None = None,
        negative: Text | None = None,
        count: app_commands.Range[int, COUNT.start, COUNT.stop - 1] | None = None,
        private: bool | None = None,
        reset: bool = False,
    ) -> None:
        """Settle what holds where you leave something open, and see what does."""
        user_id = interaction.user.id
        usual = UsualOptions() if reset else UsualOptions.from_json(await self._people.defaults(user_id))
        changed = replace(
            usual,
            aspect=usual.aspect if aspect is None else AspectRatio.parse(aspect),
            quality=usual.quality if quality is None else Quality(quality),
            negative=usual.negative if negative is None else negative,
            count=usual.count if count is None else count,
            is_private=usual.is_private if private is None else private,
        )
        await self._people.set_defaults(user_id, changed.to_json())
        await interaction.response.send_message(
            sentences.defaults(language_of(interaction.locale), changed),
            ephemeral=True,
            allowed_mentions=NO_MENTIONS,
        )


class OwnLists(commands.GroupCog, name="wildcard", description="Your own lists for prompts with chance."):
    """A person's own wildcards."""

    def __init__(self, parts: Parts) -> None:
        self._people = parts.people
        self._parts = parts

    @app_commands.command()
    @app_commands.describe(
        name="What to call it; __name__ in a prompt takes one of its entries",
        entries="The entries, with semicolons between: red hair; blue hair; {long|short} green hair",
    )
    async def save(self, interaction: discord.Interaction, name: str, entries: Text) -> None:
        """Keep a list of your own."""
        listed = [entry.strip() for entry in re.split("[;\\n]", entries) if entry.strip()]
        fits = len(listed) <= ENTRIES_MAX and all(len(entry) <= ENTRY_LENGTH_MAX for entry in listed)
        if not _NAME.fullmatch(name) or not listed or not fits:
            raise WildcardUnreadable(ENTRIES_MAX, ENTRY_LENGTH_MAX)
        say = language_of(interaction.locale)
        kept = await self._people.save_wildcard(interaction.user.id, name, listed)
        sentence = sentences.list_saved(say, name, len(listed)) if kept else sentences.too_many_lists(say)
        await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)

    @app_commands.command(name="list")
    async def list_all(self, interaction: discord.Interaction) -> None:
        """See the lists that you can use."""
        own = await self._people.wildcards(interaction.user.id)
        names = await asyncio.to_thread(self._parts.wildcards.names, own)
        await interaction.response.send_message(
            sentences.lists(language_of(interaction.locale), names),
            ephemeral=True,
            allowed_mentions=NO_MENTIONS,
        )

    @app_commands.command()
    @app_commands.describe(name="Which of your lists")
    async def delete(self, interaction: discord.Interaction, name: str) -> None:
        """Forget one of your lists."""
        say = language_of(interaction.locale)
        is_gone = await self._people.delete_wildcard(interaction.user.id, name)
        sentence = sentences.list_deleted(say) if is_gone else sentences.no_such_list(say)
        await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)
