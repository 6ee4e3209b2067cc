"""`/battle`: two draw the same theme from the same seed, and the channel says whose picture is better."""

import secrets
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.edit_form import fields_of
from cogs.error_answers import answering_errors
from cogs.errors import ServersOnly
from cogs.events.battle_buttons import BattleAction, BattleButton, battle_view
from cogs.events.battle_form import CUSTOM_ID, BattleForm, battle_request
from cogs.events.battle_messages import (
    THEME_LENGTH,
    accepted_text,
    challenge_embed,
    challenge_text,
    declined_text,
    entered_last_text,
    entered_text,
    voted_text,
)
from cogs.events.battle_stages import BattleStages
from cogs.events.errors import (
    ChallengesWaiting,
    EventNotOpen,
    EventUnknown,
    OnlyTheInvited,
    OnlyThePlayers,
    OpponentUnfit,
    PlayersDontVote,
)
from cogs.events.themes import require_fit_themes
from cogs.imagine import ASPECT_CHOICES
from cogs.language import language_of
from cogs.parts import Parts
from cogs.permissions import require_permissions
from cogs.plain_text import NO_MENTIONS
from events.versus import LEFT_LETTER, RIGHT_LETTER
from generation.aspect_ratio import AspectRatio
from generation.job import Job
from generation.occasion import Occasion
from generation.request import SEED_LIMIT
from storage.battles import CHALLENGES_MAX, INVITED_FOR, Battle, BattleEntry, BattleState, new_battle_id

MINUTES_MAX = 50
"""For each phase. Messages more than an hour old can hardly be edited, and the card is, when the drawing ends."""

DRAWINGS_MAX = 20
"""Pictures that each of the two may have drawn for one battle."""

NAME_LENGTH = 100


@app_commands.guild_only()
class Battles(commands.GroupCog, name="battle", description="Two draw the same theme; the channel votes."):
    """Takes challenges, entries and votes. What is due of a battle is done by its stages."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    async def cog_load(self) -> None:
        """Let the bot know the buttons and what to do at deadlines."""
        self._bot.add_dynamic_items(BattleButton)
        self._bot.deadline_handlers.update(BattleStages(self._bot, self._parts).handlers)
        self._bot.enter_handlers.append(self.enter)

    async def cog_unload(self) -> None:
        """Forget them."""
        self._bot.remove_dynamic_items(BattleButton)
        self._bot.enter_handlers.remove(self.enter)

    @app_commands.command()
    @app_commands.describe(
        opponent="Whom you challenge",
        theme="What both are to draw",
        minutes="How long you both have, 10 unless you say otherwise",
        voting="For how many minutes the others vote, 10 unless you say otherwise",
        aspect="The shape of both pictures (portrait 2:3 unless you say otherwise)",
    )
    @app_commands.choices(aspect=ASPECT_CHOICES)
    async def start(
        self,
        interaction: discord.Interaction,
        opponent: discord.User,
        theme: app_commands.Range[str, 1, THEME_LENGTH],
        minutes: app_commands.Range[int, 1, MINUTES_MAX] = 10,
        voting: app_commands.Range[int, 1, MINUTES_MAX] = 10,
        aspect: str = AspectRatio.PORTRAIT.value,
    ) -> None:
        """Challenge somebody to a prompt battle."""
        guild_id = server_of(interaction)
        require_permissions(interaction)
        if opponent.bot or opponent.id == interaction.user.id:
            raise OpponentUnfit
        await require_fit_themes(self._parts, interaction, [theme])
        settled = await self._parts.guilds.settings(guild_id)
        battle = Battle(
            id=new_battle_id(),
            guild_id=guild_id,
            channel_id=interaction.channel_id or 0,
            theme=theme,
            minutes=minutes,
            voting_minutes=voting,
            aspect=AspectRatio.parse(aspect).value,
            seed=secrets.randbelow(SEED_LIMIT),
            challenger_id=interaction.user.id,
            challenger_name=interaction.user.display_name[:NAME_LENGTH],
            opponent_id=opponent.id,
            opponent_name=opponent.display_name[:NAME_LENGTH],
            state=BattleState.INVITED,
            locale=settled.language or str(interaction.locale),
            created_at=self._parts.clock(),
        )
        if not await self._parts.battles.challenge(battle):
            raise ChallengesWaiting(CHALLENGES_MAX)
        say = language_of(battle.locale)
        answer = await interaction.response.send_message(
            challenge_text(say, battle),
            embed=challenge_embed(say, battle, battle.created_at + INVITED_FOR),
            view=battle_view(battle.id, say, BattleAction.ACCEPT, BattleAction.DECLINE),
            allowed_mentions=discord.AllowedMentions(users=[opponent]),
        )
        await self._parts.battles.posted(battle.id, invite=answer.message_id)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take the form by its custom_id, also when it was opened before a restart."""
        data: dict[str, Any] = dict(interaction.data or {})
        is_form = interaction.type is discord.InteractionType.modal_submit
        if is_form and (named := CUSTOM_ID.fullmatch(str(data.get("custom_id")))):
            async with answering_errors(interaction):
                battle = self._drawable(await self._found(interaction, named["battle"]), interaction.user.id)
                occasion = Occasion(event_id=battle.id, images_per_person=DRAWINGS_MAX)
                request = battle_request(battle, fields_of(interaction))
                await self._bot.drawing.draw(interaction, request, is_private=True, occasion=occasion)

    async def act(self, interaction: discord.Interaction[Any], action: BattleAction, battle_id: str) -> None:
        """Do what a button says.

        Raises:
            EventUnknown: there is no such battle in this server.
            EventNotOpen: it is too late for that.
            OnlyTheInvited, OnlyThePlayers, PlayersDontVote: it isn't theirs to do.
        """
        battle = await self._found(interaction, battle_id)
        match action:
            case BattleAction.ACCEPT | BattleAction.DECLINE:
                await self._answer(interaction, action, battle)
            case BattleAction.DRAW:
                form = BattleForm(
                    self._drawable(battle, interaction.user.id), language_of(interaction.locale)
                )
                await interaction.response.send_modal(form)
            case BattleAction.VOTE_LEFT | BattleAction.VOTE_RIGHT:
                await self._vote(interaction, action, battle)

    async def enter(self, interaction: discord.Interaction[Any], job: Job, number: int) -> bool:
        """Enter a picture in the battle that it was drawn for; False where it was for something else.

        Raises:
            EventNotOpen: the time is over, or both have entered.
            OnlyThePlayers: it isn't their battle.
        """
        battle = None if job.occasion is None else await self._parts.battles.find(job.occasion)
        if battle is None or battle.guild_id != interaction.guild_id:
            return False
        self._drawable(battle, interaction.user.id)
        entry = BattleEntry(interaction.user.id, job.id, number, self._parts.clock())
        after = await self._parts.battles.enter(battle.id, entry)
        if after is None:
            raise EventNotOpen(None)
        say = language_of(interaction.locale)
        is_last = after.state is BattleState.VOTING
        text = entered_last_text(say) if is_last else entered_text(say, after)
        await interaction.response.send_message(text, ephemeral=True)
        return True

    async def _answer(
        self, interaction: discord.Interaction[Any], action: BattleAction, battle: Battle
    ) -> None:
        if interaction.user.id != battle.opponent_id:
            raise OnlyTheInvited
        say, now = language_of(battle.locale), self._parts.clock()
        if action is BattleAction.ACCEPT:
            # Who presses again, since the answer was lost, finds it accepted.
            is_on = await self._parts.battles.accept(battle.id, now) or battle.state is BattleState.DRAWING
            text = accepted_text(say, battle)
        else:
            is_on = await self._parts.battles.refuse(battle.id, now)
            text = declined_text(say, battle)
        if not is_on:
            raise EventNotOpen(None)
        await interaction.response.edit_message(
            content=text, embed=None, view=None, allowed_mentions=NO_MENTIONS
        )

    async def _vote(
        self, interaction: discord.Interaction[Any], action: BattleAction, battle: Battle
    ) -> None:
        if interaction.user.id in battle.players:
            raise PlayersDontVote
        is_left = action is BattleAction.VOTE_LEFT
        for_id = battle.sides[0 if is_left else 1]
        if not await self._parts.battles.vote(battle.id, interaction.user.id, for_id, self._parts.clock()):
            raise EventNotOpen(None)
        letter = LEFT_LETTER if is_left else RIGHT_LETTER
        text = voted_text(language_of(interaction.locale), letter, battle.phase_ends_at)
        await interaction.response.send_message(text, ephemeral=True)

    async def _found(self, interaction: discord.Interaction[Any], battle_id: str) -> Battle:
        battle = await self._parts.battles.find(battle_id)
        if battle is None or battle.guild_id != interaction.guild_id:
            raise EventUnknown
        return battle

    @staticmethod
    def _drawable(battle: Battle, user_id: int) -> Battle:
        if user_id not in battle.players:
            raise OnlyThePlayers
        if battle.state is not BattleState.DRAWING:
            raise EventNotOpen(None)
        return battle


def server_of(interaction: discord.Interaction[Any]) -> int:
    """Return the id of the server that has the bot.

    Raises:
        ServersOnly: there is none.
    """
    if interaction.guild_id is None or not interaction.is_guild_integration():
        raise ServersOnly
    return interaction.guild_id
