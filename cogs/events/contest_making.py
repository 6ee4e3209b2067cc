"""From the options of `/event create` to a contest: read, checked, and what the bot needs for it asked first."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord

from cogs.errors import MissingPermissions
from cogs.events.access import Access
from cogs.events.errors import MomentUnreadable, RoleOutOfReach, RuleUnreadable
from cogs.permissions import TO_HOLD_CONTESTS, TO_OPEN_THREADS
from events.contest_rules import ContestRules, UnreadableRules
from events.moments import UnreadableMoment, read_moment, read_span
from generation.aspect_ratio import AspectRatio
from generation.listed_tags import ListedTags, UnreadableEntry
from generation.rating import Rating
from generation.tags import split_tags
from storage.contests import Contest, ContestState, Voting

TITLE_LENGTH, THEME_LENGTH = 90, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestOptions:
    """What was typed."""

    title: str
    theme: str
    ends: str
    voting_ends: str
    starts: str | None
    voting: str
    required: str
    forbidden: str
    aspect: str | None
    seed: int | None
    rating: str | None
    entries: int
    drawings: int | None
    role_id: int | None
    account_days: int
    member_days: int
    reward_role_id: int | None


def read_contest(
    options: ContestOptions,
    *,
    guild_id: int,
    channel_id: int,
    created_by: int,
    now: datetime,
    locale: str,
) -> Contest:
    """Make the contest that the options describe.

    Raises:
        MomentUnreadable, RuleUnreadable: an option can't be what it is.
    """
    try:
        starts_at = now if not options.starts else max(now, read_moment(options.starts, now))
        ends_at = read_moment(options.ends, starts_at)
        voting_ends_at = ends_at + read_span(options.voting_ends)
    except UnreadableMoment as error:
        raise MomentUnreadable(error.text) from error
    if ends_at <= starts_at:
        raise MomentUnreadable(options.ends)
    return Contest(
        id=secrets.token_hex(8),
        guild_id=guild_id,
        channel_id=channel_id,
        title=" ".join(options.title.split()),
        theme=options.theme,
        rules=_rules(options).to_json(),
        access=Access(
            role_id=options.role_id, account_days=options.account_days, member_days=options.member_days
        ).to_json(),
        voting=Voting(options.voting),
        state=ContestState.OPEN if starts_at <= now else ContestState.ANNOUNCED,
        starts_at=starts_at,
        ends_at=ends_at,
        voting_ends_at=voting_ends_at,
        created_by=created_by,
        created_at=now,
        reward_role_id=options.reward_role_id,
        locale=locale,
    )


def require_permissions_for(
    interaction: discord.Interaction[Any], channel: object, reward_role: discord.Role | None
) -> None:
    """Check what the bot needs to hold a contest, before anything of it is there.

    Raises:
        MissingPermissions: names what lacks.
        RoleOutOfReach: the winner's role is none that the bot can give.
    """
    granted = interaction.app_permissions
    guild = interaction.guild
    if guild is not None and guild.me is not None and getattr(channel, "id", None) != interaction.channel_id:
        permissions_for = getattr(channel, "permissions_for", None)
        granted = granted if permissions_for is None else permissions_for(guild.me)
    needed = list(TO_HOLD_CONTESTS)
    if not isinstance(channel, discord.Thread | discord.ForumChannel):
        needed.append(TO_OPEN_THREADS)
    if missing := tuple(name for name in needed if not getattr(granted, name)):
        raise MissingPermissions(missing)
    if reward_role is None:
        return
    is_outranked = guild is None or guild.me is None or reward_role >= guild.me.top_role
    if reward_role.managed or reward_role.is_default() or is_outranked or not _manages_roles(interaction):
        raise RoleOutOfReach(reward_role.id)


def _manages_roles(interaction: discord.Interaction[Any]) -> bool:
    guild = interaction.guild
    own = guild.me.guild_permissions if guild is not None and guild.me is not None else None
    return interaction.app_permissions.manage_roles or (own is not None and own.manage_roles)


def _rules(options: ContestOptions) -> ContestRules:
    forbidden = tuple(split_tags(options.forbidden))
    try:
        ListedTags(forbidden)
        return ContestRules(
            required=tuple(split_tags(options.required)),
            forbidden=forbidden,
            aspect=None if options.aspect is None else AspectRatio.parse(options.aspect),
            seed=options.seed,
            ceiling=None if options.rating is None else Rating(options.rating),
            entries_per_person=options.entries,
            images_per_person=options.drawings,
        )
    except UnreadableEntry as error:
        raise RuleUnreadable("forbidden", error.entry) from error
    except UnreadableRules as error:
        raise RuleUnreadable(error.option, error.value) from error
