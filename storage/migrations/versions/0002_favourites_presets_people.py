"""Pictures that are drawn over; what people keep; and where a result was brought."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables and columns."""
    op.add_column("jobs", sa.Column("result_channel_id", sa.BigInteger))
    op.add_column("jobs", sa.Column("result_message_id", sa.BigInteger))
    op.create_table(
        "sources",
        sa.Column("job_id", sa.String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("file_hash", sa.String(64), nullable=False),
    )
    op.create_index("sources_by_file", "sources", ["file_hash"])
    op.create_table(
        "favourites",
        sa.Column("user_id", sa.BigInteger, primary_key=True),
        sa.Column("job_id", sa.String(16), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "presets",
        sa.Column("owner_kind", sa.String(6), primary_key=True),
        sa.Column("owner_id", sa.BigInteger, primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("created_by", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "people",
        sa.Column("user_id", sa.BigInteger, primary_key=True),
        sa.Column("defaults", sa.JSON, nullable=False),
        sa.Column("reference", sa.LargeBinary),
    )
    op.create_table(
        "wildcards",
        sa.Column("user_id", sa.BigInteger, primary_key=True),
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("entries", sa.JSON, nullable=False),
    )
