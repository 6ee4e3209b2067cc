"""Limits by role: the menu on the panel of `/settings`, and the form behind it."""

import re
from collections.abc import Mapping
from typing import Any, Self

import discord

from cogs.client import DrawingBot
from cogs.edit_form import fields_of
from cogs.error_answers import answering_errors
from cogs.errors import ListFull
from cogs.language import Language, language_of
from cogs.standing import require_manager
from generation.errors import InvalidRequest, Limit
from storage.guilds import GuildStore

ALLOWED_MOST = 1_000_000
LIMITED = (Limit.REQUESTS_PER_MINUTE, Limit.WAITING_PER_PERSON, Limit.IMAGES_PER_DAY)
"""What a server may limit by role, in the order of the form."""

ROLES_MAX = 50
"""Roles of one server that have limits of their own."""

_FORM = re.compile("role-limits:(?P<role>[0-9]{1,20})")


class RoleMenu(
    discord.ui.DynamicItem[discord.ui.RoleSelect[discord.ui.View]],
    template="setting:role",
):
    """Opens the form for a role's limits."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the menu that was used."""
        return cls(discord.ui.RoleSelect(custom_id=match.group()))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form, for whoever may settle it."""
        async with answering_errors(interaction):
            guild_id = require_manager(interaction)
            data: dict[str, Any] = dict(interaction.data or {})
            values = [str(value) for value in data.get("values") or []]
            if len(values) != 1 or _FORM.fullmatch(f"role-limits:{values[0]}") is None:
                await interaction.response.defer()
                return
            bot: DrawingBot = interaction.client
            settled = await bot.parts.guilds.settings(guild_id)
            form = RoleLimitForm(
                values[0], settled.limits.get(values[0], {}), language_of(interaction.locale)
            )
            await interaction.response.send_modal(form)


class RoleLimitForm(discord.ui.Modal):
    """One field for each limit; what was typed is read from the interaction, see `edit_form.py`."""

    def __init__(self, role_id: str, settled: Mapping[str, int], say: Language) -> None:
        super().__init__(title=say("Limits of a role"), custom_id=f"role-limits:{role_id}")
        for limit in LIMITED:
            known = settled.get(limit.value)
            field: discord.ui.TextInput[RoleLimitForm] = discord.ui.TextInput(
                custom_id=limit.value,
                required=False,
                max_length=len(str(ALLOWED_MOST)),
                default=None if known is None else str(known),
            )
            self.add_item(
                discord.ui.Label(
                    text=_named(limit, say),
                    description=say("Empty: as the bot's operator has it, which is the most that I allow"),
                    component=field,
                )
            )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Nothing: the cog reads the form from the interaction."""


def role_menu(say: Language) -> RoleMenu:
    """Make the menu."""
    return RoleMenu(
        discord.ui.RoleSelect(custom_id="setting:role", placeholder=say("Limits of a role…"), max_values=1)
    )


def limited_role(interaction: discord.Interaction[Any]) -> str | None:
    """The role whose form was sent, by its id; None where the interaction is something else."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    data: dict[str, Any] = dict(interaction.data or {})
    named = _FORM.fullmatch(str(data.get("custom_id")))
    return None if named is None else named["role"]


async def settle_role_limits(
    interaction: discord.Interaction[Any], guilds: GuildStore, guild_id: int, role_id: str
) -> None:
    """Keep what the form says; a form without numbers takes the role's limits away.

    Raises:
        InvalidRequest: a field holds no number, or one out of bounds.
        ListFull: too many roles have limits.
    """
    fields = fields_of(interaction)
    limits = {
        limit.value: _number(limit, text)
        for limit in LIMITED
        if (text := fields.get(limit.value, "").strip())
    }
    kept = await guilds.limit_role(
        guild_id, interaction.user.id, interaction.created_at, role_id, limits, roles_max=ROLES_MAX
    )
    if not kept:
        raise ListFull(ROLES_MAX)


def limits_told(limits: Mapping[str, Mapping[str, int]], say: Language) -> str:
    """Each role's limits, in words; empty where there are none."""
    return " · ".join(
        f"<@&{role_id}> "
        + ", ".join(f"{_named(limit, say)} {own[limit.value]}" for limit in LIMITED if limit.value in own)
        for role_id, own in limits.items()
    )


def _named(limit: Limit, say: Language) -> str:
    match limit:
        case Limit.REQUESTS_PER_MINUTE:
            return say("Drawings a minute")
        case Limit.WAITING_PER_PERSON:
            return say("Drawings waiting at once")
        case _:
            return say("Pictures in 24 hours")


def _number(limit: Limit, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= ALLOWED_MOST):
        raise InvalidRequest(limit.value, text, f"1 – {ALLOWED_MOST}")
    return int(text)
