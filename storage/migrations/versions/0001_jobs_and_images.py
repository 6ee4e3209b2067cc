"""Jobs and their images: the first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("accepted_at", instant, nullable=False),
        sa.Column("ended_at", instant),
        sa.Column("delivered_at", instant),
        sa.Column("image_count", sa.BigInteger, nullable=False),
        sa.Column("cost", sa.Double, nullable=False),
        sa.Column("weight", sa.Double, nullable=False),
        sa.Column("drawing_s", sa.Double),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Column("failure", sa.JSON),
        sa.Column("interaction_token", sa.String(512)),
        sa.Column("token_ends_at", instant),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("file_limit_bytes", sa.BigInteger),
        sa.Column("post_nonce", sa.String(25)),
        sa.Column("erased_at", instant),
    )
    op.create_index("jobs_by_person", "jobs", ["user_id", "accepted_at"])
    op.create_index("jobs_by_guild", "jobs", ["guild_id", "accepted_at"])
    op.create_index("jobs_by_state", "jobs", ["state", "accepted_at"])
    op.create_index("jobs_by_delivery", "jobs", ["delivered_at", "state"])
    op.create_table(
        "images",
        sa.Column("job_id", sa.String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("file_hash", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("removed_at", instant),
    )
    op.create_index("images_by_file", "images", ["file_hash"])
