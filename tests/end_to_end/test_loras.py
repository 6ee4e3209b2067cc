"""LoRAs as members ask for them: by the option, by name in the text, within what their rating allows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from diffusers import StableDiffusionXLPipeline

from sandbox import SandboxServer
from tests.end_to_end.bot_process import BotProcess
from tests.end_to_end.person import Person
from tests.end_to_end.results import EPHEMERAL, drawn, prompt
from tests.generation.engine.lora_files import write_kohya_lora


@pytest.fixture
async def bot(server: SandboxServer, tiny_checkpoint: Path, tmp_path: Path) -> AsyncIterator[BotProcess]:
    """A bot with two LoRAs, one of them not for everywhere."""
    folder = tmp_path / "loras"
    folder.mkdir()
    pipeline = StableDiffusionXLPipeline.from_pretrained(tiny_checkpoint)
    for seed, name in enumerate(("ink", "bold")):
        write_kohya_lora(pipeline, folder / f"{name}.safetensors", seed)
    settings = {
        "ANIM4GINE_MODEL__SOURCE": str(tiny_checkpoint),
        "ANIM4GINE_MODEL__LORA_FOLDER": str(folder),
        "ANIM4GINE_LORAS__INK__TITLE": "Ink wash",
        "ANIM4GINE_LORAS__INK__TRIGGERS": "ink wash, monochrome",
        "ANIM4GINE_LORAS__BOLD__RATING": "nsfw",
    }
    async with BotProcess(server, tmp_path, settings) as process:
        yield process


async def test_a_lora_changes_the_picture_brings_its_triggers_and_leaks_into_no_other(
    bot: BotProcess, aoi: Person, ren: Person
) -> None:
    async def picture(person: Person, tags: str, **options: str) -> bytes:
        message = await drawn(person, tags, seed=7, aspect="square", **options)
        return await person.download(message["attachments"][0])

    alone = await picture(aoi, "1girl")
    by_option, by_name, beside = await asyncio.gather(
        picture(aoi, "1girl", lora="Ink wash"),
        picture(ren, "1girl, <lora:ink:1>"),
        picture(aoi, "1girl"),
    )
    assert by_option == by_name != alone
    assert beside == alone
    message = await drawn(aoi, "1girl, <lora:ink:0.5>")
    assert "ink wash, monochrome" in prompt(message)
    assert "<lora" not in prompt(message)
    assert [it["name"] for it in await aoi.is_offered("imagine", "lora", "wash")] == ["Ink wash"]


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ("1girl, <lora:inc:1>", "no LoRA inc"),
        ("1girl, <lora:ink:9>", "weight of ink"),
        ("1girl, <lora:bold:1>", "isn't allowed in this channel"),
        ("child, <lora:bold:1>", "suggests a minor"),
    ],
)
async def test_a_lora_that_cannot_or_may_not_be_used_is_told(
    bot: BotProcess, aoi: Person, tags: str, told: str
) -> None:
    await aoi.use("imagine", tags=tags, steps=2)
    refused = await aoi.waits_for(lambda it: told in it["content"])
    assert refused["flags"] & EPHEMERAL
