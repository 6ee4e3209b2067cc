"""A stand-in for Discord on localhost: REST, gateway, and a chat page. Imports nothing of the bot's."""

from sandbox.limits import Limits
from sandbox.server import SandboxServer
from sandbox.world import World

__all__ = ["Limits", "SandboxServer", "World"]
