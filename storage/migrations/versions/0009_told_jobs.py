"""Jobs whose askers were told of an end that was never stored: they counted against limits, and nobody saw to them."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Say that they ended when their askers were told: without pictures, since none are stored."""
    op.execute(
        "UPDATE jobs SET state = 'failed', ended_at = delivered_at "
        "WHERE state IN ('queued', 'running') AND delivered_at IS NOT NULL"
    )


def downgrade() -> None:
    """What they were before is of no use to any version."""
