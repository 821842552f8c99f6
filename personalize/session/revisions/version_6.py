"""Version 6 added what processes that share a database agree on, and an index of rounds by session."""

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"


def upgrade() -> None:
    """Make the index, and the tables; they are empty until processes draw."""
    op.create_index("ix_palate_round_session_id", "palate_round", ["session_id"])
    op.create_table(
        "palate_lease",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("share", sa.Double, nullable=False),
        sa.Column("left_s", sa.Double, nullable=False),
        sa.CheckConstraint("share BETWEEN 0 AND 1 AND left_s >= 0", name="palate_lease_is_progress"),
    )
    op.create_table(
        "palate_limit",
        sa.Column("what", sa.String(32), primary_key=True),
        sa.Column("visitor", sa.String(64), primary_key=True),
        sa.Column("full_at", sa.Double, nullable=False),
        sa.CheckConstraint("full_at >= 0", name="palate_limit_is_a_time"),
    )
    op.create_table(
        "palate_note",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("for_s", sa.Double, nullable=False),
        sa.CheckConstraint("until >= 0 AND for_s >= 0", name="palate_note_is_for_a_time"),
    )
