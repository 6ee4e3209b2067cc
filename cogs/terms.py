"""The terms of the model's licence, as people are shown them: in short, with the link to the whole."""

import logging

import discord

from cogs.error_answers import CONNECTION_ERRORS
from cogs.job_message import ACCENT
from cogs.language import Language, language_of
from cogs.permissions import may_write
from cogs.plain_text import NO_MENTIONS
from generation.model_profile import ModelProfile
from storage.guilds import GuildStore

log = logging.getLogger(__name__)


def terms_embed(say: Language, profile: ModelProfile) -> discord.Embed:
    """Tell what binds those who draw. The uses are those of the licence's Attachment A, in our words."""
    embed = discord.Embed(title=say("Before you draw"), colour=ACCENT, url=profile.licence_url)
    embed.description = say(
        "{model} is licensed under {licence}. It may be used freely, also commercially, but by whoever draws with it "
        "not:",
        model=f"[{profile.title}]({profile.source_url})",
        licence=f"[{profile.licence}]({profile.licence_url})",
    )
    uses = (
        say("to break the law, or to exploit or harm minors in any way"),
        say("to deceive people to their harm, or to spread personal data that could harm somebody"),
        say("to defame, disparage or harass others"),
        say("to discriminate against people, or to exploit somebody's age, disability or plight"),
        say(
            "to decide automatically about somebody's rights, to give medical advice, or for law enforcement"
        ),
    )
    embed.description += "\n" + "\n".join(f"• {use}" for use in uses)
    embed.description += "\n-# " + say(
        "Pictures are made by a machine and say so in their files. Sexual content involving minors is never drawn. "
        "`/about` shows this again; `/privacy export` shows what I store about you."
    )
    return embed


async def show_terms_once(
    interaction: discord.Interaction, guilds: GuildStore, guild_id: int, profile: ModelProfile
) -> None:
    """Post the terms in a server where somebody draws for the first time, once I may post there at all."""
    if not isinstance(interaction.channel, discord.abc.Messageable) or not may_write(interaction):
        return
    if not await guilds.show_terms(guild_id, interaction.created_at):
        return
    say = language_of(interaction.guild_locale or interaction.locale)
    try:
        await interaction.channel.send(
            embed=terms_embed(say, profile), nonce=f"terms-{guild_id}", allowed_mentions=NO_MENTIONS
        )
    except (discord.HTTPException, *CONNECTION_ERRORS):
        log.warning("The terms could not be posted in a server", exc_info=True)
