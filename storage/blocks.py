"""Who may not draw, where, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import AuditEntry, Deed, write_down
from storage.database import Database
from storage.tables import AuditRow, BlockRow
from storage.upserts import upsert

EVERYWHERE = 0
"""The server id of blocks that hold everywhere."""

ATTEMPTS_COUNT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A row of `blocks`; see there."""

    guild_id: int
    user_id: int
    blocked_by: int
    reason: str
    begins_at: datetime
    ends_at: datetime | None


class BlockStore:
    """Queries over `blocks`, and over the attempts in `audit` that lead to one.

    After `attempts` forbidden requests within 30 days the bot itself blocks a person for `block_for`, everywhere.
    """

    def __init__(self, database: Database, *, attempts: int, block_for: timedelta) -> None:
        self._database = database
        self._attempts = attempts
        self._block_for = block_for

    def settle(self, *, attempts: int, block_for: timedelta) -> None:
        """Let attempts lead to a block otherwise from now on; those that were made before count too."""
        self._attempts = attempts
        self._block_for = block_for

    async def block(self, block: Block) -> None:
        """Block somebody, in place of an earlier block of the same server."""
        async with self._database.writing() as connection:
            await write_block(connection, block)

    async def unblock(self, guild_id: int, user_id: int, by: int, at: datetime) -> bool:
        """Lift a server's block; False where there was none. One that holds everywhere stays."""
        async with self._database.writing() as connection:
            of_person = BlockRow.guild_id == guild_id, BlockRow.user_id == user_id
            ended = (await connection.execute(select(BlockRow.ends_at).where(*of_person))).one_or_none()
            if ended is None:
                return False
            await connection.execute(delete(BlockRow).where(*of_person))
            await write_down(connection, _unblocked(guild_id, user_id, by, at))
        return True

    async def unblock_everywhere(self, user_id: int, by: int, at: datetime, told_to: int) -> bool:
        """End the block that holds everywhere; False where none does. The server `told_to` reads of it.

        The row stays, so that the attempts that led to it don't count again.
        """
        async with self._database.writing() as connection:
            ended = await connection.execute(
                update(BlockRow)
                .where(BlockRow.guild_id == EVERYWHERE, BlockRow.user_id == user_id, _holds(at))
                .values(ends_at=at)
            )
            if ended.rowcount:
                await write_down(connection, _unblocked(told_to, user_id, by, at))
            return bool(ended.rowcount)

    async def block_of(self, user_id: int, guild_id: int | None, at: datetime) -> Block | None:
        """Return the block that keeps a person from drawing in a server (None is outside of any), if there is one."""
        async with self._database.reading() as connection:
            query = select(BlockRow.__table__).where(
                BlockRow.user_id == user_id,
                BlockRow.guild_id.in_((EVERYWHERE, guild_id or EVERYWHERE)),
                _holds(at),
            )
            # The one that lasts longest is what the person is told of.
            rows = (await connection.execute(query)).mappings().all()
        blocks = [Block(**row) for row in rows]
        endless = [block for block in blocks if block.ends_at is None]
        lasting = sorted((block for block in blocks if block.ends_at), key=lambda block: block.ends_at or at)
        return endless[0] if endless else (lasting[-1] if lasting else None)

    async def record_attempt(self, user_id: int, guild_id: int | None, at: datetime, words: str) -> None:
        """Remember a forbidden request; too many of them block the person."""
        async with self._database.locked(f"person {user_id}") as connection:
            await write_down(
                connection,
                AuditEntry(
                    guild_id=guild_id,
                    at=at,
                    actor_id=user_id,
                    deed=Deed.ATTEMPTED,
                    user_id=user_id,
                    reason=words,
                ),
            )
            last_block = (
                select(func.max(BlockRow.begins_at))
                .where(BlockRow.user_id == user_id, BlockRow.guild_id == EVERYWHERE)
                .scalar_subquery()
            )
            recent = (
                select(func.count())
                .select_from(AuditRow)
                .where(
                    AuditRow.user_id == user_id,
                    AuditRow.deed == Deed.ATTEMPTED.value,
                    AuditRow.at > at - ATTEMPTS_COUNT_FOR,
                    (AuditRow.at > last_block) | last_block.is_(None),
                )
            )
            if (await connection.execute(recent)).scalar_one() >= self._attempts:
                block = Block(
                    guild_id=EVERYWHERE,
                    user_id=user_id,
                    blocked_by=0,
                    reason=Deed.ATTEMPTED.value,
                    begins_at=at,
                    ends_at=at + self._block_for,
                )
                await write_block(connection, block, told_to=guild_id)


async def write_block(connection: AsyncConnection, block: Block, told_to: int | None = None) -> None:
    """Keep a block; the server `told_to` reads of it, unless it is the block's own."""
    keys = {"guild_id": block.guild_id, "user_id": block.user_id}
    values = {
        "blocked_by": block.blocked_by,
        "reason": block.reason,
        "begins_at": block.begins_at,
        "ends_at": block.ends_at,
    }
    await upsert(connection, BlockRow, keys, values)
    until = "" if block.ends_at is None else f" (until {block.ends_at:%Y-%m-%d %H:%M} UTC)"
    await write_down(
        connection,
        AuditEntry(
            guild_id=block.guild_id or told_to,
            at=block.begins_at,
            actor_id=block.blocked_by,
            deed=Deed.BLOCKED,
            user_id=block.user_id,
            reason=f"{block.reason}{until}",
        ),
    )


def _unblocked(guild_id: int, user_id: int, by: int, at: datetime) -> AuditEntry:
    return AuditEntry(guild_id=guild_id, at=at, actor_id=by, deed=Deed.UNBLOCKED, user_id=user_id)


def _holds(at: datetime) -> ColumnElement[bool]:
    return BlockRow.ends_at.is_(None) | (BlockRow.ends_at > at)
