"""`/model`: what operators see of the model, and their second try when it failed to load."""

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.language import language_of
from cogs.sentences import model_report
from cogs.standing import require_operator
from generation.service import GenerationService


@app_commands.default_permissions(manage_guild=True)
class Model(commands.GroupCog, name="model"):
    """The model that draws. Hidden from members, and open to the application's owners alone."""

    def __init__(self, bot: DrawingBot, service: GenerationService) -> None:
        self._bot = bot
        self._service = service

    async def interaction_check(self, interaction: discord.Interaction) -> bool:
        """Let only the application's owners pass.

        Raises:
            OperatorsOnly: it is somebody else.
        """
        await require_operator(self._bot, interaction)
        return True

    @app_commands.command()
    async def status(self, interaction: discord.Interaction) -> None:
        """Tell whether the model is ready."""
        say = language_of(interaction.locale)
        sentence = model_report(
            say, self._service.engine_state, self._service.profile.title, self._service.devices
        )
        await interaction.response.send_message(sentence, ephemeral=True)

    @app_commands.command()
    async def retry(self, interaction: discord.Interaction) -> None:
        """Load the model again, after it failed or its files changed."""
        say = language_of(interaction.locale)
        if self._service.reload_model():
            sentence = say("I'm loading the model again; requests wait until it's there.")
        else:
            sentence = say("The model is already being loaded.")
        await interaction.response.send_message(sentence, ephemeral=True)
