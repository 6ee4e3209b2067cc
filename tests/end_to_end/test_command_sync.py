"""Commands are told to Discord when it doesn't have them as they are, and not at every start."""

from pathlib import Path

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess


async def test_commands_are_told_once_and_again_when_somebody_took_one_away(
    server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    settings = {"ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint)}
    commands = server.world.commands
    async with BotProcess(server, tmp_path, settings) as bot:
        assert bot.log.count("commands are told to Discord") == 1
    ids = set(commands)
    async with BotProcess(server, tmp_path, settings) as bot:
        assert bot.log.count("commands are known to Discord") == 1
    assert set(commands) == ids
    del commands[next(iter(commands))]
    async with BotProcess(server, tmp_path, settings) as bot:
        assert bot.log.count("commands are told to Discord") == 2
    assert len(commands) == len(ids)
