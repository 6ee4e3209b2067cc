"""Who may take part in an event: a role, and guards against crowds of fresh accounts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import discord

from cogs.events.errors import RoleNeeded, TooNew
from cogs.place import role_ids_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What somebody needs. Days are since the account was made, and since its person joined the server."""

    role_id: int | None = None
    account_days: int = 0
    member_days: int = 0

    def to_json(self) -> dict[str, Any]:
        """Write it down."""
        return asdict(self)

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> "Access":
        """Read it again."""
        return cls(**written)

    def check(self, interaction: discord.Interaction[Any]) -> None:
        """Pass whoever may take part; nothing is asked of Discord, the interaction tells it all.

        Raises:
            RoleNeeded, TooNew: they may not, or not yet.
        """
        if self.role_id is not None and self.role_id not in role_ids_of(interaction):
            raise RoleNeeded(self.role_id)
        user, now = interaction.user, interaction.created_at
        joined_at = getattr(user, "joined_at", None) or now
        until = max(
            user.created_at + timedelta(days=self.account_days),
            joined_at + timedelta(days=self.member_days) if self.member_days else user.created_at,
        )
        if until > now:
            raise TooNew(until)
