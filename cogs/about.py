"""`/about`: what this is, what draws, and under which terms."""

import discord
from discord import app_commands
from discord.ext import commands

from cogs.language import language_of
from cogs.plain_text import NO_MENTIONS
from cogs.terms import terms_embed
from generation.service import GenerationService
from generation.version import VERSION


class About(commands.Cog):
    """Open to everybody, everywhere."""

    def __init__(self, service: GenerationService) -> None:
        self._service = service

    @app_commands.command()
    async def about(self, interaction: discord.Interaction) -> None:
        """See what draws here, and under which terms."""
        say = language_of(interaction.locale)
        profile = self._service.profile
        embed = terms_embed(say, profile)
        embed.add_field(name=say("Bot"), value=f"Anim4gine Bot {VERSION}")
        embed.add_field(name=say("Model"), value=f"[{profile.title}]({profile.source_url})")
        embed.add_field(name=say("Licence"), value=f"[{profile.licence}]({profile.licence_url})")
        await interaction.response.send_message(embed=embed, ephemeral=True, allowed_mentions=NO_MENTIONS)
