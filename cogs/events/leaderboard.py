"""`/leaderboard` and `/season`: who leads in a server, and since when that is counted."""

import re
from typing import Any, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.discord_limits import CHOICES
from cogs.error_answers import answering_errors
from cogs.errors import ServersOnly
from cogs.events.guess_messages import place_mark
from cogs.job_message import ACCENT
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS, inline
from cogs.sentences import bold
from cogs.standing import require_moderator
from storage.standing_tables import SEASON_LENGTH
from storage.standings import Leaderboard, SeasonStanding

PAGE_LENGTH = 10

_Name = app_commands.Range[str, 1, SEASON_LENGTH]


class Leaderboards(commands.Cog):
    """Shows who stands where."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    async def cog_load(self) -> None:
        """Make the buttons work, also of boards shown before a restart."""
        self._bot.add_dynamic_items(BoardButton)

    async def cog_unload(self) -> None:
        """Forget them."""
        self._bot.remove_dynamic_items(BoardButton)

    @app_commands.command()
    @app_commands.describe(season="Which season; the one that is on, if you leave it out")
    @app_commands.guild_only()
    async def leaderboard(self, interaction: discord.Interaction, season: _Name | None = None) -> None:
        """See who leads in this server's events."""
        guild_id = _server(interaction)
        if season is None:
            season = await self._parts.standings.season(guild_id, self._parts.clock())
        shown = await board_page(self._parts, interaction, guild_id, season.strip(), 1)
        await interaction.response.send_message(**shown, ephemeral=True, allowed_mentions=NO_MENTIONS)

    @leaderboard.autocomplete("season")
    async def offer_seasons(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the seasons that somebody stands in."""
        seasons = await self._parts.standings.seasons(interaction.guild_id or 0)
        wanted = [name for name in seasons if typed.casefold() in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in wanted[:CHOICES]]


@app_commands.default_permissions(manage_messages=True)
@app_commands.guild_only()
class Seasons(commands.GroupCog, name="season", description="Seasons of the leaderboard, for moderators."):
    """For those who may remove others' messages; all answers are for them alone."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @app_commands.command()
    @app_commands.describe(name="What to call it; a name of before goes on with that season")
    async def start(self, interaction: discord.Interaction, name: _Name) -> None:
        """Start a season: the leaderboard begins anew."""
        guild_id = require_moderator(interaction)
        name = " ".join(name.split()) or "?"
        await self._parts.standings.start_season(guild_id, name, interaction.user.id, self._parts.clock())
        say = language_of(interaction.locale)
        text = say(
            "From now on the events of this server count for the season {name}.", name=bold(inline(name))
        )
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NO_MENTIONS)


class BoardButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"board:(?P<page>[0-9]{{1,6}}):(?P<season>.{{1,{SEASON_LENGTH}}})",
):
    """Turns to a page of a season."""

    def __init__(self, page: int, season: str, label: str = "", *, disabled: bool = False) -> None:
        super().__init__(
            discord.ui.Button(label=label, disabled=disabled, custom_id=f"board:{page}:{season}")
        )
        self._page = page
        self._season = season

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was pressed."""
        return cls(int(match["page"]), match["season"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show that page in place of this one."""
        async with answering_errors(interaction):
            bot: DrawingBot = interaction.client
            guild_id = _server(interaction)
            shown = await board_page(bot.parts, interaction, guild_id, self._season, self._page)
            await interaction.response.edit_message(**shown, allowed_mentions=NO_MENTIONS)


async def board_page(
    parts: Parts, interaction: discord.Interaction[Any], guild_id: int, season: str, page: int
) -> dict[str, Any]:
    """One page of a season, and where the one who looks stands in it."""
    say = language_of(interaction.locale)
    board = await parts.standings.leaderboard(
        guild_id, season, interaction.user.id, page=page, length=PAGE_LENGTH
    )
    pages = max(1, -(-board.people // PAGE_LENGTH))
    embed = discord.Embed(
        title="🏆 " + say("Leaderboard: {season}", season=inline(season)),
        description="\n".join(_lines(say, board)),
        colour=ACCENT,
    )
    if pages > 1:
        embed.set_footer(text=say("Page {page} of {pages}", page=page, pages=pages))
    view = discord.ui.View(timeout=None)
    if pages > 1:
        view.add_item(BoardButton(max(1, page - 1), season, "◀ " + say("Higher places"), disabled=page <= 1))
        view.add_item(BoardButton(page + 1, season, say("Lower places") + " ▶", disabled=page >= pages))
    return {"embed": embed, "view": view}


def _lines(say: Language, board: Leaderboard) -> list[str]:
    if not board.people:
        return [say("Nobody has points in this season yet. Contests, battles and guessing games bring them.")]
    lines = [_line(say, standing) for standing in board.standings]
    if board.own is not None and board.own not in board.standings:
        lines += ["", say("You:"), _line(say, board.own)]
    elif board.own is None:
        lines += ["", "-# " + say("You have no points in this season yet.")]
    return lines


def _line(say: Language, standing: SeasonStanding) -> str:
    points = say.counted("{count} point", "{count} points", standing.points)
    events = say.counted("{count} event", "{count} events", standing.events)
    line = f"{place_mark(standing.place)} <@{standing.user_id}>: {bold(points)} · {events}"
    if standing.wins:
        line += " · " + say.counted("{count} won", "{count} won", standing.wins)
    return line


def _server(interaction: discord.Interaction[Any]) -> int:
    if interaction.guild_id is None or not interaction.is_guild_integration():
        raise ServersOnly
    return interaction.guild_id
