"""What a contest looks like: its card, its rules in words, and how it stands."""

from collections.abc import Sequence
from datetime import datetime

import discord

from cogs.events.access import Access
from cogs.events.contest_buttons import ContestAction, ContestButton
from cogs.job_message import ACCENT
from cogs.language import Language
from cogs.plain_text import inline
from events.contest_rules import ContestRules
from storage.contests import Contest, ContestState, Voting

THEME_LENGTH = 1500


def moment(at: datetime) -> str:
    """A moment in each reader's own time, and how far it is."""
    return f"{discord.utils.format_dt(at, 'f')} ({discord.utils.format_dt(at, 'R')})"


def card_embed(contest: Contest, say: Language) -> discord.Embed:
    """The card, as it is posted once: nothing on it changes but by Discord's own clocks."""
    embed = discord.Embed(
        title=f"🏮 {inline(contest.title)}",
        description=discord.utils.escape_mentions(contest.theme)[:THEME_LENGTH],
        colour=ACCENT,
    )
    embed.add_field(name=say("Entries from"), value=moment(contest.starts_at))
    embed.add_field(name=say("Entries until"), value=moment(contest.ends_at))
    embed.add_field(name=say("Votes until"), value=moment(contest.voting_ends_at))
    rules = rules_in_words(ContestRules.from_json(contest.rules), say)
    access = access_in_words(Access.from_json(contest.access), say)
    if rules:
        embed.add_field(name=say("Rules"), value="\n".join(f"• {rule}" for rule in rules), inline=False)
    if access:
        embed.add_field(
            name=say("Who may take part"), value="\n".join(f"• {it}" for it in access), inline=False
        )
    if contest.reward_role_id is not None:
        embed.add_field(name=say("The winner gets"), value=f"<@&{contest.reward_role_id}>", inline=False)
    embed.set_footer(
        text=say(
            "Press Draw: only you see what you draw. Press Enter under the picture that shall take part."
        )
    )
    return embed


def card_view(contest: Contest, say: Language) -> discord.ui.View:
    """The buttons of the card."""
    view = discord.ui.View(timeout=None)
    view.add_item(ContestButton(ContestAction.DRAW, contest.id, say))
    view.add_item(ContestButton(ContestAction.STANDS, contest.id, say))
    return view


def voting_embed(contest: Contest, entries: int, say: Language) -> discord.Embed:
    """What is posted when the vote begins."""
    if contest.voting is Voting.BALLOT:
        how = say(
            "Press Vote and pick up to three of them. You can change your ballot until the end; only you see it, and "
            "nobody can pick their own."
        )
    else:
        how = say(
            "Press Vote: you see two pictures at a time and say which is better, as often as you like. Only you see "
            "it, and nobody judges their own."
        )
    embed = discord.Embed(
        title="🗳️ " + say("The vote on {title} is open", title=inline(contest.title)),
        description=how,
        colour=ACCENT,
    )
    embed.add_field(name=say("Entries"), value=str(entries))
    embed.add_field(name=say("Votes until"), value=moment(contest.voting_ends_at))
    return embed


def voting_view(contest: Contest, say: Language) -> discord.ui.View:
    """The buttons below it."""
    view = discord.ui.View(timeout=None)
    view.add_item(ContestButton(ContestAction.VOTE, contest.id, say))
    view.add_item(ContestButton(ContestAction.STANDS, contest.id, say))
    return view


def rules_in_words(rules: ContestRules, say: Language) -> list[str]:
    """Every rule as a line."""
    lines = []
    if rules.required:
        lines.append(say("In every picture: {tags}", tags=_tags(rules.required)))
    if rules.forbidden:
        lines.append(say("In no picture: {tags}", tags=_tags(rules.forbidden)))
    if rules.aspect is not None:
        lines.append(say("Shape: {shape}", shape=say(rules.aspect.label)))
    if rules.seed is not None:
        lines.append(say("One seed for all: `{seed}`; the best prompt wins", seed=rules.seed))
    if rules.ceiling is not None:
        lines.append(say("Rating: `{rating}` at most", rating=rules.ceiling.value))
    lines.append(say.counted("{count} entry a person", "{count} entries a person", rules.entries_per_person))
    if rules.images_per_person is not None:
        lines.append(
            say.counted(
                "{count} picture drawn a person", "{count} pictures drawn a person", rules.images_per_person
            )
        )
    return lines


def rules_in_short(rules: ContestRules, say: Language) -> str:
    """What a person who fills in a form should know, in a line."""
    parts = []
    if rules.required:
        parts.append(say("With: {tags}", tags=", ".join(rules.required)))
    if rules.forbidden:
        parts.append(say("Without: {tags}", tags=", ".join(rules.forbidden)))
    return ". ".join(parts)


def access_in_words(access: Access, say: Language) -> list[str]:
    """Who may take part, as lines; none where everybody may."""
    lines = []
    if access.role_id is not None:
        lines.append(say("Members with the role {role}", role=f"<@&{access.role_id}>"))
    if access.account_days:
        lines.append(
            say.counted(
                "Accounts that are {count} day old or more",
                "Accounts that are {count} days old or more",
                access.account_days,
            )
        )
    if access.member_days:
        lines.append(
            say.counted(
                "Who joined the server {count} day ago or more",
                "Who joined the server {count} days ago or more",
                access.member_days,
            )
        )
    return lines


def state_in_words(contest: Contest, say: Language) -> str:
    """How far a contest is."""
    match contest.state:
        case ContestState.ANNOUNCED:
            return say("It opens {moment}.", moment=moment(contest.starts_at))
        case ContestState.OPEN:
            return say("It takes entries until {moment}.", moment=moment(contest.ends_at))
        case ContestState.VOTING:
            return say("It is voted on until {moment}.", moment=moment(contest.voting_ends_at))
        case ContestState.ENDED:
            return say("It is over.")
        case ContestState.CANCELLED:
            return say("It was called off.")


def link(contest: Contest) -> str:
    """Where a contest is held."""
    return f"<#{contest.thread_id or contest.channel_id}>"


def _tags(tags: Sequence[str]) -> str:
    return ", ".join(inline(tag) for tag in tags)
