"""`/settings`: what a server's moderators settle for it, on one panel of menus with two pages."""

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.discord_limits import CHOICES
from cogs.error_answers import answering_errors
from cogs.errors import LogChannelClosed
from cogs.language import ENGLISH, Language, language_names, language_of
from cogs.parts import Parts
from cogs.permissions import missing_to_report
from cogs.plain_text import NO_MENTIONS
from cogs.role_limits import RoleMenu, limited_role, limits_told, role_menu, settle_role_limits
from cogs.standing import require_manager
from generation.place import Place
from generation.rating import Rating
from storage.guilds import GuildSettings


class Page(Enum):
    """What of the panel is shown. The value stands in the buttons' custom_ids."""

    DRAWING = "drawing"
    PEOPLE = "people"


class Setting(Enum):
    """What can be settled by a menu. The value stands in its custom_id."""

    CEILING = "ceiling"
    CHANNELS = "channels"
    VISIBILITY = "visibility"
    LANGUAGE = "language"
    LOG = "log"

    @property
    def page(self) -> Page:
        """Where its menu is."""
        return Page.PEOPLE if self in (Setting.LANGUAGE, Setting.LOG) else Page.DRAWING


class ServerSettings(commands.Cog):
    """Shows the panel to those who manage the server."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    async def cog_load(self) -> None:
        """Make the menus work, also those shown before a restart."""
        self._bot.add_dynamic_items(SettingMenu, SettingsPageButton, RoleMenu)

    async def cog_unload(self) -> None:
        """Forget them."""
        self._bot.remove_dynamic_items(SettingMenu, SettingsPageButton, RoleMenu)

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def settings(self, interaction: discord.Interaction) -> None:
        """Settle how I work in this server."""
        guild_id = require_manager(interaction)
        settled = await self._parts.guilds.settings(guild_id)
        say = language_of(interaction.locale)
        await interaction.response.send_message(
            _told(self._parts, settled, say),
            view=_panel(settled, say, Page.DRAWING),
            ephemeral=True,
            allowed_mentions=NO_MENTIONS,
        )

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take the form of a role's limits by its custom_id, also when it was opened before a restart."""
        if (role_id := limited_role(interaction)) is not None:
            async with answering_errors(interaction):
                guild_id = require_manager(interaction)
                await settle_role_limits(interaction, self._parts.guilds, guild_id, role_id)
                await _show(interaction, self._parts, guild_id, Page.PEOPLE)


class SettingMenu(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View] | discord.ui.ChannelSelect[discord.ui.View]],
    template="setting:(?P<setting>ceiling|channels|language|log|visibility)",
):
    """Settles one thing, for whoever may."""

    def __init__(
        self,
        setting: Setting,
        menu: discord.ui.Select[discord.ui.View] | discord.ui.ChannelSelect[discord.ui.View],
    ) -> None:
        super().__init__(menu)
        self._setting = setting

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the menu that was used."""
        return cls(Setting(match["setting"]), discord.ui.Select(custom_id=match.group()))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Settle what was chosen, and show the panel anew."""
        async with answering_errors(interaction):
            guild_id = require_manager(interaction)
            bot: DrawingBot = interaction.client
            data: dict[str, Any] = dict(interaction.data or {})
            values = _settled_values(self._setting, [str(value) for value in data.get("values") or []])
            _check_log_channel(interaction, values.get("log_channel_id"))
            if values:
                await bot.parts.guilds.settle(guild_id, interaction.user.id, interaction.created_at, **values)
            await _show(interaction, bot.parts, guild_id, self._setting.page)


class SettingsPageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template="settings-page:(?P<page>drawing|people)",
):
    """Turns to the other page of the panel."""

    def __init__(self, page: Page, say: Language = ENGLISH, *, is_shown: bool = False) -> None:
        label = say("Drawing") if page is Page.DRAWING else say("People and reports")
        super().__init__(
            discord.ui.Button(label=label, custom_id=f"settings-page:{page.value}", disabled=is_shown)
        )
        self._page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(Page(match["page"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page, to whoever may see it."""
        async with answering_errors(interaction):
            guild_id = require_manager(interaction)
            bot: DrawingBot = interaction.client
            await _show(interaction, bot.parts, guild_id, self._page)


async def _show(interaction: discord.Interaction[Any], parts: Parts, guild_id: int, page: Page) -> None:
    """Show the panel as it is now, in the message that shows it already."""
    say = language_of(interaction.locale)
    settled = await parts.guilds.settings(guild_id)
    await interaction.response.edit_message(
        content=_told(parts, settled, say), view=_panel(settled, say, page), allowed_mentions=NO_MENTIONS
    )


def _check_log_channel(interaction: discord.Interaction[Any], channel_id: int | None) -> None:
    """Find out now, rather than at the first report, that I can't write there.

    Raises:
        LogChannelClosed: names what lacks. A channel that I don't know is taken on trust.
    """
    if channel_id is None or interaction.guild is None:
        return
    channel = interaction.guild.get_channel(channel_id)
    if channel is not None and (missing := missing_to_report(channel)):
        raise LogChannelClosed(channel_id, missing)


def _settled_values(setting: Setting, chosen: list[str]) -> dict[str, Any]:
    """The columns that a choice settles; none where somebody sent what isn't offered."""
    first = chosen[0] if chosen else ""
    ids = [int(value) for value in chosen if value.isdecimal() and len(value) <= 20]
    match setting:
        case Setting.CEILING if first in {rating.value for rating in Rating}:
            return {"ceiling": first}
        case Setting.LANGUAGE if first in language_names() or not first:
            return {"language": first or None}
        case Setting.VISIBILITY if first in ("everybody", "asker"):
            return {"is_private": first == "asker"}
        case Setting.CHANNELS:
            return {"channel_ids": sorted(set(ids))[:CHOICES]}
        case Setting.LOG:
            return {"log_channel_id": ids[0] if ids else None}
        case _:
            return {}


def _told(parts: Parts, settled: GuildSettings, say: Language) -> str:
    """What holds now, in words."""
    gatekeeper = parts.service.gatekeeper
    ordinary = gatekeeper.highest_ceiling(Place(guild_id=1, channel_id=1))
    restricted = gatekeeper.highest_ceiling(Place(guild_id=1, channel_id=1, is_age_restricted=True))
    channels = ", ".join(f"<#{channel_id}>" for channel_id in settled.channel_ids) or say("everywhere")
    log_channel = f"<#{settled.log_channel_id}>" if settled.log_channel_id else say("none")
    lines = (
        (say("Where I draw"), channels),
        (
            say("Rating at most"),
            f"`{settled.ceiling}`" if settled.ceiling else say("safe in ordinary channels"),
        ),
        (say("Who sees the pictures"), say("only who asked") if settled.is_private else say("everybody")),
        (say("Where reports go"), log_channel),
        (
            say("Language of pictures for all"),
            language_names().get(settled.language or "", say("the asker's")),
        ),
        (say("Limits by role"), limits_told(settled.limits, say) or say("the bot's own")),
    )
    return "\n".join(
        [
            *(f"• {name}: {value}" for name, value in lines),
            "-# "
            + say(
                "The bot's operator allows `{ordinary}` at most in ordinary channels, and `{restricted}` in those that "
                "Discord marks as age-restricted.",
                ordinary=ordinary.value,
                restricted=restricted.value,
            ),
        ]
    )


def _panel(settled: GuildSettings, say: Language, page: Page) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in _drawing_menus(settled, say) if page is Page.DRAWING else _people_menus(settled, say):
        view.add_item(item)
    for each in Page:
        view.add_item(SettingsPageButton(each, say, is_shown=each is page))
    return view


def _drawing_menus(settled: GuildSettings, say: Language) -> Iterator[discord.ui.Item[Any]]:
    channels: discord.ui.ChannelSelect[discord.ui.View] = discord.ui.ChannelSelect(
        custom_id="setting:channels",
        channel_types=[discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum],
        placeholder=say("Where I draw: everywhere"),
        min_values=0,
        max_values=CHOICES,
        default_values=_channels(settled.channel_ids),
    )
    ceilings = [(rating.value, rating.value, settled.ceiling == rating.value) for rating in Rating]
    visibilities = [
        (say("Everybody sees the pictures"), "everybody", not settled.is_private),
        (say("Only who asked sees the pictures"), "asker", settled.is_private),
    ]
    yield SettingMenu(Setting.CHANNELS, channels)
    yield _menu(Setting.CEILING, say("Rating at most"), ceilings)
    yield _menu(Setting.VISIBILITY, say("Who sees the pictures"), visibilities)


def _people_menus(settled: GuildSettings, say: Language) -> Iterator[discord.ui.Item[Any]]:
    log_channel: discord.ui.ChannelSelect[discord.ui.View] = discord.ui.ChannelSelect(
        custom_id="setting:log",
        channel_types=[discord.ChannelType.text],
        placeholder=say("Where reports go: nowhere"),
        min_values=0,
        max_values=1,
        default_values=_channels([settled.log_channel_id] if settled.log_channel_id else []),
    )
    languages = [(name, code, settled.language == code) for code, name in language_names().items()]
    yield SettingMenu(Setting.LOG, log_channel)
    yield _menu(Setting.LANGUAGE, say("Language of pictures for all"), languages, is_optional=True)
    yield role_menu(say)


def _menu(
    setting: Setting, placeholder: str, options: list[tuple[str, str, bool]], *, is_optional: bool = False
) -> SettingMenu:
    select: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        custom_id=f"setting:{setting.value}",
        placeholder=placeholder,
        min_values=0 if is_optional else 1,
        options=[
            discord.SelectOption(label=label, value=value, default=is_chosen)
            for label, value, is_chosen in options
        ],
    )
    return SettingMenu(setting, select)


def _channels(ids: Any) -> list[discord.SelectDefaultValue]:
    return [
        discord.SelectDefaultValue(id=channel_id, type=discord.SelectDefaultValueType.channel)
        for channel_id in ids
    ]
