"""The tables of standings and seasons; they belong to the same `Base` as all others."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import Base

SEASON_LENGTH = 40


class StandingRow(Base):
    """A person's place and points in an event that is over; one row for each, so that nothing counts twice.

    `kind` is one of `standings.EventKind`, `season` the one in which the event ended.
    """

    __tablename__ = "standings"

    event_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    guild_id: Mapped[int]
    season: Mapped[str] = mapped_column(String(SEASON_LENGTH))
    kind: Mapped[str] = mapped_column(String(20))
    place: Mapped[int]
    points: Mapped[int]
    ended_at: Mapped[datetime]

    __table_args__ = (
        Index("standings_by_season", "guild_id", "season", "user_id"),
        Index("standings_by_person", "user_id"),
    )


class SeasonRow(Base):
    """A season that a server's moderators have begun; the one that was begun last is the current one."""

    __tablename__ = "seasons"

    guild_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(SEASON_LENGTH), primary_key=True)
    began_at: Mapped[datetime]
    begun_by: Mapped[int]
