"""Battles: two people, one theme and seed, and the votes on what they drew.

Whatever changes a battle is one transaction that asks its state first and sets what is due next, so that a program that
dies between any two lines goes on where it was, and of two processes one does it.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import AuditEntry, Deed, write_down
from storage.database import Database
from storage.deadlines import drop_deadlines, set_deadline
from storage.event_tables import BattleEntryRow, BattleRow, BattleVoteRow
from storage.upserts import upsert

NOBODY = 0
"""The winner of a battle that nobody won."""

INVITED_FOR = timedelta(minutes=15)
"""How long a challenge waits for its answer."""


CHALLENGES_MAX = 3
"""Battles of one challenger that aren't over: each pings somebody."""


class BattleState(StrEnum):
    """How far a battle is."""

    INVITED = "invited"
    DRAWING = "drawing"
    VOTING = "voting"
    ENDED = "ended"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class BattleDeadline(StrEnum):
    """What of a battle is due at a deadline: its phases end, or something is to be posted."""

    INVITE = "battle-invite"
    CARD = "battle-card"
    DRAWING = "battle-drawing"
    SHOW = "battle-show"
    VOTING = "battle-voting"
    RESULT = "battle-result"


TOURNAMENT_ADVANCE = "tournament-advance"
"""The kind of a deadline at which a tournament goes on, since a battle of it is over."""

MATCHES_OF_A_ROUND = 64
"""More than any round has; keeps the steps of a tournament's deadlines apart."""


class EndedHow(StrEnum):
    """Why a battle ended as it did."""

    VOTES = "votes"
    ABSENCE = "absence"
    DISQUALIFIED = "disqualified"


LEAST_SHARE = 0.75
"""How much of a phase must be left when it is announced."""

_PHASES = {
    BattleState.INVITED: BattleDeadline.INVITE,
    BattleState.DRAWING: BattleDeadline.DRAWING,
    BattleState.VOTING: BattleDeadline.VOTING,
}
ACTIVE = tuple(_PHASES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Battle:
    """A row of `battles`; see there."""

    id: str
    guild_id: int
    channel_id: int
    theme: str
    minutes: int
    voting_minutes: int
    aspect: str
    seed: int
    challenger_id: int
    challenger_name: str
    opponent_id: int
    opponent_name: str
    state: BattleState
    locale: str
    created_at: datetime
    phase_ends_at: datetime | None = None
    left_id: int | None = None
    winner_id: int | None = None
    ended_how: EndedHow | None = None
    ended_at: datetime | None = None
    invite_message_id: int | None = None
    card_message_id: int | None = None
    show_message_id: int | None = None
    result_message_id: int | None = None
    tournament_id: str | None = None
    round: int | None = None
    number: int | None = None

    @property
    def players(self) -> tuple[int, int]:
        """The two, by their ids."""
        return self.challenger_id, self.opponent_id

    @property
    def sides(self) -> tuple[int, int]:
        """The two in the order in which their pictures are shown."""
        return self.players if self.left_id in (None, self.challenger_id) else self.players[::-1]

    def name_of(self, user_id: int) -> str:
        """What one of the two was called when it began."""
        return self.challenger_name if user_id == self.challenger_id else self.opponent_name

    def other(self, user_id: int) -> int:
        """Whom one of the two plays against."""
        return self.opponent_id if user_id == self.challenger_id else self.challenger_id


@dataclass(frozen=True, slots=True)
class BattleEntry:
    """What one of the two entered: a picture of a job."""

    user_id: int
    job_id: str
    picture: int
    entered_at: datetime


class BattleStore:
    """Queries over `battles`, `battle_entries` and `battle_votes`. Each change says whether this call made it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def challenge(self, battle: Battle) -> bool:
        """Keep a challenge until it is answered, or for as long as one waits; not beside too many of one's own."""
        async with self._database.locked(f"challenges of {battle.challenger_id}") as connection:
            own = select(func.count()).where(
                BattleRow.challenger_id == battle.challenger_id,
                BattleRow.tournament_id.is_(None),
                BattleRow.state.in_(ACTIVE),
            )
            if (await connection.execute(own)).scalar_one() >= CHALLENGES_MAX:
                return False
            await connection.execute(insert(BattleRow).values(**_columns(battle)))
            ends_at = battle.created_at + INVITED_FOR
            await connection.execute(_update(battle.id).values(phase_ends_at=ends_at))
            await set_deadline(connection, battle.id, BattleDeadline.INVITE, ends_at)
            return True

    async def find(self, battle_id: str) -> Battle | None:
        """Return a battle."""
        async with self._database.reading() as connection:
            return await _find(connection, battle_id)

    async def active(self, guild_id: int) -> list[Battle]:
        """A server's battles that aren't over, the newest first."""
        return await self._all(BattleRow.guild_id == guild_id, BattleRow.state.in_(ACTIVE))

    async def of_tournament(self, tournament_id: str) -> list[Battle]:
        """All battles of a tournament."""
        return await self._all(BattleRow.tournament_id == tournament_id)

    async def entries(self, battle_id: str) -> dict[int, BattleEntry]:
        """What was entered, by whom."""
        async with self._database.reading() as connection:
            return await _entries(connection, battle_id)

    async def votes(self, battle_id: str) -> Counter[int]:
        """How many votes each has."""
        async with self._database.reading() as connection:
            return await _votes(connection, battle_id)

    async def accept(self, battle_id: str, at: datetime) -> Battle | None:
        """Let a battle begin; None where it isn't open to that any more."""
        async with self._database.writing() as connection:
            battle = await _find(connection, battle_id)
            if battle is None or not await _moved(
                connection, battle_id, BattleState.INVITED, BattleState.DRAWING
            ):
                return None
            await drop_deadlines(connection, battle_id, BattleDeadline.INVITE)
            await begin_drawing(connection, battle, at)
            return await _find(connection, battle_id)

    async def refuse(self, battle_id: str, at: datetime, *, has_expired: bool = False) -> bool:
        """Let a challenge go, since it was declined or nobody answered it."""
        state = BattleState.EXPIRED if has_expired else BattleState.DECLINED
        async with self._database.writing() as connection:
            if not await _moved(connection, battle_id, BattleState.INVITED, state, ended_at=at):
                return False
            await drop_deadlines(connection, battle_id, BattleDeadline.INVITE)
            return True

    async def enter(self, battle_id: str, entry: BattleEntry) -> Battle | None:
        """Enter a picture, or another in its place; with the second one's the voting begins. None where it is late."""
        async with self._database.locked(f"battle {battle_id}") as connection:
            battle = await _find(connection, battle_id)
            if battle is None or battle.state is not BattleState.DRAWING:
                return None
            values = {"job_id": entry.job_id, "picture": entry.picture, "entered_at": entry.entered_at}
            keys = {"battle_id": battle_id, "user_id": entry.user_id}
            await upsert(connection, BattleEntryRow, keys, values)
            if len(await _entries(connection, battle_id)) == 2:
                await _begin_voting(connection, battle, entry.entered_at)
            return await _find(connection, battle_id)

    async def close_drawing(self, battle_id: str, at: datetime) -> None:
        """The time to draw is over: whoever entered nothing loses."""
        async with self._database.locked(f"battle {battle_id}") as connection:
            battle = await _find(connection, battle_id)
            if battle is None or battle.state is not BattleState.DRAWING:
                return
            entered = list(await _entries(connection, battle_id))
            if len(entered) == 2:
                await _begin_voting(connection, battle, at)
            else:
                winner = entered[0] if entered else NOBODY
                await _end(connection, battle, winner, EndedHow.ABSENCE, at)

    async def lose_pictures(self, battle_id: str, losers: Collection[int], at: datetime) -> None:
        """End a battle since what some of the two entered can't be shown any more."""
        async with self._database.locked(f"battle {battle_id}") as connection:
            battle = await _find(connection, battle_id)
            if battle is None or battle.state not in ACTIVE:
                return
            winner = next((player for player in battle.players if player not in losers), NOBODY)
            await _end(connection, battle, winner, EndedHow.ABSENCE, at)

    async def vote(self, battle_id: str, voter_id: int, for_id: int, at: datetime) -> bool:
        """Count a person's vote, instead of their last one; not where the voting is over, nor one of the two's."""
        async with self._database.locked(f"battle {battle_id}") as connection:
            battle = await _find(connection, battle_id)
            if battle is None or battle.state is not BattleState.VOTING or voter_id in battle.players:
                return False
            keys = {"battle_id": battle_id, "user_id": voter_id}
            await upsert(connection, BattleVoteRow, keys, {"for_id": for_id, "cast_at": at})
            return True

    async def close_voting(self, battle_id: str, at: datetime) -> None:
        """Count: more votes win; of as many, who entered first."""
        async with self._database.locked(f"battle {battle_id}") as connection:
            battle = await _find(connection, battle_id)
            if battle is None or battle.state is not BattleState.VOTING:
                return
            votes, entries = await _votes(connection, battle_id), await _entries(connection, battle_id)
            in_time = [player for player in battle.players if player in entries]
            if len(in_time) < 2:  # somebody's data was deleted meanwhile
                await _end(connection, battle, in_time[0] if in_time else NOBODY, EndedHow.ABSENCE, at)
                return
            winner = min(in_time, key=lambda player: (-votes[player], entries[player].entered_at))
            await _end(connection, battle, winner, EndedHow.VOTES, at)

    async def give_time(self, battle_id: str, state: BattleState, at: datetime) -> Battle | None:
        """Before a phase is announced: begin its time anew if much of it went by, since the bot was away.

        None where the battle isn't in this phase.
        """
        async with self._database.locked(f"battle {battle_id}") as connection:
            battle = await _find(connection, battle_id)
            if battle is None or battle.state is not state or battle.phase_ends_at is None:
                return None
            is_drawing = state is BattleState.DRAWING
            whole = timedelta(minutes=battle.minutes if is_drawing else battle.voting_minutes)
            if battle.phase_ends_at - at < whole * LEAST_SHARE:
                await connection.execute(_update(battle_id).values(phase_ends_at=at + whole))
                await set_deadline(connection, battle_id, _PHASES[state], at + whole)
            return await _find(connection, battle_id)

    async def hasten(self, battle_id: str, by: int, at: datetime, reason: str = "") -> bool:
        """End the phase that a battle is in, now."""
        async with self._database.locked(f"battle {battle_id}") as connection:
            battle = await _find(connection, battle_id)
            if battle is None or battle.state not in _PHASES:
                return False
            await set_deadline(connection, battle_id, _PHASES[battle.state], at)
            await write_down(connection, _deed(battle, by, at, Deed.EVENT_ENDED, None, reason))
            return True

    async def cancel(self, battle_id: str, by: int, at: datetime, reason: str = "") -> bool:
        """Call a battle off; one of a tournament can only be won."""
        async with self._database.locked(f"battle {battle_id}") as connection:
            battle = await _find(connection, battle_id)
            if battle is None or battle.state not in ACTIVE or battle.tournament_id is not None:
                return False
            await cancel_battle(connection, battle, at)
            await write_down(connection, _deed(battle, by, at, Deed.EVENT_CANCELLED, None, reason))
            return True

    async def disqualify(self, battle_id: str, user_id: int, by: int, at: datetime, reason: str = "") -> bool:
        """Let the other one win."""
        async with self._database.locked(f"battle {battle_id}") as connection:
            battle = await _find(connection, battle_id)
            if battle is None or battle.state not in ACTIVE or user_id not in battle.players:
                return False
            await _end(connection, battle, battle.other(user_id), EndedHow.DISQUALIFIED, at)
            await write_down(connection, _deed(battle, by, at, Deed.DISQUALIFIED, user_id, reason))
            return True

    async def posted(
        self,
        battle_id: str,
        *,
        invite: int | None = None,
        card: int | None = None,
        show: int | None = None,
        result: int | None = None,
    ) -> None:
        """Remember the message that was posted."""
        told = {
            "invite_message_id": invite,
            "card_message_id": card,
            "show_message_id": show,
            "result_message_id": result,
        }
        values = {name: message_id for name, message_id in told.items() if message_id is not None}
        if values:
            async with self._database.writing() as connection:
                await connection.execute(_update(battle_id).values(**values))

    async def told_result(self, battle: Battle, at: datetime) -> None:
        """The result was told; a tournament goes on after it."""
        if battle.tournament_id is None or battle.round is None or battle.number is None:
            return
        step = battle.round * MATCHES_OF_A_ROUND + battle.number
        async with self._database.writing() as connection:
            await set_deadline(connection, battle.tournament_id, TOURNAMENT_ADVANCE, at, step)

    async def _all(self, *which: ColumnElement[bool]) -> list[Battle]:
        query = select(BattleRow.__table__).where(*which).order_by(BattleRow.created_at.desc(), BattleRow.id)
        async with self._database.reading() as connection:
            return [_battle(row) for row in (await connection.execute(query)).mappings()]


async def add_battle(connection: AsyncConnection, battle: Battle, at: datetime) -> None:
    """Add a battle that needs no answer, and begin it or tell its result, whichever its state says."""
    await connection.execute(insert(BattleRow).values(**_columns(battle)))
    if battle.state is BattleState.DRAWING:
        await begin_drawing(connection, battle, at)
    else:
        await set_deadline(connection, battle.id, BattleDeadline.RESULT, at)


async def begin_drawing(connection: AsyncConnection, battle: Battle, at: datetime) -> None:
    """Set the end of the time to draw; the card is due now."""
    ends_at = at + timedelta(minutes=battle.minutes)
    await connection.execute(_update(battle.id).values(phase_ends_at=ends_at))
    await set_deadline(connection, battle.id, BattleDeadline.DRAWING, ends_at)
    await set_deadline(connection, battle.id, BattleDeadline.CARD, at)


async def cancel_battle(connection: AsyncConnection, battle: Battle, at: datetime) -> None:
    """Call it off, in the transaction of what calls it off."""
    values = {"state": BattleState.CANCELLED.value, "ended_at": at}
    await connection.execute(_update(battle.id).values(**values))
    await drop_deadlines(connection, battle.id)
    await connection.execute(delete(BattleVoteRow).where(BattleVoteRow.battle_id == battle.id))


def new_battle_id() -> str:
    """An id that no other battle has."""
    return secrets.token_hex(8)


async def _begin_voting(connection: AsyncConnection, battle: Battle, at: datetime) -> None:
    ends_at = at + timedelta(minutes=battle.voting_minutes)
    values = {
        "state": BattleState.VOTING.value,
        "left_id": secrets.choice(battle.players),
        "phase_ends_at": ends_at,
    }
    await connection.execute(_update(battle.id).values(**values))
    await drop_deadlines(connection, battle.id, BattleDeadline.DRAWING)
    await set_deadline(connection, battle.id, BattleDeadline.SHOW, at)
    await set_deadline(connection, battle.id, BattleDeadline.VOTING, ends_at)


async def _end(
    connection: AsyncConnection, battle: Battle, winner_id: int, how: EndedHow, at: datetime
) -> None:
    values = {
        "state": BattleState.ENDED.value,
        "winner_id": winner_id,
        "ended_how": how.value,
        "ended_at": at,
        "phase_ends_at": None,
    }
    await connection.execute(_update(battle.id).values(**values))
    await drop_deadlines(connection, battle.id)
    await set_deadline(connection, battle.id, BattleDeadline.RESULT, at)


async def _moved(
    connection: AsyncConnection, battle_id: str, before: BattleState, after: BattleState, **values: object
) -> bool:
    """Change the state, if it still is as it was."""
    done = await connection.execute(
        _update(battle_id).where(BattleRow.state == before.value).values(state=after.value, **values)
    )
    return bool(done.rowcount)


def _update(battle_id: str) -> Any:
    return update(BattleRow).where(BattleRow.id == battle_id)


async def _find(connection: AsyncConnection, battle_id: str) -> Battle | None:
    rows = await connection.execute(select(BattleRow.__table__).where(BattleRow.id == battle_id))
    row = rows.mappings().one_or_none()
    return None if row is None else _battle(row)


async def _entries(connection: AsyncConnection, battle_id: str) -> dict[int, BattleEntry]:
    columns = [BattleEntryRow.__table__.c[field.name] for field in fields(BattleEntry)]
    rows = await connection.execute(select(*columns).where(BattleEntryRow.battle_id == battle_id))
    return {row["user_id"]: BattleEntry(**row) for row in rows.mappings()}


async def _votes(connection: AsyncConnection, battle_id: str) -> Counter[int]:
    query = select(BattleVoteRow.for_id).where(BattleVoteRow.battle_id == battle_id)
    return Counter((await connection.execute(query)).scalars())


def _battle(row: RowMapping) -> Battle:
    how = row["ended_how"]
    return Battle(
        **{**row, "state": BattleState(row["state"]), "ended_how": None if how is None else EndedHow(how)}
    )


def _columns(battle: Battle) -> Mapping[str, object]:
    return {field.name: getattr(battle, field.name) for field in fields(battle)}


def _deed(battle: Battle, by: int, at: datetime, deed: Deed, user_id: int | None, reason: str) -> AuditEntry:
    return AuditEntry(
        guild_id=battle.guild_id,
        at=at,
        actor_id=by,
        deed=deed,
        user_id=user_id,
        reason=f"{battle.challenger_name} / {battle.opponent_name}: {reason}".rstrip(" :"),
    )
