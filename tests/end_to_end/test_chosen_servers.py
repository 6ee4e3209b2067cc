"""A bot that is kept to some servers: it works there, and elsewhere says that it doesn't."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.forger import AUTOCOMPLETE, COMMAND, Forger, Forgery, press
from tests.end_to_end.person import Person

REFUSAL = "some servers only"


@pytest.fixture
async def bot(server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path) -> AsyncIterator[BotProcess]:
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_DISCORD__SERVERS": f"[{server.world.guild_id}]",
    }
    async with BotProcess(server, tmp_path, settings) as process:
        yield process


async def test_only_the_chosen_servers_are_answered(
    bot: BotProcess, server: SandboxServer, aoi: Person
) -> None:
    assert REFUSAL not in str(await aoi.use("about"))
    assert await aoi.is_offered("imagine", "tags", "silver")

    forger = Forger(server, "Aoi")
    message = (await aoi.use("imagine", tags="1girl", steps=1))["message"]
    everything = [
        Forgery(COMMAND, await aoi.typed("about")),
        press(f"cancel:{'0' * 16}", message),
    ]
    for forgery in everything:
        answer = await forger.sends(forgery, "direct")
        assert answer is not None
        assert REFUSAL in str(answer), answer
    typed = await aoi.typed("imagine", tags="silver")
    typed["options"][0]["focused"] = True
    offered = await forger.sends(Forgery(AUTOCOMPLETE, typed), "direct")
    assert offered is not None
    assert "silver" not in str(offered)
    assert "Traceback" not in bot.log
