"""`/preset`: options under a name, a person's own or a server's."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from cogs import sentences
from cogs.discord_limits import CHOICES
from cogs.drawing import Drawing
from cogs.errors import ModeratorsOnly, PresetUnknown, ServersOnly
from cogs.language import language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS
from generation.errors import JobUnknown
from generation.request import SEED_LIMIT, GenerationRequest
from generation.request_record import options_to_json, request_from_json
from storage.presets import Owner, OwnerKind, Preset

_Name = app_commands.Range[str, 1, 40]


class Presets(commands.GroupCog, name="preset", description="Options under a name, to be drawn again."):
    """Keeps presets and has them drawn."""

    def __init__(self, parts: Parts, drawing: Drawing) -> None:
        self._parts = parts
        self._drawing = drawing

    @app_commands.command()
    @app_commands.describe(
        name="What to call it", image="A picture's id; your last drawing, if you leave it out"
    )
    async def save(self, interaction: discord.Interaction, name: _Name, image: str = "") -> None:
        """Keep the options of a drawing under a name."""
        say, user_id = language_of(interaction.locale), interaction.user.id
        if image:
            job = await self._parts.past_jobs.find(image, user_id, with_pictures=False)
        else:
            job = await self._parts.past_jobs.of_person(user_id, await self._parts.past_jobs.count(user_id))
        await self._parts.service.gatekeeper.check_telling(job)
        owner = Owner(OwnerKind.PERSON, user_id)
        kept = await self._parts.presets.save(
            owner, name.strip(), options_to_json(job.request), user_id, interaction.created_at
        )
        sentence = sentences.preset_saved(say, name) if kept else sentences.too_many_presets(say)
        await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)

    @app_commands.command()
    @app_commands.describe(
        name="Which preset; your own go before the server's",
        tags="What to draw besides, as tags",
        seed="A number that repeats a picture; the same seed and options give the same picture",
    )
    async def use(
        self,
        interaction: discord.Interaction,
        name: _Name,
        tags: str = "",
        seed: app_commands.Range[int, 0, SEED_LIMIT - 1] | None = None,
    ) -> None:
        """Draw with the options of a preset."""
        request = _read(await self._found(interaction, name))
        both = ", ".join(text for text in (request.tags, tags.strip(" ,")) if text)
        usual = await self._drawing.usual(interaction)
        await self._drawing.draw(
            interaction, replace(request, tags=both, seed=seed), is_private=usual.is_private
        )

    @app_commands.command(name="list")
    async def list_all(self, interaction: discord.Interaction) -> None:
        """See your presets and the server's."""
        say = language_of(interaction.locale)
        listed = [(owner.kind, await self._parts.presets.of(owner)) for owner in _owners(interaction)]
        mine = [preset for kind, presets in listed if kind is OwnerKind.PERSON for preset in presets]
        ours = [preset for kind, presets in listed if kind is OwnerKind.GUILD for preset in presets]
        await interaction.response.send_message(
            sentences.presets(say, [_line(each) for each in mine], [_line(each) for each in ours]),
            ephemeral=True,
            allowed_mentions=NO_MENTIONS,
        )

    @app_commands.command()
    @app_commands.describe(name="Which of your presets")
    async def share(self, interaction: discord.Interaction, name: _Name) -> None:
        """Give one of your presets to the server, for everybody to use (moderators)."""
        guild = _moderated_guild(interaction)
        mine = await self._parts.presets.find(name, Owner(OwnerKind.PERSON, interaction.user.id))
        if mine is None:
            raise PresetUnknown(name)
        kept = await self._parts.presets.save(
            guild, mine.name, mine.options, interaction.user.id, interaction.created_at
        )
        say = language_of(interaction.locale)
        sentence = sentences.preset_shared(say, mine.name) if kept else sentences.too_many_presets(say)
        await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)

    @app_commands.command()
    @app_commands.describe(name="Which preset", server="The server's one, not yours (moderators)")
    async def delete(self, interaction: discord.Interaction, name: _Name, server: bool = False) -> None:
        """Forget a preset."""
        owner = _moderated_guild(interaction) if server else Owner(OwnerKind.PERSON, interaction.user.id)
        found = await self._parts.presets.find(name, owner)
        if found is None:
            raise PresetUnknown(name)
        await self._parts.presets.delete(owner, found.name)
        say = language_of(interaction.locale)
        await interaction.response.send_message(
            sentences.preset_deleted(say, found.name), ephemeral=True, allowed_mentions=NO_MENTIONS
        )

    @use.autocomplete("name")
    @share.autocomplete("name")
    @delete.autocomplete("name")
    async def offer_names(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the presets whose names contain what is typed."""
        names = [
            preset.name for owner in _owners(interaction) for preset in await self._parts.presets.of(owner)
        ]
        wanted = [name for name in dict.fromkeys(names) if typed.casefold() in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in wanted[:CHOICES]]

    async def _found(self, interaction: discord.Interaction, name: str) -> Preset:
        found = await self._parts.presets.find(name, *_owners(interaction))
        if found is None:
            raise PresetUnknown(name)
        return found


def _owners(interaction: discord.Interaction) -> list[Owner]:
    """Whose presets somebody may use here, the nearest first."""
    owners = [Owner(OwnerKind.PERSON, interaction.user.id)]
    if interaction.guild_id is not None:
        owners.append(Owner(OwnerKind.GUILD, interaction.guild_id))
    return owners


def _moderated_guild(interaction: discord.Interaction) -> Owner:
    """The server, for those who manage it."""
    if interaction.guild_id is None:
        raise ServersOnly
    if not interaction.permissions.manage_guild:
        raise ModeratorsOnly
    return Owner(OwnerKind.GUILD, interaction.guild_id)


def _read(preset: Preset) -> GenerationRequest:
    try:
        return request_from_json(preset.options)
    except ValueError as error:
        raise JobUnknown from error


def _line(preset: Preset) -> tuple[str, str]:
    return preset.name, str(preset.options.get("tags", ""))
