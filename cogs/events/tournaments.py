"""`/tournament`: people join, are seeded by lot, and meet in prompt battles until one is left."""

import secrets
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.discord_limits import CHOICE_LENGTH, CHOICES
from cogs.events.battles import MINUTES_MAX, NAME_LENGTH, server_of
from cogs.events.errors import EventNotOpen, EventUnknown, TournamentFull, WrongCount
from cogs.events.themes import require_fit_themes
from cogs.events.tournament_buttons import TournamentAction, TournamentButton, tournament_view
from cogs.events.tournament_messages import (
    THEMES_LENGTH,
    TITLE_LENGTH,
    call_embed,
    joined_list,
    joined_text,
    title_of,
)
from cogs.events.tournament_rounds import TournamentRounds
from cogs.imagine import ASPECT_CHOICES
from cogs.language import language_of
from cogs.parts import Parts
from cogs.permissions import require_permissions
from cogs.plain_text import NO_MENTIONS, shortened
from cogs.standing import require_moderator
from events.bracket import PEOPLE_MAX, PEOPLE_MIN, drawn_by_lot
from generation.aspect_ratio import AspectRatio
from storage.battles import new_battle_id
from storage.tournaments import Joined, Tournament, TournamentState

LOTS = 2**32


@app_commands.guild_only()
class Tournaments(commands.GroupCog, name="tournament", description="Battles until one is left."):
    """Lets people in and out, and begins. The rounds are held by `tournament_rounds.py`."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts
        self._rounds = TournamentRounds(bot, parts)

    async def cog_load(self) -> None:
        """Let the bot know the buttons and what to do at deadlines."""
        self._bot.add_dynamic_items(TournamentButton)
        self._bot.deadline_handlers.update(self._rounds.handlers)

    async def cog_unload(self) -> None:
        """Forget them."""
        self._bot.remove_dynamic_items(TournamentButton)

    @app_commands.command()
    @app_commands.describe(
        title="What it is called",
        theme="What is drawn; a theme for each round with | between",
        minutes="How long the two of a battle have, 10 unless you say otherwise",
        voting="For how many minutes the others vote, 10 unless you say otherwise",
        aspect="The shape of all pictures (portrait 2:3 unless you say otherwise)",
    )
    @app_commands.choices(aspect=ASPECT_CHOICES)
    async def create(
        self,
        interaction: discord.Interaction,
        title: app_commands.Range[str, 1, TITLE_LENGTH],
        theme: app_commands.Range[str, 1, THEMES_LENGTH],
        minutes: app_commands.Range[int, 1, MINUTES_MAX] = 10,
        voting: app_commands.Range[int, 1, MINUTES_MAX] = 10,
        aspect: str = AspectRatio.PORTRAIT.value,
    ) -> None:
        """Call for people to join a tournament; for moderators."""
        guild_id = require_moderator(interaction)
        require_permissions(interaction)
        themes = [part.strip() for part in theme.split("|") if part.strip()] or [theme]
        await require_fit_themes(self._parts, interaction, [title, *themes])
        settled = await self._parts.guilds.settings(guild_id)
        tournament = Tournament(
            id=new_battle_id(),
            guild_id=guild_id,
            channel_id=interaction.channel_id or 0,
            title=title,
            themes=themes,
            minutes=minutes,
            voting_minutes=voting,
            aspect=AspectRatio.parse(aspect).value,
            state=TournamentState.OPEN,
            locale=settled.language or str(interaction.locale),
            created_by=interaction.user.id,
            created_at=self._parts.clock(),
        )
        await self._parts.tournaments.create(tournament)
        say = language_of(tournament.locale)
        await interaction.response.send_message(
            embed=call_embed(say, tournament),
            view=tournament_view(tournament.id, say),
            allowed_mentions=NO_MENTIONS,
        )

    @app_commands.command()
    @app_commands.describe(tournament="Which one; the newest, if you leave it out")
    async def start(self, interaction: discord.Interaction, tournament: str = "") -> None:
        """Seed the people by lot and begin; for moderators."""
        require_moderator(interaction)
        found = await self._named(interaction, tournament)
        people = [player.user_id for player in await self._parts.tournaments.players(found.id)]
        if found.state is TournamentState.OPEN and not PEOPLE_MIN <= len(people) <= PEOPLE_MAX:
            raise WrongCount(len(people), PEOPLE_MIN, PEOPLE_MAX)
        lot = secrets.randbelow(LOTS)
        seeds = drawn_by_lot(people, lot).seeds if found.state is TournamentState.OPEN else ()
        if not await self._parts.tournaments.start(
            found, seeds, lot, interaction.user.id, self._parts.clock()
        ):
            raise EventNotOpen(None)
        say = language_of(interaction.locale)
        text = say("**{title}** begins; the bracket follows.", title=title_of(found))
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NO_MENTIONS)

    @app_commands.command()
    @app_commands.describe(tournament="Which one; the newest, if you leave it out")
    async def join(self, interaction: discord.Interaction, tournament: str = "") -> None:
        """Take part in a tournament."""
        await self._join(interaction, await self._named(interaction, tournament))

    @app_commands.command()
    @app_commands.describe(tournament="Which one; the newest, if you leave it out")
    async def leave(self, interaction: discord.Interaction, tournament: str = "") -> None:
        """Leave a tournament that hasn't begun."""
        await self._leave(interaction, await self._named(interaction, tournament))

    @app_commands.command()
    @app_commands.describe(tournament="Which one; the newest, if you leave it out")
    async def bracket(self, interaction: discord.Interaction, tournament: str = "") -> None:
        """See who meets whom, for you alone."""
        await self._show(interaction, await self._named(interaction, tournament))

    @start.autocomplete("tournament")
    @join.autocomplete("tournament")
    @leave.autocomplete("tournament")
    @bracket.autocomplete("tournament")
    async def offer_tournaments(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer those under way whose titles contain what is typed."""
        under_way = await self._parts.tournaments.under_way(interaction.guild_id or 0)
        wanted = [found for found in under_way if typed.casefold() in found.title.casefold()]
        return [
            app_commands.Choice(name=shortened(found.title, CHOICE_LENGTH), value=found.id)
            for found in wanted[:CHOICES]
        ]

    async def act(
        self, interaction: discord.Interaction[Any], action: TournamentAction, tournament_id: str
    ) -> None:
        """Do what a button says.

        Raises:
            EventUnknown: there is no such tournament in this server.
            EventNotOpen: it is too late for that, or too early.
            TournamentFull: no more may join.
        """
        found = await self._named(interaction, tournament_id)
        match action:
            case TournamentAction.JOIN:
                await self._join(interaction, found)
            case TournamentAction.LEAVE:
                await self._leave(interaction, found)
            case TournamentAction.BRACKET:
                await self._show(interaction, found)

    async def _join(self, interaction: discord.Interaction[Any], tournament: Tournament) -> None:
        user, now = interaction.user, self._parts.clock()
        await self._parts.service.gatekeeper.check_person(user.id, tournament.guild_id)
        joined = await self._parts.tournaments.join(
            tournament.id, user.id, user.display_name[:NAME_LENGTH], now, PEOPLE_MAX
        )
        if joined is Joined.CLOSED:
            raise EventNotOpen(None)
        if joined is Joined.FULL:
            raise TournamentFull
        count = len(await self._parts.tournaments.players(tournament.id))
        text = joined_text(language_of(interaction.locale), count)
        await interaction.response.send_message(text, ephemeral=True)

    async def _leave(self, interaction: discord.Interaction[Any], tournament: Tournament) -> None:
        say = language_of(interaction.locale)
        if await self._parts.tournaments.leave(tournament.id, interaction.user.id):
            text = say("You are out again.")
        elif tournament.state is TournamentState.OPEN:
            text = say("You hadn't joined.")
        else:
            text = say("It has begun. If you stay away, your next battle is the other one's.")
        await interaction.response.send_message(text, ephemeral=True)

    async def _show(self, interaction: discord.Interaction[Any], tournament: Tournament) -> None:
        if not tournament.seeds:
            names = [player.name for player in await self._parts.tournaments.players(tournament.id)]
            text = joined_list(language_of(interaction.locale), names)
            await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NO_MENTIONS)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        picture = await self._rounds.picture(tournament, await self._rounds.bracket(tournament))
        await interaction.edit_original_response(attachments=[picture.as_file()])

    async def _named(self, interaction: discord.Interaction[Any], tournament_id: str) -> Tournament:
        """The tournament of this id, or else the server's newest under way.

        Raises:
            EventUnknown: there is none.
        """
        guild_id = server_of(interaction)
        if tournament_id:
            found = await self._parts.tournaments.find(tournament_id)
        else:
            found = next(iter(await self._parts.tournaments.under_way(guild_id)), None)
        if found is None or found.guild_id != guild_id:
            raise EventUnknown
        return found
