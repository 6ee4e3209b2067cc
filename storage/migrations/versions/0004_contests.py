"""Deadlines, and contests with their entries and votes; jobs that were asked for an event."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables and the column."""
    op.add_column("jobs", sa.Column("occasion", sa.String(16)))
    op.create_index("jobs_by_occasion", "jobs", ["occasion", "user_id"])
    op.create_table(
        "deadlines",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("event_id", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.String(64)),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("event_id", "kind", "step", name="deadlines_of_event"),
    )
    op.create_index("deadlines_by_moment", "deadlines", ["done_at", "due_at"])
    op.create_table(
        "event_posts",
        sa.Column("event_id", sa.String(16), primary_key=True),
        sa.Column("step", sa.String(8), primary_key=True),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "contests",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("theme", sa.Text, nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("access", sa.JSON, nullable=False),
        sa.Column("voting", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voting_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reward_role_id", sa.BigInteger),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("created_by", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("thread_id", sa.BigInteger),
        sa.Column("card_message_id", sa.BigInteger),
        sa.Column("scheduled_event_id", sa.BigInteger),
    )
    op.create_index("contests_by_guild", "contests", ["guild_id", "state"])
    op.create_table(
        "entries",
        sa.Column("id", sa.String(16), primary_key=True),
        _contest(),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("job_id", sa.String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("removed_by", sa.BigInteger),
        sa.Column("shown_as", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("place", sa.BigInteger),
        sa.Column("votes", sa.BigInteger),
        sa.Column("strength", sa.Double),
    )
    op.create_index("entries_by_contest", "entries", ["contest_id", "user_id"])
    op.create_index("entries_by_person", "entries", ["user_id"])
    op.create_index("entries_by_job", "entries", ["job_id"])
    op.create_table(
        "ballots",
        _contest(primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True),
        _entry("entry_id"),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ballots_by_entry", "ballots", ["entry_id"])
    op.create_index("ballots_by_person", "ballots", ["user_id"])
    op.create_table(
        "comparisons",
        _contest(primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True),
        _entry("first_id"),
        _entry("second_id"),
        sa.Column("winner_id", sa.String(16), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("comparisons_by_person", "comparisons", ["user_id"])
    op.create_table(
        "disqualified",
        _contest(primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True),
        sa.Column("by", sa.BigInteger, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def _contest(*, primary_key: bool = False) -> "sa.Column[str]":
    parent = sa.ForeignKey("contests.id", ondelete="CASCADE")
    return sa.Column("contest_id", sa.String(16), parent, primary_key=primary_key, nullable=False)


def _entry(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.String(16), sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
