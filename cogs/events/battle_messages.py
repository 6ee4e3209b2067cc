"""What a battle's messages say, from the challenge to the winner."""

from collections import Counter
from datetime import datetime

import discord

from cogs.job_message import ACCENT
from cogs.language import Language
from cogs.plain_text import inline
from cogs.sentences import relative
from events.versus import LEFT_LETTER, RIGHT_LETTER
from generation.aspect_ratio import AspectRatio
from storage.battles import NOBODY, Battle, EndedHow

THEME_LENGTH = 200


def challenge_text(say: Language, battle: Battle) -> str:
    """What a challenge says over its card."""
    return say(
        "⚔️ {opponent}, {challenger} challenges you to a prompt battle!",
        opponent=f"<@{battle.opponent_id}>",
        challenger=f"<@{battle.challenger_id}>",
    )


def challenge_embed(say: Language, battle: Battle, expires_at: datetime) -> discord.Embed:
    """What would be played, and until when to answer."""
    minutes = say.counted("{count} minute", "{count} minutes", battle.minutes)
    text = say(
        "Both draw the same theme from the same seed, in the same shape, within {minutes}. Then everybody votes "
        "without knowing whose picture is whose.",
        minutes=minutes,
    )
    embed = discord.Embed(title=_theme(battle), description=text, colour=ACCENT)
    embed.add_field(name=say("Shape"), value=say(AspectRatio.parse(battle.aspect).label))
    embed.add_field(name=say("Answer"), value=relative(expires_at))
    return embed


def accepted_text(say: Language, battle: Battle) -> str:
    """What is left of a challenge that was accepted."""
    return say("⚔️ {opponent} has accepted. The battle begins!", opponent=f"<@{battle.opponent_id}>")


def declined_text(say: Language, battle: Battle) -> str:
    """What is left of one that was declined."""
    return say("{opponent} would rather not battle this time.", opponent=f"<@{battle.opponent_id}>")


def expired_text(say: Language, battle: Battle) -> str:
    """What is left of one that nobody answered."""
    return say("Nobody answered {challenger}'s challenge.", challenger=f"<@{battle.challenger_id}>")


def card_text(say: Language, battle: Battle) -> str:
    """What stands over the card while both draw."""
    return f"⚔️ <@{battle.challenger_id}> — <@{battle.opponent_id}>"


def card_embed(say: Language, battle: Battle) -> discord.Embed:
    """What is to be drawn, and until when."""
    text = say(
        "Press **Draw** and write a prompt for the theme; you alone see what comes. Press **Enter** under the picture "
        "that is to stand for you. You may enter another until both have entered or the time is over; who has "
        "entered nothing by then loses."
    )
    embed = discord.Embed(title=_theme(battle), description=text, colour=ACCENT)
    embed.add_field(name=say("Seed"), value=f"`{battle.seed}`")
    embed.add_field(name=say("Shape"), value=say(AspectRatio.parse(battle.aspect).label))
    if battle.phase_ends_at is not None:
        embed.add_field(name=say("Ends"), value=relative(battle.phase_ends_at))
    return embed


def show_text(say: Language, battle: Battle) -> str:
    """What stands over the two pictures."""
    ends = relative(battle.phase_ends_at) if battle.phase_ends_at else ""
    return say(
        "🗳️ **{theme}**: which one is better? The vote ends {moment}.", theme=_theme(battle), moment=ends
    )


def show_note(say: Language) -> str:
    """How it is voted."""
    return "-# " + say(
        "One vote each, which you may change; the two themselves have none. Of as many votes, who entered first wins."
    )


def show_alt_text(say: Language, battle: Battle) -> str:
    """The two pictures in words."""
    return say(
        "AI-generated pictures {left} and {right} of: {theme}",
        left=LEFT_LETTER,
        right=RIGHT_LETTER,
        theme=battle.theme,
    )


def voted_text(say: Language, letter: str, ends_at: datetime | None) -> str:
    """What a voter is told."""
    if ends_at is None:
        return say("Your vote is for **{letter}**.", letter=letter)
    return say(
        "Your vote is for **{letter}**. You may change it; the vote ends {moment}.",
        letter=letter,
        moment=relative(ends_at),
    )


def entered_text(say: Language, battle: Battle) -> str:
    """What somebody is told who has entered."""
    if battle.phase_ends_at is None:
        return say("Your picture is in.")
    return say(
        "Your picture is in. Until the other one enters too you may enter another; the time ends {moment}.",
        moment=relative(battle.phase_ends_at),
    )


def entered_last_text(say: Language) -> str:
    """What the second one is told."""
    return say("Your picture is in, and so is the other one's: the vote begins.")


def votes_text(say: Language, count: int) -> str:
    """How many votes somebody has."""
    return say.counted("{count} vote", "{count} votes", count)


def result_text(say: Language, battle: Battle, votes: Counter[int]) -> str:
    """Who has won, and how."""
    theme = _theme(battle)
    if battle.winner_id in (None, NOBODY):
        return say("“{theme}” ends without a winner: neither has a picture in it.", theme=theme)
    winner = battle.winner_id or NOBODY
    facts = {"winner": f"<@{winner}>", "other": f"<@{battle.other(winner)}>", "theme": theme}
    match battle.ended_how:
        case EndedHow.VOTES if votes[winner] == votes[battle.other(winner)]:
            return say(
                "🏆 {winner} wins “{theme}” against {other}: as many votes, but entered first.", **facts
            )
        case EndedHow.VOTES:
            return say("🏆 {winner} wins “{theme}” against {other}!", **facts)
        case EndedHow.DISQUALIFIED:
            return say("🏆 {winner} wins “{theme}”: {other} was disqualified.", **facts)
        case _:
            return say("🏆 {winner} wins “{theme}”: {other} has no picture in it.", **facts)


def result_alt_text(say: Language, battle: Battle) -> str:
    """The winner's card in words."""
    name = battle.name_of(battle.winner_id or NOBODY)
    return say(
        "The card of the winner, {name}, with the AI-generated picture for: {theme}",
        name=name,
        theme=battle.theme,
    )


def _theme(battle: Battle) -> str:
    return inline(battle.theme, THEME_LENGTH)
