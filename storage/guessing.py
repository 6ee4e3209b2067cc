"""Guessing games: one at a time in a channel; who guessed what, and who found a tag first.

Whatever changes a game is one transaction that asks its state first and sets what is due next, so that a program that
dies between any two lines goes on where it was, and each tag is found once.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.audit import AuditEntry, Deed, write_down
from storage.database import Database
from storage.deadlines import drop_deadlines, set_deadline
from storage.guessing_tables import GUESS_LENGTH, FindRow, GuessingGameRow, GuessRow
from storage.standings import EventKind, Standing, record_standings

GAME_PREFIX = "guess"
"""What a game's id begins with, so that whoever has a job's occasion knows what it is."""

DRAWN_WITHIN = timedelta(minutes=30)
"""How long a game waits for its picture; a request that was lost meanwhile must not keep the channel."""

GUESSES, WINDOW = 12, timedelta(seconds=30)
"""So many guesses a person has in this time."""

COUNTS_FROM = 2
"""People who must have guessed for a game to count in the season: nobody plays alone for points."""


class GameState(StrEnum):
    """How far a game is."""

    DRAWING = "drawing"
    RUNNING = "running"
    ENDED = "ended"
    FAILED = "failed"


_SECRET = (GameState.DRAWING, GameState.RUNNING)
"""While a game is there, its tags aren't told."""


class GameDeadline(StrEnum):
    """What of a game is due at a deadline."""

    DRAWN = "guess-drawn"
    HINT = "guess-hint"
    END = "guess-end"
    BOARD = "guess-board"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessingGame:
    """A row of `guessing_games`; see there."""

    id: str
    guild_id: int
    channel_id: int
    started_by: int
    secret: Mapping[str, Any]
    tag_count: int
    minutes: int
    state: GameState
    locale: str
    created_at: datetime
    job_id: str | None = None
    begun_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    hints: int = 0
    message_id: int | None = None
    board_message_id: int | None = None

    def end_if_begun(self, at: datetime) -> datetime:
        """When it ends if it begins at that moment."""
        return at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Guess:
    """What somebody guessed; `number` is the hidden tag that it means, which brings `points` if nobody has it."""

    text: str
    number: int | None = None
    points: int = 0


@dataclass(frozen=True, slots=True)
class Find:
    """Who found a hidden tag."""

    number: int
    user_id: int
    points: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of some guesses: tags found by them, tags that had been found, and guesses made before.

    `free_at` is when a person who guessed too much may guess again; nothing is counted then. `is_over`: all tags are
    found, by these guesses.
    """

    found: Sequence[Find] = ()
    late: Sequence[Find] = ()
    repeated: Sequence[str] = ()
    left: int = 0
    is_over: bool = False
    free_at: datetime | None = None


def new_game_id() -> str:
    """Make an id that no other event has."""
    return GAME_PREFIX + secrets.token_hex(6)[: 16 - len(GAME_PREFIX)]


def is_game(occasion: str | None) -> bool:
    """Whether what a picture was drawn for is a guessing game."""
    return occasion is not None and occasion.startswith(GAME_PREFIX)


class GuessingStore:
    """Queries over `guessing_games`, `guesses` and `finds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, game: GuessingGame) -> bool:
        """Keep a new game, whose picture is to be drawn; False where one is on in its channel."""
        async with self._database.locked(f"guessing in {game.channel_id}") as connection:
            others = select(GuessingGameRow.id).where(
                GuessingGameRow.channel_id == game.channel_id,
                GuessingGameRow.state.in_(_SECRET),
            )
            if (await connection.execute(others.limit(1))).first() is not None:
                return False
            values = {each.name: getattr(game, each.name) for each in fields(game)}
            await connection.execute(insert(GuessingGameRow).values(**values))
            await set_deadline(connection, game.id, GameDeadline.DRAWN, game.created_at + DRAWN_WITHIN)
            return True

    async def find(self, game_id: str) -> GuessingGame | None:
        """Return a game."""
        async with self._database.reading() as connection:
            return await _find(connection, game_id)

    async def in_channel(self, channel_id: int) -> GuessingGame | None:
        """The game that is on in a channel."""
        query = select(GuessingGameRow.__table__).where(
            GuessingGameRow.channel_id == channel_id,
            GuessingGameRow.state.in_(_SECRET),
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else _game(row)

    async def is_secret(self, occasion: str) -> bool:
        """Whether what was drawn for an event may not be told yet."""
        if not is_game(occasion):
            return False
        game = await self.find(occasion)
        return game is not None and game.state in _SECRET

    async def is_drawn_by(self, game_id: str, job_id: str) -> None:
        """Remember the job that draws a game's picture."""
        async with self._database.writing() as connection:
            await connection.execute(_update(game_id).values(job_id=job_id))

    async def fail(self, game_id: str, at: datetime) -> bool:
        """There is no picture to be seen: the game won't be. Whether this call said so."""
        async with self._database.writing() as connection:
            failed = await connection.execute(
                _update(game_id)
                .where(GuessingGameRow.state.in_(_SECRET), GuessingGameRow.message_id.is_(None))
                .values(state=GameState.FAILED.value, ended_at=at)
            )
            if failed.rowcount:
                await drop_deadlines(connection, game_id)
            return bool(failed.rowcount)

    async def begin(self, game_id: str, at: datetime, hints_at: Sequence[datetime]) -> bool:
        """The picture is there: from now on people guess. Whether this call began it.

        It comes before the picture is posted, so that nobody presses a button of a game that isn't on.
        """
        async with self._database.writing() as connection:
            game = await _find(connection, game_id)
            if game is None or game.state is not GameState.DRAWING:
                return False
            ends_at = game.end_if_begun(at)
            begun = await connection.execute(
                _update(game_id)
                .where(GuessingGameRow.state == GameState.DRAWING)
                .values(state=GameState.RUNNING.value, begun_at=at, ends_at=ends_at)
            )
            if not begun.rowcount:
                return False
            await drop_deadlines(connection, game_id, GameDeadline.DRAWN)
            await set_deadline(connection, game_id, GameDeadline.END, ends_at)
            for step, moment in enumerate(hints_at, start=1):
                await set_deadline(connection, game_id, GameDeadline.HINT, moment, step)
            return True

    async def posted(self, game_id: str, message_id: int) -> None:
        """Remember the message with the picture."""
        async with self._database.writing() as connection:
            await connection.execute(_update(game_id).values(message_id=message_id))

    async def guess(
        self, game_id: str, user_id: int, guesses: Sequence[Guess], at: datetime
    ) -> Counted | None:
        """Count a person's guesses, each once; the last tag ends the game. None where no game is on.

        Two who find a tag at the same moment don't both have it.
        """
        async with self._database.locked(f"game {game_id}") as connection:
            game = await _find(connection, game_id)
            if game is None or game.state is not GameState.RUNNING or game.ends_at is None:
                return None
            if at >= game.ends_at:
                return None
            known = await _texts(connection, game_id, user_id)
            repeated = [guess.text for guess in guesses if guess.text in known]
            new = list({guess.text: guess for guess in guesses if guess.text not in known}.values())
            recent = [moment for moment in known.values() if moment > at - WINDOW]
            if new and len(recent) + len(new) > GUESSES:
                return Counted(free_at=min(recent, default=at) + WINDOW)
            finds = {find.number: find for find in await _finds(connection, game_id)}
            found, late = [], []
            for guess in new:
                row = {"game_id": game_id, "user_id": user_id, "guess": guess.text[:GUESS_LENGTH]}
                await connection.execute(insert(GuessRow).values(**row, number=guess.number, guessed_at=at))
                if guess.number is None:
                    continue
                if guess.number in finds:
                    late.append(finds[guess.number])
                    continue
                find = Find(guess.number, user_id, guess.points)
                await connection.execute(
                    insert(FindRow).values(
                        game_id=game_id, number=find.number, user_id=user_id, points=find.points, found_at=at
                    )
                )
                finds[find.number] = find
                found.append(find)
            left = game.tag_count - len(finds)
            if not left:
                await _end(connection, game, at)
            return Counted(found, late, repeated, left, is_over=not left)

    async def give_hint(self, game_id: str, number: int) -> bool:
        """The hint of this number is due; False where the game is over."""
        async with self._database.writing() as connection:
            changed = await connection.execute(
                _update(game_id).where(GuessingGameRow.state == GameState.RUNNING).values(hints=number)
            )
            return bool(changed.rowcount)

    async def end(self, game_id: str, at: datetime, *, by: int | None = None, reason: str = "") -> bool:
        """End a game; `by` is the moderator who does, before its time. Whether this call ended it."""
        async with self._database.locked(f"game {game_id}") as connection:
            game = await _find(connection, game_id)
            if game is None or game.state is not GameState.RUNNING:
                return False
            await _end(connection, game, at)
            if by is not None:
                entry = AuditEntry(
                    guild_id=game.guild_id,
                    at=at,
                    actor_id=by,
                    deed=Deed.EVENT_ENDED,
                    user_id=game.started_by or None,
                    job_id=game.job_id,
                    reason=reason,
                )
                await write_down(connection, entry)
            return True

    async def finds(self, game_id: str) -> list[Find]:
        """What was found, in the order in which it was."""
        async with self._database.reading() as connection:
            return await _finds(connection, game_id)

    async def guessers(self, game_id: str) -> int:
        """How many people have guessed."""
        async with self._database.reading() as connection:
            return await _guessers(connection, game_id)

    async def told_board(self, game_id: str, message_id: int | None) -> None:
        """Remember the message of the board."""
        async with self._database.writing() as connection:
            await connection.execute(_update(game_id).values(board_message_id=message_id or 0))


async def forget_guesser(connection: AsyncConnection, user_id: int) -> None:
    """Take a person out of all games; what they found stays found, by nobody."""
    await connection.execute(delete(GuessRow).where(GuessRow.user_id == user_id))
    await connection.execute(update(FindRow).where(FindRow.user_id == user_id).values(user_id=0))
    await connection.execute(
        update(GuessingGameRow).where(GuessingGameRow.started_by == user_id).values(started_by=0)
    )


def secret_games() -> Select[str]:
    """The ids of the games whose tags aren't told yet."""
    return select(GuessingGameRow.id).where(GuessingGameRow.state.in_(_SECRET))


def standings_of(finds: Sequence[Find]) -> list[Standing]:
    """Who has how many points, the best first; as many are the same place."""
    points: Counter[int] = Counter()
    for find in finds:
        if find.user_id:
            points[find.user_id] += find.points
    return [
        Standing(user_id, 1 + sum(other > own for other in points.values()), own)
        for user_id, own in sorted(points.items(), key=lambda item: (-item[1], item[0]))
    ]


async def _end(connection: AsyncConnection, game: GuessingGame, at: datetime) -> None:
    await connection.execute(_update(game.id).values(state=GameState.ENDED.value, ended_at=at))
    await drop_deadlines(connection, game.id)
    await set_deadline(connection, game.id, GameDeadline.BOARD, at)
    if await _guessers(connection, game.id) >= COUNTS_FROM:
        standings = standings_of(await _finds(connection, game.id))
        await record_standings(connection, game.guild_id, game.id, EventKind.GUESSING, standings, at)


async def _find(connection: AsyncConnection, game_id: str) -> GuessingGame | None:
    query = select(GuessingGameRow.__table__).where(GuessingGameRow.id == game_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _game(row)


async def _finds(connection: AsyncConnection, game_id: str) -> list[Find]:
    query = (
        select(FindRow.number, FindRow.user_id, FindRow.points)
        .where(FindRow.game_id == game_id)
        .order_by(FindRow.found_at, FindRow.number)
    )
    return [Find(number, user_id, points) for number, user_id, points in await connection.execute(query)]


async def _texts(connection: AsyncConnection, game_id: str, user_id: int) -> dict[str, datetime]:
    query = select(GuessRow.guess, GuessRow.guessed_at).where(
        GuessRow.game_id == game_id, GuessRow.user_id == user_id
    )
    return {row.guess: row.guessed_at for row in await connection.execute(query)}


async def _guessers(connection: AsyncConnection, game_id: str) -> int:
    query = select(func.count(GuessRow.user_id.distinct())).where(GuessRow.game_id == game_id)
    count: int = (await connection.execute(query)).scalar_one()
    return count


def _update(game_id: str) -> Any:
    return update(GuessingGameRow).where(GuessingGameRow.id == game_id)


def _game(row: RowMapping) -> GuessingGame:
    return GuessingGame(**{**row, "state": GameState(row["state"])})
