"""The tables of guessing games; they belong to the same `Base` as all others."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import Base

GUESS_LENGTH = 100


class GuessingGameRow(Base):
    """A game in which people guess from which tags a picture was drawn. `state` is one of `guessing.GameState`.

    `secret` is JSON of whoever stores it, with the tags that are to be found. `hints` is how many were given.
    """

    __tablename__ = "guessing_games"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    guild_id: Mapped[int]
    channel_id: Mapped[int]
    started_by: Mapped[int]
    job_id: Mapped[str | None] = mapped_column(String(16))
    secret: Mapped[dict[str, Any]]
    tag_count: Mapped[int]
    minutes: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    locale: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    hints: Mapped[int]
    message_id: Mapped[int | None]
    board_message_id: Mapped[int | None]

    __table_args__ = (
        Index("guessing_games_by_channel", "channel_id", "state"),
        Index("guessing_games_by_person", "started_by"),
    )


class GuessRow(Base):
    """What a person guessed, each guess once; `number` is the hidden tag that it means, if any."""

    __tablename__ = "guesses"

    game_id: Mapped[str] = mapped_column(
        ForeignKey("guessing_games.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(primary_key=True)
    guess: Mapped[str] = mapped_column(String(GUESS_LENGTH), primary_key=True)
    number: Mapped[int | None]
    guessed_at: Mapped[datetime]

    __table_args__ = (Index("guesses_by_person", "user_id", "game_id", "guessed_at"),)


class FindRow(Base):
    """Who found a hidden tag first, and the points that it brought; `user_id` 0 is somebody who deleted their data."""

    __tablename__ = "finds"

    game_id: Mapped[str] = mapped_column(
        ForeignKey("guessing_games.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    points: Mapped[int]
    found_at: Mapped[datetime]

    __table_args__ = (Index("finds_by_person", "user_id"),)
