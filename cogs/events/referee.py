"""`/referee`: what moderators do about battles and tournaments; each deed is in the audit log."""

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.discord_limits import CHOICE_LENGTH, CHOICES
from cogs.events.errors import EventNotOpen, EventUnknown, MatchesAreWon, NotInIt
from cogs.events.posts import change, post_once
from cogs.events.tournament_messages import cancelled_text
from cogs.language import language_of
from cogs.moderation import REASON_LENGTH
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS, shortened
from cogs.standing import require_moderator
from storage.battles import ACTIVE, Battle
from storage.tournaments import UNDER_WAY, Tournament

_Reason = app_commands.Range[str, None, REASON_LENGTH]


@app_commands.default_permissions(manage_messages=True)
@app_commands.guild_only()
class Referee(commands.GroupCog, name="referee", description="Battles and tournaments, for moderators."):
    """For those who may remove others' messages; all answers are for them alone."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    @app_commands.command()
    @app_commands.describe(
        event="Which battle, or tournament with all its battles", reason="Why, for the audit log"
    )
    async def end(self, interaction: discord.Interaction, event: str, reason: _Reason = "") -> None:
        """End what a battle is in now, the drawing or the vote."""
        found = await self._found(interaction, event)
        by, now = interaction.user.id, self._parts.clock()
        hastened = [
            await self._parts.battles.hasten(battle.id, by, now, reason)
            for battle in await self._battles(found)
        ]
        if not any(hastened):
            raise EventNotOpen(None)
        say = language_of(interaction.locale)
        await self._tell(interaction, say("It ends now; what follows is on its way."))

    @app_commands.command()
    @app_commands.describe(reason="Why, for the audit log")
    async def guessing(self, interaction: discord.Interaction, reason: _Reason = "") -> None:
        """End this channel's guessing game; the board follows."""
        guild_id = require_moderator(interaction)
        game = await self._parts.guessing.in_channel(interaction.channel_id or 0)
        if game is None or game.guild_id != guild_id:
            raise EventUnknown
        now = self._parts.clock()
        if not await self._parts.guessing.end(game.id, now, by=interaction.user.id, reason=reason):
            raise EventNotOpen(None)
        say = language_of(interaction.locale)
        await self._tell(interaction, say("It ends now; what follows is on its way."))

    @app_commands.command()
    @app_commands.describe(event="Which battle or tournament", reason="Why, for the audit log")
    async def cancel(self, interaction: discord.Interaction, event: str, reason: _Reason = "") -> None:
        """Call a battle or tournament off, without a winner."""
        found = await self._found(interaction, event)
        by, now = interaction.user.id, self._parts.clock()
        say = language_of(interaction.locale)
        if isinstance(found, Battle):
            if found.tournament_id is not None:
                raise MatchesAreWon
            if not await self._parts.battles.cancel(found.id, by, now, reason):
                raise EventNotOpen(None)
            await self._tell(interaction, say("It is called off."))
            await self._close(found)
            return
        battles = await self._parts.tournaments.cancel(found, by, now, reason)
        if battles is None:
            raise EventNotOpen(None)
        await self._tell(interaction, say("It is called off."))
        text = cancelled_text(language_of(found.locale), found)
        await post_once(self._bot, found.channel_id, f"{found.id}-off", content=text)
        for battle in battles:
            await self._close(battle)

    @app_commands.command()
    @app_commands.describe(
        event="Which battle or tournament", member="Who is out", reason="Why, for the audit log"
    )
    async def disqualify(
        self, interaction: discord.Interaction, event: str, member: discord.User, reason: _Reason = ""
    ) -> None:
        """Put somebody out: the other one wins."""
        found = await self._found(interaction, event)
        by, now = interaction.user.id, self._parts.clock()
        is_out = False
        tournament = await self._tournament_of(found)
        if tournament is not None:
            is_out = await self._parts.tournaments.disqualify(tournament, member.id, by, now, reason)
        for battle in await self._battles(tournament or found):
            is_out |= await self._parts.battles.disqualify(battle.id, member.id, by, now, reason)
        if not is_out:
            raise NotInIt
        say = language_of(interaction.locale)
        await self._tell(interaction, say("{member} is out.", member=member.mention))

    @end.autocomplete("event")
    @cancel.autocomplete("event")
    @disqualify.autocomplete("event")
    async def offer_events(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what is under way and contains what is typed."""
        guild_id = interaction.guild_id or 0
        offers = [
            (f"🏆 {tournament.title}", tournament.id)
            for tournament in await self._parts.tournaments.under_way(guild_id)
        ] + [
            (f"⚔️ {battle.challenger_name} / {battle.opponent_name}: {battle.theme}", battle.id)
            for battle in await self._parts.battles.active(guild_id)
        ]
        wanted = [(name, value) for name, value in offers if typed.casefold() in name.casefold()]
        return [
            app_commands.Choice(name=shortened(name, CHOICE_LENGTH), value=value)
            for name, value in wanted[:CHOICES]
        ]

    async def _found(self, interaction: discord.Interaction, event_id: str) -> Battle | Tournament:
        """The event of this id, for a moderator.

        Raises:
            ServersOnly, ModeratorsOnly: they may not.
            EventUnknown: there is no such event in this server.
        """
        guild_id = require_moderator(interaction)
        found = await self._parts.battles.find(event_id) or await self._parts.tournaments.find(event_id)
        if found is None or found.guild_id != guild_id:
            raise EventUnknown
        return found

    async def _battles(self, found: Battle | Tournament) -> list[Battle]:
        """The battle itself, or those of a tournament that aren't over."""
        if isinstance(found, Battle):
            return [found]
        return [
            battle for battle in await self._parts.battles.of_tournament(found.id) if battle.state in ACTIVE
        ]

    async def _tournament_of(self, found: Battle | Tournament) -> Tournament | None:
        if isinstance(found, Tournament):
            return found if found.state in UNDER_WAY else None
        if found.tournament_id is None:
            return None
        return await self._parts.tournaments.find(found.tournament_id)

    async def _close(self, battle: Battle) -> None:
        """Take the buttons from a battle that was called off, and say so."""
        for message_id in (battle.card_message_id, battle.show_message_id):
            await change(self._bot, battle.channel_id, message_id, view=None)
        text = language_of(battle.locale)("This battle was called off by the moderators.")
        newest = battle.show_message_id or battle.card_message_id or battle.invite_message_id
        await change(
            self._bot, battle.channel_id, newest, content=text, view=None, allowed_mentions=NO_MENTIONS
        )

    @staticmethod
    async def _tell(interaction: discord.Interaction, text: str) -> None:
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NO_MENTIONS)
