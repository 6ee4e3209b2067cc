"""What people do in battles, and the bot's database beside it, in which a deadline can be let come at once."""

import json
from pathlib import Path
from typing import Any

from storage.battles import Battle, BattleDeadline, BattleStore
from storage.database import Database
from storage.deadlines import DeadlineStore
from storage.tournaments import TournamentStore
from tests.end_to_end.person import Message, Person
from tests.end_to_end.results import answered, labels

THEME = "月夜 moonlit shrine ✨"

QUICK_PROFILE = {
    "title": "A model that draws in one step",
    "guidance_scale": 1.0,
    "recommended_guidance_scale": [1.0, 2.0],
    "num_inference_steps": 1,
    "recommended_num_inference_steps": [1, 8],
    "quality_tags": "masterpiece",
    "lighter_quality_tags": "masterpiece",
    "negative_prompt": "",
    "tag_order": ["subject", "character", "series", "tags", "year", "rating", "quality"],
}
"""Forms have no field for steps."""


def settings_of(checkpoint: Path, folder: Path) -> dict[str, str]:
    """The practice model, drawing in one step."""
    profile = {
        f"ANIM4GINE_PROFILES__QUICK__{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in QUICK_PROFILE.items()
    }
    return {
        "ANIM4GINE_MODEL__SOURCE": str(checkpoint),
        "ANIM4GINE_MODEL__PROFILE": "quick",
        **profile,
        "ANIM4GINE_DATABASE__URL": f"sqlite+aiosqlite:///{folder / 'bot.db'}",
        "ANIM4GINE_DRAWING__PREVIEW_INTERVAL_S": "60",
    }


class Beside:
    """The bot's database, looked into and hurried beside the bot."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite+aiosqlite:///{folder / 'bot.db'}")
        self.battles = BattleStore(self.database)
        self.tournaments = TournamentStore(self.database)

    async def battle(self, guild_id: str) -> Battle:
        """The newest battle that isn't over."""
        return (await self.battles.active(int(guild_id)))[0]

    async def is_due(self, battle_id: str, kind: BattleDeadline) -> None:
        """Let a deadline be now."""
        found = await self.battles.find(battle_id)
        assert found is not None
        await DeadlineStore(self.database).set(battle_id, kind, found.created_at)


async def challenged(challenger: Person, opponent: Person, **options: Any) -> Message:
    """Challenge somebody; returns the challenge."""
    answer = await challenger.use("battle start", opponent=opponent, theme=THEME, aspect="square", **options)
    message: Message = answer["message"]
    return message


async def card(person: Person, player: Person, besides: frozenset[str] = frozenset()) -> Message:
    """Wait for a card with a Draw button for this player, other than those `besides`."""
    return await person.waits_for(
        lambda it: labels(it) == ["Draw"] and f"<@{player.id}>" in it["content"] and it["id"] not in besides
    )


async def draws(person: Person, shown: Message, tags: str = "1girl, shrine, night") -> Message:
    """Draw by the card's form; returns the private result."""
    form = (await person.press(shown, "Draw"))["modal"]
    answer = await person.submit(form, tags=tags)
    return await person.waits_for_picture(answer)


async def enters(person: Person, result: Message) -> str:
    """Enter a result; returns what the person is told."""
    return str((await answered(person, await person.press(result, "Enter")))["content"])


async def told(person: Person, words: str) -> Message:
    """Wait until this person has read so."""
    return await person.waits_for(lambda it: words in it["content"])
