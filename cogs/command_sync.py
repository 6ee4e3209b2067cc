"""Making the commands known to Discord, only when it doesn't know them as they are: it takes 200 new ones a day."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import discord
from discord import app_commands


async def sync_commands(tree: app_commands.CommandTree[Any], remembered: Path) -> bool:
    """Tell Discord of the tree's commands, unless they are what the file `remembered` says was told last.

    Discord is asked which it has, by name: another program with the same token may have replaced them meanwhile.
    Returns whether they had to be told.

    Raises:
        discord.HTTPException: Discord doesn't take them.
    """
    told = await _fingerprint(tree)
    known = {(command.name, command.type) for command in await tree.fetch_commands()}
    if known == names_of(tree) and await asyncio.to_thread(_read, remembered) == told:
        return False
    await tree.sync()
    await asyncio.to_thread(_write, remembered, told)
    return True


def names_of(tree: app_commands.CommandTree[Any]) -> set[tuple[str, discord.AppCommandType]]:
    """What the tree's commands are called, and of which kind each is."""
    return {(command.name, _kind(command)) for command in tree.get_commands()}


async def _fingerprint(tree: app_commands.CommandTree[Any]) -> str:
    """A hash of all that Discord would be sent, translations included, and of whose commands they are."""
    translator = tree.translator
    payloads = [
        await command.get_translated_payload(tree, translator) if translator else command.to_dict(tree)
        for command in tree.get_commands()
    ]
    payloads.sort(key=lambda payload: (payload["name"], payload.get("type", 1)))
    text = json.dumps([tree.client.application_id, payloads], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _kind(command: object) -> discord.AppCommandType:
    return (
        command.type if isinstance(command, app_commands.ContextMenu) else discord.AppCommandType.chat_input
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n", encoding="ascii")
