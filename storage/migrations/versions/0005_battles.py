"""Battles of two, and tournaments made of them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tournaments",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("themes", sa.JSON, nullable=False),
        sa.Column("minutes", sa.BigInteger, nullable=False),
        sa.Column("voting_minutes", sa.BigInteger, nullable=False),
        sa.Column("aspect", sa.String(30), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("created_by", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lot", sa.BigInteger),
        sa.Column("seeds", sa.JSON, nullable=False),
        sa.Column("posted_round", sa.BigInteger, nullable=False),
        sa.Column("champion_id", sa.BigInteger),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index("tournaments_by_guild", "tournaments", ["guild_id", "state"])
    op.create_table(
        "tournament_players",
        sa.Column(
            "tournament_id",
            sa.String(16),
            sa.ForeignKey("tournaments.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disqualified_at", sa.DateTime(timezone=True)),
    )
    op.create_index("tournament_players_by_person", "tournament_players", ["user_id"])
    op.create_table(
        "battles",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("theme", sa.Text, nullable=False),
        sa.Column("minutes", sa.BigInteger, nullable=False),
        sa.Column("voting_minutes", sa.BigInteger, nullable=False),
        sa.Column("aspect", sa.String(30), nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("challenger_id", sa.BigInteger, nullable=False),
        sa.Column("challenger_name", sa.String(100), nullable=False),
        sa.Column("opponent_id", sa.BigInteger, nullable=False),
        sa.Column("opponent_name", sa.String(100), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("phase_ends_at", sa.DateTime(timezone=True)),
        sa.Column("left_id", sa.BigInteger),
        sa.Column("winner_id", sa.BigInteger),
        sa.Column("ended_how", sa.String(12)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("invite_message_id", sa.BigInteger),
        sa.Column("card_message_id", sa.BigInteger),
        sa.Column("show_message_id", sa.BigInteger),
        sa.Column("result_message_id", sa.BigInteger),
        sa.Column("tournament_id", sa.String(16), sa.ForeignKey("tournaments.id", ondelete="CASCADE")),
        sa.Column("round", sa.BigInteger),
        sa.Column("number", sa.BigInteger),
        sa.UniqueConstraint("tournament_id", "round", "number", name="battles_of_tournament"),
    )
    op.create_index("battles_by_guild", "battles", ["guild_id", "state"])
    op.create_index("battles_by_challenger", "battles", ["challenger_id"])
    op.create_index("battles_by_opponent", "battles", ["opponent_id"])
    op.create_table(
        "battle_entries",
        sa.Column(
            "battle_id", sa.String(16), sa.ForeignKey("battles.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("job_id", sa.String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("picture", sa.BigInteger, nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("battle_entries_by_person", "battle_entries", ["user_id"])
    op.create_index("battle_entries_by_job", "battle_entries", ["job_id"])
    op.create_table(
        "battle_votes",
        sa.Column(
            "battle_id", sa.String(16), sa.ForeignKey("battles.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("for_id", sa.BigInteger, nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("battle_votes_by_person", "battle_votes", ["user_id"])


def downgrade() -> None:
    """Drop them."""
    for table in ("battle_votes", "battle_entries", "battles", "tournament_players", "tournaments"):
        op.drop_table(table)
