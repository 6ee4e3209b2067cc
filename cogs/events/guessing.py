"""`/guess`: I draw from hidden tags, and the channel guesses them."""

import asyncio
import random
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.edit_form import fields_of
from cogs.error_answers import answering_errors
from cogs.errors import ServersOnly
from cogs.events.errors import EventNotOpen, EventUnknown, GameIsOn, NothingToHide
from cogs.events.guess_buttons import FIELD, FORM_ID, GuessButton, GuessForm
from cogs.events.guess_messages import (
    found_text,
    late_text,
    missed_text,
    pause_text,
    so_far_text,
    started_text,
    too_many_text,
)
from cogs.imagine import RATING_CHOICES
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.permissions import require_permissions
from cogs.place import place_of, role_ids_of
from cogs.plain_text import NO_MENTIONS
from events.guessing import (
    GUESSES_AT_ONCE,
    TAGS_MAX,
    TAGS_MIN,
    Secret,
    is_warm,
    pick_secret,
    points,
    recognise,
    split_guesses,
)
from generation.occasion import Occasion
from generation.place import Place
from generation.rating import Rating
from generation.request import GenerationRequest
from storage.guessing import Counted, GameState, Guess, GuessingGame, GuessingStore, new_game_id

MINUTES_MAX = 45
"""The card is edited at the end, and messages of more than an hour can hardly be."""

Text = app_commands.Range[str, None, 100]


class Guessing(commands.GroupCog, name="guess", description="I draw from hidden tags; you guess them."):
    """Starts games and takes guesses. What is due of a game is done by its stages."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts
        self._menu = app_commands.ContextMenu(name="Guess the tags", callback=self.guess_the_tags)

    async def cog_load(self) -> None:
        """Let the bot know the buttons, and the menu, which belongs to no cog of itself."""
        self._bot.add_dynamic_items(GuessButton)
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Forget them."""
        self._bot.remove_dynamic_items(GuessButton)
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @property
    def _store(self) -> GuessingStore:
        return self._parts.guessing

    @app_commands.command()
    @app_commands.describe(
        tags="How many tags are hidden, 5 unless you say otherwise",
        minutes="How long you all have, 10 unless you say otherwise",
        rating="How revealing the picture may be (safe unless you say otherwise)",
    )
    @app_commands.choices(rating=RATING_CHOICES)
    @app_commands.guild_only()
    async def start(
        self,
        interaction: discord.Interaction,
        tags: app_commands.Range[int, TAGS_MIN, TAGS_MAX] = 5,
        minutes: app_commands.Range[int, 1, MINUTES_MAX] = 10,
        rating: str = Rating.SAFE.value,
    ) -> None:
        """Start a guessing game in this channel."""
        place = place_of(interaction)
        if place.guild_id is None:
            raise ServersOnly
        require_permissions(interaction)
        await interaction.response.defer(thinking=True)
        secret = await self._picked(tags, place)
        settled = await self._parts.guilds.settings(place.guild_id)
        game = GuessingGame(
            id=new_game_id(),
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            started_by=interaction.user.id,
            secret=secret.to_json(),
            tag_count=len(secret.tags),
            minutes=minutes,
            state=GameState.DRAWING,
            locale=settled.language or str(interaction.locale),
            created_at=self._parts.clock(),
        )
        if not await self._store.open(game):
            raise GameIsOn
        try:
            await self._draw(interaction, game, secret, place, Rating(rating))
        except BaseException:
            # Neither refused nor lost requests may keep the channel.
            await asyncio.shield(self._store.fail(game.id, self._parts.clock()))
            raise
        text = started_text(language_of(game.locale), game.started_by, game.tag_count)
        await interaction.edit_original_response(content=text, allowed_mentions=NO_MENTIONS)

    async def _picked(self, count: int, place: Place) -> Secret:
        """Choose the hidden tags among those that may be drawn here.

        Raises:
            NothingToHide: the server's rules leave too few.
        """
        dictionary = self._parts.dictionary
        names = [tag.name for group in dictionary.groups for tag in dictionary.of_group(group)]
        allowed = await self._parts.service.gatekeeper.may_be_asked_for(names, place)
        may_be_drawn = {name for name, is_allowed in zip(names, allowed, strict=True) if is_allowed}
        secret = pick_secret(dictionary, count, random.SystemRandom(), may_be_drawn.__contains__)
        if len(secret.tags) < TAGS_MIN:
            raise NothingToHide
        return secret

    async def _draw(
        self,
        interaction: discord.Interaction,
        game: GuessingGame,
        secret: Secret,
        place: Place,
        rating: Rating,
    ) -> None:
        """Have the picture drawn, on the starter's account: theirs are the limits."""
        request = GenerationRequest(tags=secret.prompt, subject=secret.subject, rating=rating)
        job = await self._parts.service.submit(
            request,
            interaction.user.id,
            place,
            role_ids=role_ids_of(interaction),
            locale=game.locale,
            occasion=Occasion(event_id=game.id),
        )
        await self._store.is_drawn_by(game.id, job.id)
        self._bot.delivery.follow(job)

    async def guess_the_tags(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Guess, from the menu of a game's message."""
        game = await self._store.in_channel(interaction.channel_id or 0)
        if game is None or message.author.id != interaction.client.application_id:
            raise EventUnknown
        await self.ask(interaction, game.id)

    async def ask(self, interaction: discord.Interaction[Any], game_id: str) -> None:
        """Open the form.

        Raises:
            EventUnknown: there is no such game in this server.
            EventNotOpen: it is over.
        """
        game = await self._running(interaction, game_id)
        await interaction.response.send_modal(GuessForm(game.id, language_of(interaction.locale)))

    async def tell_so_far(self, interaction: discord.Interaction[Any], game_id: str) -> None:
        """Show somebody how a game stands.

        Raises:
            EventUnknown, EventNotOpen: see `ask`.
        """
        game = await self._running(interaction, game_id)
        finds = await self._store.finds(game.id)
        say, secret = language_of(interaction.locale), Secret.from_json(game.secret)
        text = so_far_text(say, game, secret, finds, self._parts.dictionary.groups)
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NO_MENTIONS)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take the form by its custom_id, also when it was opened before a restart."""
        data: dict[str, Any] = dict(interaction.data or {})
        is_form = interaction.type is discord.InteractionType.modal_submit
        if is_form and (named := FORM_ID.fullmatch(str(data.get("custom_id")))):
            async with answering_errors(interaction):
                typed = fields_of(interaction).get(FIELD, "")
                await self._take(interaction, named["game"], split_guesses(typed))

    async def _take(self, interaction: discord.Interaction[Any], game_id: str, texts: list[str]) -> None:
        """Count guesses: what is found everybody hears, the rest is told to the guesser alone."""
        game = await self._running(interaction, game_id)
        await self._parts.service.gatekeeper.check_person(interaction.user.id, game.guild_id)
        secret, at = Secret.from_json(game.secret), self._parts.clock()
        guesses = [self._read(game, secret, text, at) for text in texts[:GUESSES_AT_ONCE]]
        counted = await self._store.guess(game.id, interaction.user.id, guesses, at)
        if counted is None:
            raise EventNotOpen(None)
        say = language_of(interaction.locale)
        if counted.free_at is not None:
            await _tell(interaction, pause_text(say, counted.free_at))
            return
        own = await self._told_alone(say, game, secret, guesses, counted)
        if len(texts) > GUESSES_AT_ONCE:
            own.append(too_many_text(say))
        if counted.found:
            everybodys = language_of(game.locale)
            text = found_text(everybodys, interaction.user.id, counted.found, secret, counted.left)
            await interaction.response.send_message(text, allowed_mentions=NO_MENTIONS)
            if own:
                await interaction.followup.send("\n".join(own), ephemeral=True, allowed_mentions=NO_MENTIONS)
        else:
            await _tell(interaction, "\n".join(own) or say("You haven't guessed anything."))

    def _read(self, game: GuessingGame, secret: Secret, text: str, at: Any) -> Guess:
        number = recognise(text, secret.tags, self._known)
        if number is None or game.begun_at is None or game.ends_at is None:
            return Guess(text)
        return Guess(text, number, points(secret.tags[number], game.begun_at, game.ends_at, at))

    async def _told_alone(
        self, say: Language, game: GuessingGame, secret: Secret, guesses: list[Guess], counted: Counted
    ) -> list[str]:
        """What a guesser hears besides what they found."""
        found = {find.number for find in await self._store.finds(game.id)}
        left = [tag for number, tag in enumerate(secret.tags) if number not in found]
        missed = [each.text for each in guesses if each.number is None and each.text not in counted.repeated]
        warm = [text for text in missed if is_warm(text, left, self._group_of)]
        wrong = [text for text in missed if text not in warm]
        parts = [late_text(say, counted.late, secret), missed_text(say, wrong, warm, counted.repeated)]
        return [part for part in parts if part]

    def _known(self, text: str) -> str | None:
        tag = self._parts.search.find(text)
        return None if tag is None else tag.name

    def _group_of(self, text: str) -> str | None:
        tag = self._parts.search.find(text)
        return None if tag is None else tag.group

    async def _running(self, interaction: discord.Interaction[Any], game_id: str) -> GuessingGame:
        game = await self._store.find(game_id)
        if game is None or game.guild_id != interaction.guild_id:
            raise EventUnknown
        if game.state is not GameState.RUNNING:
            raise EventNotOpen(None)
        return game


async def _tell(interaction: discord.Interaction[Any], text: str) -> None:
    await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NO_MENTIONS)
