"""Version 4 added the marks of an answer: pictures that are liked too, and pictures that are disliked."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """Add both marks. They stay empty in earlier answers, whose `worst` says what was disliked."""
    for name in ("liked", "disliked"):
        op.add_column("palate_answer", sa.Column(name, sa.JSON))
