"""`/event`: contests are made, drawn for, listed and told of."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.discord_limits import CONTENT_LENGTH
from cogs.edit_form import fields_of
from cogs.error_answers import answering_errors
from cogs.events.contest_buttons import CONTEST_ITEMS
from cogs.events.contest_card import link, state_in_words
from cogs.events.contest_host import announced_in_words
from cogs.events.contest_making import (
    THEME_LENGTH,
    TITLE_LENGTH,
    ContestOptions,
    read_contest,
    require_permissions_for,
)
from cogs.events.contest_results import results_message
from cogs.events.draw_form import CUSTOM_ID
from cogs.events.errors import EventNotOpen
from cogs.events.event_choice import meant, offered
from cogs.imagine import ASPECT_CHOICES, RATING_CHOICES, SUBJECTS, Text
from cogs.language import language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS, inline, shortened
from cogs.standing import require_moderator
from cogs.tag_completion import TagCompletion
from generation.aspect_ratio import AspectRatio
from generation.quality import Quality
from generation.rating import Rating
from generation.request import COUNT, NUM_INFERENCE_STEPS, SEED_LIMIT, GenerationRequest
from storage.contests import LIVING, ContestState, Voting

DAYS_MAX = 365
_VOTING_CHOICES = [
    app_commands.Choice(name="A ballot with up to three picks", value=Voting.BALLOT.value),
    app_commands.Choice(name="Two at a time: which is better?", value=Voting.PAIRWISE.value),
]
_Tags = app_commands.Range[str, None, 500]
_Moment = app_commands.Range[str, 1, 40]
_Days = app_commands.Range[int, 0, DAYS_MAX]
_Place = discord.TextChannel | discord.ForumChannel | discord.Thread


@app_commands.guild_only()
class Contests(commands.GroupCog, name="event", description="Contests that this server holds."):
    """Reads the arguments; what happens stands in the desk, the booth and the host."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts
        self._completion = TagCompletion(parts)

    async def cog_load(self) -> None:
        """Make buttons work, also those posted before a restart, and take over contests' deadlines."""
        self._bot.add_dynamic_items(*CONTEST_ITEMS)
        self._bot.deadline_handlers |= self._bot.contest_host.handlers

    async def cog_unload(self) -> None:
        """Forget them."""
        self._bot.remove_dynamic_items(*CONTEST_ITEMS)
        for kind in self._bot.contest_host.handlers:
            self._bot.deadline_handlers.pop(kind, None)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Take the Draw button's form by its custom_id, also when it was opened before a restart."""
        data: dict[str, Any] = dict(interaction.data or {})
        is_form = interaction.type is discord.InteractionType.modal_submit
        if is_form and (named := CUSTOM_ID.fullmatch(str(data.get("custom_id")))):
            async with answering_errors(interaction):
                fields, usual = fields_of(interaction), await self._bot.drawing.usual(interaction)
                request = GenerationRequest(
                    tags=fields.get("tags", ""),
                    negative_prompt=fields.get("negative", "") or usual.negative,
                    quality=usual.quality,
                    aspect_ratio=usual.aspect,
                )
                await self._bot.contest_desk.draw(interaction, named["contest"], request)

    @app_commands.command()
    @app_commands.describe(
        title="What the contest is called",
        theme="What is to be drawn",
        ends="When entries end: after 2h30m or 3d, or at 2026-12-24 18:00 (UTC)",
        voting="How it is voted on (a ballot unless you say otherwise)",
        voting_ends="How long it is voted on after that (a day unless you say otherwise)",
        starts="When it starts (now unless you say otherwise)",
        required="Tags that are in every picture",
        forbidden="Tags that are in none; gun* forbids gunner too",
        aspect="The shape of every picture",
        seed="One seed for all: the best prompt wins",
        rating="How revealing a picture may be at most",
        entries="Entries a person (1 unless you say otherwise)",
        drawings="Pictures that a person may have drawn for it",
        where="Where it is held: in a thread, or as a post of a forum (here unless you say otherwise)",
        role="Only members with this role take part",
        account_days="Only accounts that are as many days old take part",
        member_days="Only those take part who joined as many days ago",
        reward="A role that the winner gets",
    )
    @app_commands.choices(aspect=ASPECT_CHOICES, rating=RATING_CHOICES, voting=_VOTING_CHOICES)
    async def create(
        self,
        interaction: discord.Interaction,
        title: app_commands.Range[str, 1, TITLE_LENGTH],
        theme: app_commands.Range[str, 1, THEME_LENGTH],
        ends: _Moment,
        voting: str = Voting.BALLOT.value,
        voting_ends: _Moment = "1d",
        starts: _Moment | None = None,
        required: _Tags = "",
        forbidden: _Tags = "",
        aspect: str | None = None,
        seed: app_commands.Range[int, 0, SEED_LIMIT - 1] | None = None,
        rating: str | None = None,
        entries: app_commands.Range[int, 1, 10] = 1,
        drawings: app_commands.Range[int, 1, 500] | None = None,
        where: _Place | None = None,
        role: discord.Role | None = None,
        account_days: _Days = 0,
        member_days: _Days = 0,
        reward: discord.Role | None = None,
    ) -> None:
        """Hold a contest (for moderators)."""
        guild_id = require_moderator(interaction)
        place: Any = where or interaction.channel
        require_permissions_for(interaction, place, reward)
        settled = await self._parts.guilds.settings(guild_id)
        contest = read_contest(
            ContestOptions(
                title=title,
                theme=theme,
                ends=ends,
                voting_ends=voting_ends,
                starts=starts,
                voting=voting,
                required=required,
                forbidden=forbidden,
                aspect=aspect,
                seed=seed,
                rating=rating,
                entries=entries,
                drawings=drawings,
                role_id=None if role is None else role.id,
                account_days=account_days,
                member_days=member_days,
                reward_role_id=None if reward is None else reward.id,
            ),
            guild_id=guild_id,
            channel_id=place.id,
            created_by=interaction.user.id,
            now=interaction.created_at,
            locale=settled.language or str(interaction.guild_locale or interaction.locale),
        )
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._parts.contests.create(contest)
        contest = await self._bot.contest_host.announce(contest)
        say = language_of(interaction.locale)
        text = announced_in_words(contest, say, is_scheduled=contest.scheduled_event_id is not None)
        await interaction.edit_original_response(content=text, allowed_mentions=NO_MENTIONS)

    @app_commands.command()
    @app_commands.describe(
        tags="What to draw, as tags with commas between: silver hair, night, city lights",
        event="Which contest it is for (the one that is held here unless you say otherwise)",
        subject="Who is in the picture: 1girl, 1boy, 2girls, ... (goes first, as the model learnt it)",
        character="A character's name, such as hatsune miku; brings the series along",
        negative="What to keep out, as tags; joined with the model's own negative prompt",
        rating="How revealing the picture may be (safe unless you say otherwise)",
        aspect="The picture's shape (portrait 2:3 unless you say otherwise)",
        steps="Denoising steps; 25-28 suit Animagine XL 4.0 best",
        seed="A number that repeats a picture; the same seed and options give the same picture",
        count="How many pictures, 1 to 4; each has its own seed",
    )
    @app_commands.choices(rating=RATING_CHOICES, aspect=ASPECT_CHOICES)
    async def draw(
        self,
        interaction: discord.Interaction,
        tags: Text,
        event: str | None = None,
        subject: Text = "",
        character: Text = "",
        negative: Text | None = None,
        rating: str = Rating.SAFE.value,
        aspect: str | None = None,
        steps: app_commands.Range[int, NUM_INFERENCE_STEPS.start, NUM_INFERENCE_STEPS.stop - 1] | None = None,
        seed: app_commands.Range[int, 0, SEED_LIMIT - 1] | None = None,
        count: app_commands.Range[int, COUNT.start, COUNT.stop - 1] = 1,
    ) -> None:
        """Draw for a contest; only you see the picture until the vote."""
        contest = await meant(self._parts, interaction, event, [ContestState.OPEN])
        usual = await self._bot.drawing.usual(interaction)
        request = GenerationRequest(
            tags=tags,
            subject=subject,
            character=character,
            negative_prompt=usual.negative if negative is None else negative,
            quality=usual.quality if usual.quality is not None else Quality.RECOMMENDED,
            rating=Rating(rating),
            aspect_ratio=usual.aspect if aspect is None else AspectRatio.parse(aspect),
            num_inference_steps=steps,
            seed=seed,
            count=count,
        )
        await self._bot.contest_desk.draw(interaction, contest.id, request)

    @app_commands.command(name="list")
    async def list_events(self, interaction: discord.Interaction) -> None:
        """See which contests there are."""
        say = language_of(interaction.locale)
        contests = await self._parts.contests.of_guild(interaction.guild_id or 0, *LIVING)
        lines = [f"• **{inline(it.title)}** {link(it)} {state_in_words(it, say)}" for it in contests]
        text = "\n".join(lines) or say("There is no contest now.")
        await interaction.response.send_message(
            shortened(text, CONTENT_LENGTH), ephemeral=True, allowed_mentions=NO_MENTIONS
        )

    @app_commands.command()
    @app_commands.describe(event="Which contest (the one that was held here unless you say otherwise)")
    async def results(self, interaction: discord.Interaction, event: str | None = None) -> None:
        """See who won a contest."""
        contest = await meant(self._parts, interaction, event, [ContestState.ENDED])
        if contest.state is not ContestState.ENDED:
            raise EventNotOpen(contest.voting_ends_at if contest.state in LIVING else None)
        await interaction.response.defer(ephemeral=True, thinking=True)
        host, say = self._bot.contest_host, language_of(interaction.locale)
        message = await results_message(contest, await host.result(contest), host.pictures, say)
        files = [message["file"]] if "file" in message else []
        await interaction.edit_original_response(embed=message["embed"], attachments=files)

    @draw.autocomplete("event")
    async def offer_open(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer contests that take entries."""
        return await offered(self._parts, interaction, typed, ContestState.OPEN)

    @results.autocomplete("event")
    async def offer_ended(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer contests that are over."""
        return await offered(self._parts, interaction, typed, ContestState.ENDED)

    @draw.autocomplete("tags")
    async def offer_tags(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what the last tag may become."""
        return await self._completion.offers(interaction, typed, with_series=True)

    @draw.autocomplete("subject")
    async def offer_subjects(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the subjects that contain what is typed."""
        matches = [subject for subject in SUBJECTS if typed.lower().strip() in subject]
        return [app_commands.Choice(name=subject, value=subject) for subject in matches]
