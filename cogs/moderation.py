"""`/block`, `/unblock` and `/audit`: what moderators do about people, and who did what."""

from datetime import timedelta

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import DrawingBot
from cogs.discord_limits import CONTENT_LENGTH
from cogs.language import Language, language_of
from cogs.parts import Parts
from cogs.plain_text import NO_MENTIONS, inline, shortened
from cogs.sentences import relative
from cogs.standing import require_moderator
from storage.audit import AuditEntry, Deed
from storage.blocks import Block

REASON_LENGTH = 300
DAYS_MAX = 3650


class Moderation(commands.Cog):
    """For those who may remove others' messages; all answers are for them alone."""

    def __init__(self, bot: DrawingBot, parts: Parts) -> None:
        self._bot = bot
        self._parts = parts

    @app_commands.command()
    @app_commands.describe(
        member="Who may not draw in this server",
        days="For how many days; until you lift it, if you leave it out",
        reason="Why, for the other moderators",
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_messages=True)
    async def block(
        self,
        interaction: discord.Interaction,
        member: discord.User,
        days: app_commands.Range[int, 1, DAYS_MAX] | None = None,
        reason: app_commands.Range[str, None, REASON_LENGTH] = "",
    ) -> None:
        """Keep somebody from drawing in this server."""
        guild_id = require_moderator(interaction)
        now = interaction.created_at
        ends_at = None if days is None else now + timedelta(days=days)
        await self._parts.blocks.block(
            Block(
                guild_id=guild_id,
                user_id=member.id,
                blocked_by=interaction.user.id,
                reason=reason,
                begins_at=now,
                ends_at=ends_at,
            )
        )
        say = language_of(interaction.locale)
        if ends_at is None:
            sentence = say("{member} can't draw here until you lift it.", member=member.mention)
        else:
            sentence = say(
                "{member} can't draw here; it ends {moment}.", member=member.mention, moment=relative(ends_at)
            )
        await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)

    @app_commands.command()
    @app_commands.describe(member="Who may draw in this server again")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_messages=True)
    async def unblock(self, interaction: discord.Interaction, member: discord.User) -> None:
        """Let somebody draw in this server again."""
        guild_id = require_moderator(interaction)
        blocks, by, at = self._parts.blocks, interaction.user.id, interaction.created_at
        lifted = await blocks.unblock(guild_id, member.id, by, at)
        # What holds everywhere, after forbidden requests, is the operator's to lift.
        if await self._bot.is_owner(interaction.user):
            lifted |= await blocks.unblock_everywhere(member.id, by, at, told_to=guild_id)
        left = await blocks.block_of(member.id, guild_id, at)
        say = language_of(interaction.locale)
        if left is not None:
            sentence = say(
                "{member} is blocked everywhere, after requests for what is never drawn. That ends by itself, or the "
                "bot's owner lifts it.",
                member=member.mention,
            )
        elif lifted:
            sentence = say("{member} can draw here again.", member=member.mention)
        else:
            sentence = say("{member} isn't blocked in this server.", member=member.mention)
        await interaction.response.send_message(sentence, ephemeral=True, allowed_mentions=NO_MENTIONS)

    @app_commands.command()
    @app_commands.describe(member="Only what they did, or what was done about them", page="Older entries")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_messages=True)
    async def audit(
        self,
        interaction: discord.Interaction,
        member: discord.User | None = None,
        page: app_commands.Range[int, 1, 10_000] = 1,
    ) -> None:
        """See who did what in this server, and why."""
        guild_id = require_moderator(interaction)
        say = language_of(interaction.locale)
        user_id = None if member is None else member.id
        entries, has_more = await self._parts.audit.page(guild_id, user_id=user_id, number=page)
        lines = [_line(say, entry) for entry in entries] or [say("Nothing has happened yet.")]
        if has_more:
            lines.append("-# " + say("Older entries are on page {page}.", page=page + 1))
        text = shortened("\n".join(lines), CONTENT_LENGTH)
        await interaction.response.send_message(text, ephemeral=True, allowed_mentions=NO_MENTIONS)


def _line(say: Language, entry: AuditEntry) -> str:
    actor = f"<@{entry.actor_id}>" if entry.actor_id else say("the bot")
    parts = [discord.utils.format_dt(entry.at, "d"), actor, _deed(say, entry.deed)]
    if entry.user_id and entry.user_id != entry.actor_id:
        parts.append(f"<@{entry.user_id}>")
    if entry.job_id:
        parts.append(f"`{entry.job_id}`")
    return "• " + " ".join(parts) + (f": {inline(entry.reason, 150)}" if entry.reason else "")


def _deed(say: Language, deed: Deed) -> str:
    match deed:
        case Deed.SETTLED:
            return say("changed settings")
        case Deed.TAG_LISTED:
            return say("listed a tag")
        case Deed.TAG_UNLISTED:
            return say("took a tag off the lists")
        case Deed.BLOCKED:
            return say("blocked")
        case Deed.UNBLOCKED:
            return say("unblocked")
        case Deed.REPORTED:
            return say("reported")
        case Deed.WITHHELD:
            return say("withheld a picture of")
        case Deed.HIDDEN:
            return say("hid a picture of")
        case Deed.DISMISSED:
            return say("dismissed a report about")
        case Deed.DELETED:
            return say("deleted a picture of")
        case Deed.ATTEMPTED:
            return say("asked for what is never drawn")
        case Deed.EVENT_EXTENDED:
            return say("extended an event")
        case Deed.ENTRY_REMOVED:
            return say("removed an entry of")
        case Deed.EVENT_STARTED:
            return say("started an event")
        case Deed.EVENT_ENDED:
            return say("ended an event early")
        case Deed.EVENT_CANCELLED:
            return say("cancelled an event")
        case Deed.DISQUALIFIED:
            return say("disqualified")
        case Deed.SEASON_STARTED:
            return say("started a season")
