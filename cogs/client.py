"""The bot as commands and components see it."""

from discord.ext import commands

from generation.past_jobs import PastJobs
from generation.service import GenerationService


class DrawingBot(commands.AutoShardedBot):
    """discord.py's bot with the services that buttons reach through `interaction.client`.

    Commands get what they need by constructor; a button that was posted before a restart is rebuilt by
    discord.py from its id alone and has only the client to ask.
    """

    service: GenerationService
    past_jobs: PastJobs
