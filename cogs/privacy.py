"""`/privacy`: people see what is stored of them, and have it removed."""

import asyncio
import io
import json
import zipfile

import discord
from discord import app_commands
from discord.ext import commands

from cogs import sentences
from cogs.error_answers import answering_errors
from cogs.language import Language, language_of
from cogs.plain_text import NO_MENTIONS
from generation.service import GenerationService
from storage.personal_data import PersonalData

EXPORT_NAME = "your-data.zip"
OVERHEAD_BYTES = 64 * 1024
"""What a zip's directory and the request's frames take beside the files."""

CONFIRM_TIMEOUT_S = 300.0


class Privacy(commands.GroupCog, name="privacy", description="What I store about you."):
    """Gives people their data, and removes it; all answers are for the asker alone."""

    def __init__(self, service: GenerationService, personal_data: PersonalData) -> None:
        self._service = service
        self._personal_data = personal_data

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
        view = _Confirmation(self._service, self._personal_data, say)
        await interaction.response.send_message(sentences.confirm_erasure(say), view=view, ephemeral=True)

    async def _archive(self, user_id: int, limit_bytes: int) -> tuple[bytes, int]:
        """Pack jobs, and the newest pictures as far as they fit; returns how many did not."""
        export = await self._personal_data.export(user_id)
        jobs = json.dumps(export.jobs, ensure_ascii=False, indent=1).encode()
        files, left_out, room = [("jobs.json", jobs)], 0, limit_bytes - OVERHEAD_BYTES - len(jobs)
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


class _Confirmation(discord.ui.View):
    """Asks once more before everything is removed."""

    def __init__(self, service: GenerationService, personal_data: PersonalData, say: Language) -> None:
        super().__init__(timeout=CONFIRM_TIMEOUT_S)
        self.remove.label = say("Remove everything")
        self._service = service
        self._personal_data = personal_data

    @discord.ui.button(style=discord.ButtonStyle.danger)
    async def remove(
        self, interaction: discord.Interaction, _button: discord.ui.Button["_Confirmation"]
    ) -> None:
        """Do it."""
        async with answering_errors(interaction):
            await interaction.response.defer()
            await self._service.cancel_all(interaction.user.id)
            pictures = await self._personal_data.erase(interaction.user.id)
            await interaction.edit_original_response(
                content=sentences.erased(language_of(interaction.locale), pictures),
                view=None,
                allowed_mentions=NO_MENTIONS,
            )
            self.stop()


def _zipped(files: list[tuple[str, bytes]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return content.getvalue()
