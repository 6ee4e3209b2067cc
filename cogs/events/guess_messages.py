"""What a guessing game's messages say, from its picture to the board at the end."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import discord

from cogs.discord_limits import CONTENT_LENGTH, EMBED_DESCRIPTION_LENGTH
from cogs.job_message import ACCENT
from cogs.language import Language
from cogs.plain_text import inline, shortened
from cogs.sentences import bold, relative
from events.guessing import GUESSES_AT_ONCE, HiddenTag, HintKind, Secret, masked
from storage.guessing import Find, GuessingGame, standings_of

PLACES = ("🥇", "🥈", "🥉")


def started_text(say: Language, starter_id: int, tags: int) -> str:
    """Announce a game whose picture is being drawn."""
    return "🔍 " + say.counted(
        "{member} starts a guessing game: I'm drawing a picture from {count} hidden tag.",
        "{member} starts a guessing game: I'm drawing a picture from {count} hidden tags.",
        tags,
        member=f"<@{starter_id}>",
    )


def failed_text(say: Language) -> str:
    """Tell that there will be no game."""
    return "🔍 " + say(
        "I couldn't draw the picture of the guessing game, so there is none. Please try again."
    )


def alt_text(say: Language) -> str:
    """Describe the picture without telling anything."""
    return say("AI-generated picture, whose tags are to be guessed")


def game_embed(say: Language, game: GuessingGame, secret: Secret, ends_at: datetime) -> discord.Embed:
    """The card of a game: what to do, and until when. Numbers that change come on a press."""
    text = say.counted(
        "Besides `{subject}` I was told {count} more tag. Which? Press **Guess**: whoever names one first has it. "
        "Rare tags and quick finds are worth more, and there are hints.",
        "Besides `{subject}` I was told {count} more tags. Which? Press **Guess**: whoever names one first has it. "
        "Rare tags and quick finds are worth more, and there are hints.",
        game.tag_count,
        subject=secret.subject,
    )
    embed = discord.Embed(title="🔍 " + say("Guess the tags"), description=text, colour=ACCENT)
    embed.add_field(name=say("Ends"), value=relative(ends_at))
    embed.add_field(name=say("Started by"), value=f"<@{game.started_by}>")
    return embed


def over_embed(say: Language) -> discord.Embed:
    """What is left of the card when the game is over."""
    return discord.Embed(
        title="🔍 " + say("Guess the tags"),
        description=say("This game is over. The board below says who found what."),
        colour=ACCENT,
    )


def found_text(say: Language, user_id: int, finds: Sequence[Find], secret: Secret, left: int) -> str:
    """Tell everybody what somebody found."""
    lines = [
        "🎉 "
        + say(
            "{member} found {tag}: {points} points!",
            member=f"<@{user_id}>",
            tag=bold(inline(secret.tags[find.number].name)),
            points=find.points,
        )
        for find in finds
    ]
    if left:
        lines.append("-# " + say.counted("{count} tag is left.", "{count} tags are left.", left))
    else:
        lines.append(say("That was the last one!"))
    return "\n".join(lines)


def late_text(say: Language, finds: Sequence[Find], secret: Secret) -> str:
    """Tell that others were quicker."""
    return "\n".join(
        "⏱️ " + say("{tag} is right, but was found before.", tag=bold(inline(secret.tags[find.number].name)))
        for find in finds
    )


def missed_text(say: Language, wrong: Sequence[str], warm: Sequence[str], repeated: Sequence[str]) -> str:
    """Tell what a person's other guesses were worth, for them alone."""
    lines = []
    if warm:
        lines.append(
            "🔥 " + say("Not {guesses}, but something of that kind is hidden.", guesses=_quoted(warm))
        )
    if wrong:
        lines.append("❌ " + say("Not among the hidden tags: {guesses}", guesses=_quoted(wrong)))
    if repeated:
        lines.append("🔁 " + say("You have guessed this before: {guesses}", guesses=_quoted(repeated)))
    return shortened("\n".join(lines), CONTENT_LENGTH)


def too_many_text(say: Language) -> str:
    """Tell that only some of the guesses were taken."""
    return "-# " + say.counted(
        "I took the first {count} guess; more don't fit into one form.",
        "I took the first {count} guesses; more don't fit into one form.",
        GUESSES_AT_ONCE,
    )


def pause_text(say: Language, free_at: datetime) -> str:
    """Ask somebody who guesses a lot to look at the picture for a moment."""
    return "🐢 " + say(
        "So many guesses! Have another look at the picture; you can go on {moment}.", moment=relative(free_at)
    )


def hint_text(say: Language, kind: HintKind, left: Sequence[HiddenTag], groups: Mapping[str, str]) -> str:
    """A hint on every tag that nobody has found."""
    heading = {
        HintKind.GROUP: say("A hint: what is still hidden is of these kinds."),
        HintKind.LETTERS: say("A hint: this is how many letters the hidden tags have."),
        HintKind.FIRST_LETTERS: say("The last hint: their first letters."),
    }[kind]
    lines = [f"• {_hinted(say, kind, tag, groups)}" for tag in left]
    return shortened("\n".join(["💡 " + heading, *lines]), CONTENT_LENGTH)


def so_far_text(
    say: Language, game: GuessingGame, secret: Secret, finds: Sequence[Find], groups: Mapping[str, str]
) -> str:
    """How a game stands, for whoever asks: what was found, the hints, the points."""
    lines = [
        say.counted(
            "{found} of {count} tag is found.",
            "{found} of {count} tags are found.",
            game.tag_count,
            found=len(finds),
        )
    ]
    if game.ends_at is not None:
        lines[0] += " " + say("The game ends {moment}.", moment=relative(game.ends_at))
    lines += [_found_line(find, secret) for find in finds]
    missing = [tag for number, tag in enumerate(secret.tags) if number not in {find.number for find in finds}]
    if game.hints:
        kind = HintKind(min(game.hints, HintKind.FIRST_LETTERS))
        lines += [f"❔ {_hinted(say, kind, tag, groups)}" for tag in missing]
    return shortened("\n".join([*lines, *_ranking(say, finds)]), CONTENT_LENGTH)


def board_embed(
    say: Language, game: GuessingGame, secret: Secret, finds: Sequence[Find], guessers: int, *, counts: bool
) -> discord.Embed:
    """The end: every tag and who found it, and the points."""
    by_number = {find.number: find for find in finds}
    lines = [
        _found_line(by_number[number], secret)
        if number in by_number
        else f"▫️ {bold(inline(tag.name))}: {say('nobody')}"
        for number, tag in enumerate(secret.tags)
    ]
    embed = discord.Embed(
        title="🏁 " + (say("All tags are found!") if len(finds) == game.tag_count else say("Time is up!")),
        description=shortened("\n".join(lines), EMBED_DESCRIPTION_LENGTH),
        colour=ACCENT,
    )
    if ranking := _ranking(say, finds):
        embed.add_field(name=say("Points"), value=shortened("\n".join(ranking), 1024), inline=False)
    footer = say.counted("{count} person guessed.", "{count} people guessed.", guessers)
    if finds and not counts:
        footer += " " + say("A game counts for the season when two or more do.")
    embed.set_footer(text=footer)
    return embed


def _found_line(find: Find, secret: Secret) -> str:
    finder = f"<@{find.user_id}>" if find.user_id else "—"
    return f"✅ {bold(inline(secret.tags[find.number].name))}: {finder} +{find.points}"


def _ranking(say: Language, finds: Sequence[Find]) -> list[str]:
    return [
        say.counted(
            "{place} {member}: {count} point",
            "{place} {member}: {count} points",
            standing.points,
            place=place_mark(standing.place),
            member=f"<@{standing.user_id}>",
        )
        for standing in standings_of(finds)[:10]
    ]


def place_mark(place: int) -> str:
    """A medal, or the place as a number."""
    return PLACES[place - 1] if place <= len(PLACES) else f"{place}."


def _hinted(say: Language, kind: HintKind, tag: HiddenTag, groups: Mapping[str, str]) -> str:
    group = say(groups.get(tag.group or "", "")) if tag.group in groups else say("Something else")
    if kind is HintKind.GROUP:
        return group
    letters = sum(letter.isalnum() for letter in tag.name)
    counted = say.counted("{count} letter", "{count} letters", letters)
    return f"{group}: `{masked(tag.name, kind)}` ({counted})"


def _quoted(guesses: Sequence[str]) -> str:
    return ", ".join(f"*{inline(guess, 60)}*" for guess in guesses)
