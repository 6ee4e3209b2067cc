"""`/privacy`: people see what is stored of them, and have it removed."""

import asyncio
import io
import json
import re
import zipfile
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs import sentences
from cogs.client import DrawingBot
from cogs.error_answers import answering_errors
from cogs.errors import NotYours
from cogs.language import ENGLISH, Language, language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS

EXPORT_NAME = "your-data.zip"
OVERHEAD_BYTES = 64 * 1024
"""What a zip's directory and the request's frames take beside the files."""


class Privacy(commands.GroupCog, name="privacy", description="What I store about you."):
    """Gives people their data, and removes it; all answers are for the asker alone."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._personal_data = parts.personal_data
        self._people = parts.people

    async def cog_load(self) -> None:
        """Make the button work, also one shown before a restart."""
        self._bot.add_dynamic_items(EraseButton)

    async def cog_unload(self) -> None:
        """Forget it."""
        self._bot.remove_dynamic_items(EraseButton)

    @app_commands.command()
    async def export(self, interaction: discord.Interaction) -> None:
        """Get everything that I store about you, as a file."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        archive, left_out = await self._archive(interaction.user.id, interaction.filesize_limit)
        await interaction.followup.send(
            sentences.personal_data(language_of(interaction.locale), left_out),
            file=discord.File(io.BytesIO(archive), EXPORT_NAME),
            ephemeral=True,
        )

    @app_commands.command()
    async def delete(self, interaction: discord.Interaction) -> None:
        """Remove everything that I store about you."""
        say = language_of(interaction.locale)
        view = discord.ui.View(timeout=None).add_item(EraseButton(interaction.user.id, say))
        await interaction.response.send_message(sentences.confirm_erasure(say), view=view, ephemeral=True)

    async def _archive(self, user_id: int, limit_bytes: int) -> tuple[bytes, int]:
        """Pack what is stored, and the newest pictures as far as they fit; returns how many did not."""
        export = await self._personal_data.export(user_id)
        files = [("jobs.json", _json(export.jobs)), ("kept.json", _json(export.kept))]
        if reference := await self._people.reference(user_id):
            files.append(("reference.webp", reference[0]))
        left_out, room = 0, limit_bytes - OVERHEAD_BYTES - sum(len(content) for _, content in files)
        for number, file_hash in enumerate(export.file_hashes):
            picture = await self._personal_data.picture(file_hash) if room > 0 else b""
            if picture is None:
                continue
            if not picture or len(picture) > room:
                left_out += 1
                continue
            room -= len(picture)
            files.append((f"{number:04d}-{file_hash[:12]}.png", picture))
        return await asyncio.to_thread(_zipped, files), left_out


class EraseButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template="privacy:erase:(?P<user>[0-9]{1,20})"
):
    """Asks once more before everything is removed; for nobody but the one it names."""

    def __init__(self, user_id: int, say: Language = ENGLISH) -> None:
        super().__init__(
            discord.ui.Button(
                label=say("Remove everything"),
                style=discord.ButtonStyle.danger,
                custom_id=f"privacy:erase:{user_id}",
            )
        )
        self._user_id = user_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(int(match["user"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        async with answering_errors(interaction):
            if interaction.user.id != self._user_id:
                raise NotYours
            await interaction.response.defer()
            bot: DrawingBot = interaction.client
            await bot.parts.service.cancel_all(self._user_id)
            pictures = await bot.parts.personal_data.erase(self._user_id)
            await interaction.edit_original_response(
                content=sentences.erased(language_of(interaction.locale), pictures),
                view=None,
                allowed_mentions=NO_MENTIONS,
            )


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _zipped(files: list[tuple[str, bytes]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return content.getvalue()
