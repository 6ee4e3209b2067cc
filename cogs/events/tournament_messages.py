"""What a tournament's messages say, from the call for people to the champion."""

from collections.abc import Sequence

import discord

from cogs.job_message import ACCENT
from cogs.language import Language
from cogs.plain_text import inline
from events.bracket import NOBODY, PEOPLE_MAX, PEOPLE_MIN, Bracket
from events.bracket_picture import BracketWords
from generation.aspect_ratio import AspectRatio
from storage.tournaments import Tournament

TITLE_LENGTH = 80
THEMES_LENGTH = 600


def call_embed(say: Language, tournament: Tournament) -> discord.Embed:
    """Invite people to join."""
    text = say(
        "Prompt battles until one is left: who wins goes on. {least} to {most} people; they are seeded by lot when a "
        "moderator starts it.",
        least=PEOPLE_MIN,
        most=PEOPLE_MAX,
    )
    embed = discord.Embed(
        title="🏆 " + inline(tournament.title, TITLE_LENGTH), description=text, colour=ACCENT
    )
    themes = "\n".join(f"{number}. {inline(theme, 150)}" for number, theme in enumerate(tournament.themes, 1))
    embed.add_field(
        name=say("Theme"), value=themes if len(tournament.themes) > 1 else themes[3:], inline=False
    )
    embed.add_field(
        name=say("To draw"), value=say.counted("{count} minute", "{count} minutes", tournament.minutes)
    )
    embed.add_field(
        name=say("To vote"), value=say.counted("{count} minute", "{count} minutes", tournament.voting_minutes)
    )
    embed.add_field(name=say("Shape"), value=say(AspectRatio.parse(tournament.aspect).label))
    return embed


def joined_text(say: Language, count: int) -> str:
    """What somebody is told who has joined."""
    return say.counted(
        "You are in. {count} person has joined so far.",
        "You are in. {count} people have joined so far.",
        count,
    )


def round_text(say: Language, tournament: Tournament, bracket: Bracket, round_number: int) -> str:
    """What stands over the bracket when a round begins."""
    theme = inline(tournament.theme_of(round_number))
    if round_number == bracket.rounds - 1:
        line = say(
            "🏆 **{title}**: the final! The theme is “{theme}”.", title=title_of(tournament), theme=theme
        )
    else:
        line = say(
            "🏆 **{title}**: round {round} of {rounds}. The theme is “{theme}”.",
            title=title_of(tournament),
            round=round_number + 1,
            rounds=bracket.rounds,
            theme=theme,
        )
    if round_number == 0 and tournament.lot is not None:
        line += "\n-# " + say("Seeded by lot {lot}; byes go to the first seeds.", lot=f"`{tournament.lot}`")
    return line


def champion_text(say: Language, tournament: Tournament, champion_id: int) -> str:
    """Who has won it all."""
    if champion_id == NOBODY:
        return say("🏆 **{title}** ends without a champion.", title=title_of(tournament))
    return say("🏆 {champion} has won **{title}**!", champion=f"<@{champion_id}>", title=title_of(tournament))


def cancelled_text(say: Language, tournament: Tournament) -> str:
    """That it was called off."""
    return say("**{title}** was called off by the moderators.", title=title_of(tournament))


def bracket_words(say: Language, tournament: Tournament) -> BracketWords:
    """What is written into the bracket."""
    return BracketWords(tournament.title, champion=say("Champion"), final=say("Final"))


def bracket_alt_text(say: Language, tournament: Tournament, lines: str) -> str:
    """The bracket in words."""
    return say("The bracket of {title}: {matches}", title=tournament.title, matches=lines)


def title_of(tournament: Tournament) -> str:
    """Its title, harmless in a sentence."""
    return inline(tournament.title, TITLE_LENGTH)


def joined_list(say: Language, names: Sequence[str]) -> str:
    """Who has joined so far."""
    if not names:
        return say("Nobody has joined yet.")
    listed = ", ".join(inline(name, 40) for name in names)
    return say.counted(
        "{count} person has joined: {names}", "{count} people have joined: {names}", len(names), names=listed
    )
