"""Guessing games, what was guessed in them and what was found."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "guessing_games",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("started_by", sa.BigInteger, nullable=False),
        sa.Column("job_id", sa.String(16)),
        sa.Column("secret", sa.JSON, nullable=False),
        sa.Column("tag_count", sa.BigInteger, nullable=False),
        sa.Column("minutes", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True)),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("hints", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("board_message_id", sa.BigInteger),
    )
    op.create_index("guessing_games_by_channel", "guessing_games", ["channel_id", "state"])
    op.create_index("guessing_games_by_person", "guessing_games", ["started_by"])
    op.create_table(
        "guesses",
        sa.Column(
            "game_id", sa.String(16), sa.ForeignKey("guessing_games.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("guess", sa.String(100), primary_key=True),
        sa.Column("number", sa.BigInteger),
        sa.Column("guessed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("guesses_by_person", "guesses", ["user_id", "game_id", "guessed_at"])
    op.create_table(
        "finds",
        sa.Column(
            "game_id", sa.String(16), sa.ForeignKey("guessing_games.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("finds_by_person", "finds", ["user_id"])


def downgrade() -> None:
    """Drop them."""
    for table in ("finds", "guesses", "guessing_games"):
        op.drop_table(table)
