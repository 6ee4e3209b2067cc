"""`/policy`: what a prompt would meet here, and a server's own lists of tags."""

import asyncio
from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from cogs.discord_limits import CHOICE_LENGTH, CHOICES, CONTENT_LENGTH
from cogs.errors import EntryUnusable, ListFull
from cogs.imagine import RATING_CHOICES
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.place import place_of
from cogs.plain_text import NO_MENTIONS, inline, shortened
from cogs.policy_refusals import policy_refusal
from cogs.standing import is_moderator, require_manager, require_moderator
from generation.content_policy import Verdict
from generation.errors import PolicyRefusal, PolicyRule
from generation.listed_tags import ENTRY_LENGTH_MAX, ListedTags, UnreadableEntry
from generation.rating import Rating
from storage.guilds import GuildSettings

ENTRIES_MAX = 200
"""Entries of a server's two lists together; each is looked for in every tag of every request."""

_Entry = app_commands.Range[str, 1, ENTRY_LENGTH_MAX]


@app_commands.guild_only()
@app_commands.default_permissions(manage_messages=True)
class Policy(commands.GroupCog, name="policy", description="What may be drawn here, and your own tags."):
    """Moderators try prompts; those who manage the server list tags. All answers are for them alone."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @app_commands.command()
    @app_commands.choices(rating=RATING_CHOICES)
    @app_commands.describe(
        prompt="What somebody might ask for; nothing is drawn", rating="The rating that they might choose"
    )
    async def test(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, 2000],
        rating: str = Rating.SAFE.value,
    ) -> None:
        """See what a prompt would meet in this channel, and which rule."""
        require_moderator(interaction)
        gatekeeper, place = self._parts.service.gatekeeper, place_of(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        rules = await gatekeeper.rules(place.guild_id)
        judge = partial(
            gatekeeper.trial.judge,
            prompt,
            Rating(rating),
            await gatekeeper.ceiling(place),
            highest_ceiling=gatekeeper.highest_ceiling(place),
            rules=rules,
        )
        # With chance and look-alike letters in it a prompt can take a good part of a second.
        verdict = await asyncio.to_thread(judge)
        told = _told(language_of(interaction.locale), verdict)
        await interaction.edit_original_response(content=told, allowed_mentions=NO_MENTIONS)

    @app_commands.command()
    @app_commands.describe(entry="One or more words, or a pattern such as gun*")
    async def block(self, interaction: discord.Interaction, entry: _Entry) -> None:
        """Have a tag refused in this server."""
        say = language_of(interaction.locale)
        if await self._list(interaction, entry, "blocked"):
            sentence = say("{entry} is refused here from now on.", entry=_quoted(entry))
        else:
            sentence = say("{entry} is refused here already.", entry=_quoted(entry))
        await _answer(interaction, sentence)

    @app_commands.command()
    @app_commands.describe(entry="One or more words, or a pattern such as gun*")
    async def allow(self, interaction: discord.Interaction, entry: _Entry) -> None:
        """Have a tag pass in this server, as far as the bot's operator lets it."""
        say = language_of(interaction.locale)
        if await self._list(interaction, entry, "allowed"):
            sentence = say(
                "{entry} passes here from now on, up to the rating that the bot's operator allows.",
                entry=_quoted(entry),
            )
        else:
            sentence = say("{entry} passes here already.", entry=_quoted(entry))
        await _answer(interaction, sentence)

    @app_commands.command()
    @app_commands.describe(entry="As it stands on the list")
    async def unlist(self, interaction: discord.Interaction, entry: _Entry) -> None:
        """Take a tag off this server's lists."""
        say = language_of(interaction.locale)
        if await self._list(interaction, entry, None):
            sentence = say("{entry} is off the lists.", entry=_quoted(entry))
        else:
            sentence = say(
                "{entry} is on none of the lists. `/policy list` shows them.", entry=_quoted(entry)
            )
        await _answer(interaction, sentence)

    @unlist.autocomplete("entry")
    async def _entries(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        if not is_moderator(interaction) or interaction.guild_id is None:
            return []
        settled = await self._settled(interaction.guild_id)
        entries = [
            entry for entry in (*settled.blocked, *settled.allowed) if typed.casefold() in entry.casefold()
        ]
        return [app_commands.Choice(name=entry[:CHOICE_LENGTH], value=entry) for entry in entries[:CHOICES]]

    @app_commands.command(name="list")
    async def list_all(self, interaction: discord.Interaction) -> None:
        """See this server's own tags."""
        settled = await self._settled(require_moderator(interaction))
        say = language_of(interaction.locale)
        lines = [
            f"**{title}** {', '.join(map(_quoted, entries)) or '-'}"
            for title, entries in (
                (say("Refused here:"), settled.blocked),
                (say("Passes here:"), settled.allowed),
            )
        ]
        await _answer(interaction, shortened("\n".join(lines), CONTENT_LENGTH))

    async def _settled(self, guild_id: int) -> GuildSettings:
        return await self._parts.guilds.settings(guild_id)

    async def _list(self, interaction: discord.Interaction, entry: str, kind: str | None) -> bool:
        """Put an entry on a list, or off both; False where that changes nothing.

        Raises:
            ServersOnly, ModeratorsOnly: this person may not.
            EntryUnusable, ListFull: the list can't take it.
        """
        guild_id = require_manager(interaction)
        try:
            (written,) = ListedTags([entry]).entries
        except UnreadableEntry:
            raise EntryUnusable(entry) from None
        settled = await self._settled(guild_id)
        if kind is not None and len(settled.blocked) + len(settled.allowed) >= ENTRIES_MAX:
            raise ListFull(ENTRIES_MAX)
        return await self._parts.guilds.list_tag(
            guild_id, interaction.user.id, interaction.created_at, written, kind
        )


async def _answer(interaction: discord.Interaction, sentence: str) -> None:
    await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)


def _told(say: Language, verdict: Verdict) -> str:
    """What the verdict is, by which rule, and in which words its asker would be told."""
    rating, ceiling = f"`{verdict.rating.value}`", f"`{verdict.ceiling.value}`"
    if verdict.rule is None:
        return "✅ " + say(
            "This may be drawn here. It counts as {rating}, and {ceiling} is the most in this channel.",
            rating=rating,
            ceiling=ceiling,
        )
    refusal = policy_refusal(say, PolicyRefusal(verdict.rule, verdict.tags, verdict.rating, verdict.ceiling))
    return f"⛔ **{_rule(say, verdict.rule)}**\n{refusal}"


def _rule(say: Language, rule: PolicyRule) -> str:
    match rule:
        case PolicyRule.MINOR:
            return say("The rule on minors")
        case PolicyRule.RATING_ABOVE_CEILING:
            return say("The rating that was chosen is above this channel's")
        case PolicyRule.BLOCKED_TAG:
            return say("A tag on the server's or the operator's list")
        case PolicyRule.TAG_ABOVE_CEILING:
            return say("A tag whose rating is above this channel's")


def _quoted(entry: str) -> str:
    return f"“{inline(entry)}”"
