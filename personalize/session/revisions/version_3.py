"""Version 3 added the cards of a booth's wall."""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add the table of cards, whose numbers are never used again."""
    op.create_table(
        "palate_card",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "session_id",
            sa.Integer,
            sa.ForeignKey("palate_session.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_palate_card_state", "palate_card", ["state"])
