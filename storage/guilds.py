"""What servers have settled for themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from storage.audit import AuditEntry, Deed, write_down
from storage.database import Database
from storage.tables import GuildRow
from storage.upserts import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildSettings:
    """A row of `guilds`; see there. The defaults hold where nothing was settled."""

    guild_id: int
    ceiling: str | None = None
    channel_ids: Sequence[int] = ()
    language: str | None = None
    log_channel_id: int | None = None
    limits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    blocked: Sequence[str] = ()
    allowed: Sequence[str] = ()
    is_private: bool = False
    terms_shown_at: datetime | None = None


_NOTHING_SETTLED: dict[str, Any] = {
    "channel_ids": [], "limits": {}, "blocked": [], "allowed": [], "is_private": False,
}  # fmt: skip
_NAMES = [each.name for each in fields(GuildSettings)]


class GuildStore:
    """Queries over `guilds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settings(self, guild_id: int) -> GuildSettings:
        """Return what holds in a server."""
        async with self._database.reading() as connection:
            columns = [GuildRow.__table__.c[name] for name in _NAMES]
            row = (await connection.execute(select(*columns).where(GuildRow.guild_id == guild_id))).mappings()
            found = row.one_or_none()
        return GuildSettings(guild_id=guild_id) if found is None else GuildSettings(**found)

    async def settle(self, guild_id: int, by: int, at: datetime, **values: Any) -> None:
        """Settle some of it; `by` is who does."""
        reason = ", ".join(f"{name} = {value}" for name, value in values.items())
        async with self._database.locked(f"guild {guild_id}") as connection:
            await upsert(connection, GuildRow, {"guild_id": guild_id}, values, {**_NOTHING_SETTLED, **values})
            await write_down(
                connection,
                AuditEntry(guild_id=guild_id, at=at, actor_id=by, deed=Deed.SETTLED, reason=reason),
            )

    async def limit_role(
        self, guild_id: int, by: int, at: datetime, role_id: str, limits: Mapping[str, int], *, roles_max: int
    ) -> bool:
        """Settle the limits of a role; none takes them away.

        False where more than `roles_max` roles would have some.
        """
        async with self._database.locked(f"guild {guild_id}") as connection:
            query = select(GuildRow.limits).where(GuildRow.guild_id == guild_id)
            row = (await connection.execute(query)).one_or_none()
            by_role = dict(row.limits) if row else {}
            by_role.pop(role_id, None)
            if limits:
                by_role[role_id] = dict(limits)
            if len(by_role) > roles_max:
                return False
            values = {"limits": by_role}
            await upsert(connection, GuildRow, {"guild_id": guild_id}, values, {**_NOTHING_SETTLED, **values})
            told = ", ".join(f"{name} = {value}" for name, value in limits.items()) or "none"
            await write_down(
                connection,
                AuditEntry(
                    guild_id=guild_id,
                    at=at,
                    actor_id=by,
                    deed=Deed.SETTLED,
                    reason=f"limits of role {role_id}: {told}",
                ),
            )
        return True

    async def list_tag(self, guild_id: int, by: int, at: datetime, entry: str, kind: str | None) -> bool:
        """Put `entry` on the list `kind`, "blocked" or "allowed", and off the other; None is off both.

        False where that changes nothing.
        """
        async with self._database.locked(f"guild {guild_id}") as connection:
            query = select(GuildRow.blocked, GuildRow.allowed).where(GuildRow.guild_id == guild_id)
            row = (await connection.execute(query)).one_or_none()
            before: dict[str, list[str]] = {
                "blocked": list(row.blocked) if row else [],
                "allowed": list(row.allowed) if row else [],
            }
            after = {name: [each for each in listed if each != entry] for name, listed in before.items()}
            if kind is not None:
                after[kind].append(entry)
            if {name: sorted(listed) for name, listed in after.items()} == {
                name: sorted(listed) for name, listed in before.items()
            }:
                return False
            await upsert(connection, GuildRow, {"guild_id": guild_id}, after, {**_NOTHING_SETTLED, **after})
            deed = Deed.TAG_UNLISTED if kind is None else Deed.TAG_LISTED
            reason = entry if kind is None else f"{kind}: {entry}"
            await write_down(
                connection, AuditEntry(guild_id=guild_id, at=at, actor_id=by, deed=deed, reason=reason)
            )
        return True

    async def show_terms(self, guild_id: int, at: datetime) -> bool:
        """Whether a server's people have still to be shown the terms; True only once."""
        async with self._database.locked(f"guild {guild_id}") as connection:
            first = await connection.execute(
                update(GuildRow)
                .where(GuildRow.guild_id == guild_id, GuildRow.terms_shown_at.is_(None))
                .values(terms_shown_at=at)
            )
            if first.rowcount:
                return True
            known = select(GuildRow.guild_id).where(GuildRow.guild_id == guild_id)
            if (await connection.execute(known)).scalar_one_or_none() is not None:
                return False
            values = {**_NOTHING_SETTLED, "terms_shown_at": at}
            await upsert(connection, GuildRow, {"guild_id": guild_id}, values)
        return True
