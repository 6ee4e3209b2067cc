"""The tables of events; they belong to the same `Base` as all others. A change here needs a migration too."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.guessing_tables import FindRow, GuessingGameRow, GuessRow
from storage.standing_tables import SeasonRow, StandingRow
from storage.tables import Base

__all__ = [
    "BallotRow",
    "Base",
    "BattleEntryRow",
    "BattleRow",
    "BattleVoteRow",
    "ComparisonRow",
    "ContestRow",
    "DeadlineRow",
    "DisqualifiedRow",
    "EntryRow",
    "EventPostRow",
    "FindRow",
    "GuessRow",
    "GuessingGameRow",
    "SeasonRow",
    "StandingRow",
    "TournamentPlayerRow",
    "TournamentRow",
]


class DeadlineRow(Base):
    """A moment at which something of an event is due: `kind` says what, `step` tells several of a kind apart.

    Until `claimed_until` it is in the hands of the process `claimed_by`; after `done_at` it is over.
    """

    __tablename__ = "deadlines"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    event_id: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(30))
    step: Mapped[int]
    due_at: Mapped[datetime]
    claimed_by: Mapped[str | None] = mapped_column(String(64))
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("event_id", "kind", "step", name="deadlines_of_event"),
        Index("deadlines_by_moment", "done_at", "due_at"),
    )


class EventPostRow(Base):
    """A message that an event has posted, so that it isn't posted again; `step` says which of its messages it is."""

    __tablename__ = "event_posts"

    event_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    step: Mapped[str] = mapped_column(String(8), primary_key=True)
    channel_id: Mapped[int]
    message_id: Mapped[int]


class ContestRow(Base):
    """A contest, from its announcement to its results. `state` is one of `contests.ContestState`.

    `rules` and `access` are JSON of whoever stores them: what may be drawn, and who may take part. `channel_id` is
    where it was announced, `thread_id` where it is held, the messages are its own there. `locale` is the language of
    what all see.
    """

    __tablename__ = "contests"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    guild_id: Mapped[int]
    channel_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(100))
    theme: Mapped[str] = mapped_column(Text)
    rules: Mapped[dict[str, Any]]
    access: Mapped[dict[str, Any]]
    voting: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    voting_ends_at: Mapped[datetime]
    reward_role_id: Mapped[int | None]
    locale: Mapped[str] = mapped_column(String(10))
    created_by: Mapped[int]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    thread_id: Mapped[int | None]
    card_message_id: Mapped[int | None]
    scheduled_event_id: Mapped[int | None]

    __table_args__ = (Index("contests_by_guild", "guild_id", "state"),)


class EntryRow(Base):
    """A picture in a contest: number `number` of a job. `name` is what its asker was called when they entered it.

    Who withdraws an entry leaves no row; one that moderators
    removed stays for them, with who did it. From the beginning of the vote on it is known as `shown_as`, and shown in
    the message `message_id`; `place`, `votes` and `strength` are its result.
    """

    __tablename__ = "entries"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    contest_id: Mapped[str] = mapped_column(ForeignKey("contests.id", ondelete="CASCADE"))
    user_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    number: Mapped[int]
    entered_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[int | None]
    shown_as: Mapped[int | None]
    message_id: Mapped[int | None]
    place: Mapped[int | None]
    votes: Mapped[int | None]
    strength: Mapped[float | None]

    __table_args__ = (
        Index("entries_by_contest", "contest_id", "user_id"),
        Index("entries_by_person", "user_id"),
        Index("entries_by_job", "job_id"),
    )


class BallotRow(Base):
    """One pick of a voter's ballot, of which they have up to three."""

    __tablename__ = "ballots"

    contest_id: Mapped[str] = mapped_column(ForeignKey("contests.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    cast_at: Mapped[datetime]

    __table_args__ = (Index("ballots_by_entry", "entry_id"), Index("ballots_by_person", "user_id"))


class ComparisonRow(Base):
    """Which of two entries a voter found better; `first_id` sorts before `second_id`, so that a pair is there once."""

    __tablename__ = "comparisons"

    contest_id: Mapped[str] = mapped_column(ForeignKey("contests.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[str] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    second_id: Mapped[str] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    winner_id: Mapped[str] = mapped_column(String(16))
    compared_at: Mapped[datetime]

    __table_args__ = (Index("comparisons_by_person", "user_id"),)


class DisqualifiedRow(Base):
    """Somebody who may not enter or win a contest any more."""

    __tablename__ = "disqualified"

    contest_id: Mapped[str] = mapped_column(ForeignKey("contests.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    by: Mapped[int]
    at: Mapped[datetime]


class TournamentRow(Base):
    """A tournament of battles. `state` is one of `tournaments.TournamentState`.

    `themes` has one for each round, the last of which holds for those after it. `seeds` are the people by seed, drawn
    by lot from `lot` when it began; `posted_round` is the last round that was announced, -1 before the first.
    """

    __tablename__ = "tournaments"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    guild_id: Mapped[int]
    channel_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(100))
    themes: Mapped[list[str]]
    minutes: Mapped[int]
    voting_minutes: Mapped[int]
    aspect: Mapped[str] = mapped_column(String(30))
    state: Mapped[str] = mapped_column(String(10))
    locale: Mapped[str] = mapped_column(String(10))
    created_by: Mapped[int]
    created_at: Mapped[datetime]
    lot: Mapped[int | None]
    seeds: Mapped[list[int]]
    posted_round: Mapped[int]
    champion_id: Mapped[int | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("tournaments_by_guild", "guild_id", "state"),)


class TournamentPlayerRow(Base):
    """Somebody who joined a tournament, and what they were called then; after `disqualified_at` they lose."""

    __tablename__ = "tournament_players"

    tournament_id: Mapped[str] = mapped_column(
        ForeignKey("tournaments.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    joined_at: Mapped[datetime]
    disqualified_at: Mapped[datetime | None]

    __table_args__ = (Index("tournament_players_by_person", "user_id"),)


class BattleRow(Base):
    """Two people who draw the same theme from the same seed. `state` is one of `battles.BattleState`.

    Whose picture is shown on the left is `left_id`, drawn by lot. `winner_id` is 0 where nobody won, and `ended_how`
    tells why. In a tournament `round` and `number` say which match it is. The messages are the challenge, the card,
    the two pictures and the winner, in `channel_id`.
    """

    __tablename__ = "battles"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    guild_id: Mapped[int]
    channel_id: Mapped[int]
    theme: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    voting_minutes: Mapped[int]
    aspect: Mapped[str] = mapped_column(String(30))
    seed: Mapped[int]
    challenger_id: Mapped[int]
    challenger_name: Mapped[str] = mapped_column(String(100))
    opponent_id: Mapped[int]
    opponent_name: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    locale: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    phase_ends_at: Mapped[datetime | None]
    left_id: Mapped[int | None]
    winner_id: Mapped[int | None]
    ended_how: Mapped[str | None] = mapped_column(String(12))
    ended_at: Mapped[datetime | None]
    invite_message_id: Mapped[int | None]
    card_message_id: Mapped[int | None]
    show_message_id: Mapped[int | None]
    result_message_id: Mapped[int | None]
    tournament_id: Mapped[str | None] = mapped_column(ForeignKey("tournaments.id", ondelete="CASCADE"))
    round: Mapped[int | None]
    number: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("tournament_id", "round", "number", name="battles_of_tournament"),
        Index("battles_by_guild", "guild_id", "state"),
        Index("battles_by_challenger", "challenger_id"),
        Index("battles_by_opponent", "opponent_id"),
    )


class BattleEntryRow(Base):
    """The picture that one of the two entered: number `picture` of a job."""

    __tablename__ = "battle_entries"

    battle_id: Mapped[str] = mapped_column(ForeignKey("battles.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    picture: Mapped[int]
    entered_at: Mapped[datetime]

    __table_args__ = (Index("battle_entries_by_person", "user_id"), Index("battle_entries_by_job", "job_id"))


class BattleVoteRow(Base):
    """A person's one vote in a battle."""

    __tablename__ = "battle_votes"

    battle_id: Mapped[str] = mapped_column(ForeignKey("battles.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    for_id: Mapped[int]
    cast_at: Mapped[datetime]

    __table_args__ = (Index("battle_votes_by_person", "user_id"),)
