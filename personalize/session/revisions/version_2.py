"""Version 2 added the trials of a blind test."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = None


def upgrade() -> None:
    """Add the table of trials."""
    op.create_table(
        "palate_trial",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "session_id", sa.Integer, sa.ForeignKey("palate_session.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("plain_prompt", sa.String, nullable=False),
        sa.Column("prompt", sa.String, nullable=False),
        sa.Column("plain", sa.String(64), nullable=False),
        sa.Column("personal", sa.String(64), nullable=False),
        sa.Column("personal_first", sa.Boolean, nullable=False),
        sa.Column("chosen", sa.String),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("palate_one_trial", "palate_trial", ["session_id", "number"], unique=True)
