"""`/tags` and `/surprise`: what there is to draw, to be searched, browsed or left to chance."""

import random
import re
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs import sentences
from cogs.client import DrawingBot
from cogs.discord_limits import CHOICE_LENGTH, CHOICES, CONTENT_LENGTH
from cogs.drawing import Drawing
from cogs.error_answers import answering_errors
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.picture_buttons import chosen_value
from cogs.place import place_of
from cogs.plain_text import NO_MENTIONS, shortened
from generation.request import GenerationRequest
from generation.surprise import surprise
from generation.tag_dictionary import TagDictionary

RANDOM_TAGS = 12
GROUPS_IN_A_MENU = CHOICES


class Tags(commands.GroupCog, name="tags", description="What there is to draw."):
    """Answers for the asker alone; tags that may not be drawn here aren't shown."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    async def cog_load(self) -> None:
        """Make the guide's menus work, also those shown before a restart."""
        self._bot.add_dynamic_items(GroupMenu)

    async def cog_unload(self) -> None:
        """Forget them."""
        self._bot.remove_dynamic_items(GroupMenu)

    @app_commands.command()
    @app_commands.describe(text="A tag, its beginning, another name for it, or a word in it")
    async def search(self, interaction: discord.Interaction, text: app_commands.Range[str, 1, 100]) -> None:
        """Look for tags."""
        place, service = place_of(interaction), self._parts.service
        matches = self._parts.search.complete(text, limit=40)
        allowed = await service.gatekeeper.may_be_asked_for([match.tag.name for match in matches], place)
        found = [match for match, is_allowed in zip(matches, allowed, strict=True) if is_allowed]
        await interaction.response.send_message(
            sentences.tags_found(language_of(interaction.locale), found[:CHOICES]),
            ephemeral=True,
            allowed_mentions=NO_MENTIONS,
        )

    @app_commands.command()
    async def random(self, interaction: discord.Interaction) -> None:
        """See some tags at random."""
        chance = random.Random()  # noqa: S311 - it picks tags
        tags = [tag.name for tag in self._parts.dictionary.tags if tag.group is not None]
        await interaction.response.send_message(
            sentences.some_tags(language_of(interaction.locale), chance.sample(tags, RANDOM_TAGS)),
            ephemeral=True,
        )

    @app_commands.command()
    async def guide(self, interaction: discord.Interaction) -> None:
        """Browse tags by what they are about."""
        say = language_of(interaction.locale)
        await interaction.response.send_message(
            sentences.tag_guide(say), view=guide_view(self._parts.dictionary, say), ephemeral=True
        )


class Surprise(commands.Cog):
    """Draws what chance comes up with."""

    def __init__(self, parts: Parts, drawing: Drawing) -> None:
        self._dictionary = parts.dictionary
        self._drawing = drawing

    @app_commands.command(name="surprise")
    async def surprise(self, interaction: discord.Interaction) -> None:
        """Draw something that you didn't think of."""
        usual = await self._drawing.usual(interaction)
        subject, tags = surprise(self._dictionary, random.Random())  # noqa: S311 - it picks tags
        request = GenerationRequest(
            tags=tags,
            subject=subject,
            aspect_ratio=usual.aspect,
            quality=usual.quality,
            negative_prompt=usual.negative,
        )
        await self._drawing.draw(interaction, request, is_private=usual.is_private)


class GroupMenu(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]], template="tag-groups:(?P<page>[0-9])"
):
    """Shows the tags of a group; its options' values are the groups' ids."""

    def __init__(self, page: int, select: discord.ui.Select[discord.ui.View] | None = None) -> None:
        super().__init__(select or discord.ui.Select(custom_id=f"tag-groups:{page}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the menu that was used."""
        return cls(int(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the chosen group."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            say, dictionary = language_of(interaction.locale), bot.parts.dictionary
            group = chosen_value(interaction)
            title = say(dictionary.groups[group]) if group in dictionary.groups else ""
            names = [tag.name for tag in dictionary.of_group(group)]
            content = shortened(f"**{title}**\n{', '.join(names)}", CONTENT_LENGTH)
            await interaction.response.edit_message(content=content, view=guide_view(dictionary, say))


def guide_view(dictionary: TagDictionary, say: Language) -> discord.ui.View:
    """Menus of all groups, as many in each as Discord takes."""
    view = discord.ui.View(timeout=None)
    groups = list(dictionary.groups.items())
    for page, start in enumerate(range(0, len(groups), GROUPS_IN_A_MENU)):
        select: discord.ui.Select[discord.ui.View] = discord.ui.Select(
            custom_id=f"tag-groups:{page}",
            placeholder=say("Choose a group…"),
            options=[
                discord.SelectOption(label=shortened(say(title), CHOICE_LENGTH), value=group)
                for group, title in groups[start : start + GROUPS_IN_A_MENU]
            ],
        )
        view.add_item(GroupMenu(page, select))
    return view
