"""What servers settle for themselves, who is blocked, what was reported, and who did what."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables and columns."""
    op.add_column("jobs", sa.Column("hidden_at", sa.DateTime(timezone=True)))
    op.add_column("people", sa.Column("reference_described", sa.Text))
    op.create_table(
        "guilds",
        sa.Column("guild_id", sa.BigInteger, primary_key=True),
        sa.Column("ceiling", sa.String(9)),
        sa.Column("channel_ids", sa.JSON, nullable=False),
        sa.Column("language", sa.String(10)),
        sa.Column("log_channel_id", sa.BigInteger),
        sa.Column("limits", sa.JSON, nullable=False),
        sa.Column("blocked", sa.JSON, nullable=False),
        sa.Column("allowed", sa.JSON, nullable=False),
        sa.Column("is_private", sa.Boolean, nullable=False),
        sa.Column("terms_shown_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "blocks",
        sa.Column("guild_id", sa.BigInteger, primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True),
        sa.Column("blocked_by", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("job_id", sa.String(16), nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("asker_id", sa.BigInteger, nullable=False),
        sa.Column("reporter_id", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden_by", sa.BigInteger),
        sa.Column("blocked_by", sa.BigInteger),
        sa.Column("dismissed_by", sa.BigInteger),
    )
    op.create_index("reports_by_job", "reports", ["job_id"])
    op.create_table(
        "audit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger, nullable=False),
        sa.Column("deed", sa.String(20), nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("job_id", sa.String(16)),
        sa.Column("reason", sa.String(1000), nullable=False),
    )
    op.create_index("audit_by_guild", "audit", ["guild_id", "id"])
    op.create_index("audit_by_person", "audit", ["user_id", "deed", "at"])
