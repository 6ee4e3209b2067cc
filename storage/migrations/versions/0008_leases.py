"""Which process has a job in hand, until when, and whether somebody wants it called off."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("jobs", sa.Column("owner", sa.String(80)))
    op.add_column("jobs", sa.Column("leased_until", sa.DateTime(timezone=True)))
    op.add_column("jobs", sa.Column("cancel_asked_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drop them."""
    for column in ("owner", "leased_until", "cancel_asked_at"):
        op.drop_column("jobs", column)
