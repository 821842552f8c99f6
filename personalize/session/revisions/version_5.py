"""Version 5 keeps no answer that is no picture: the columns of an answer have a CHECK.

Earlier versions stored some answers such as 0.5. Such an answer becomes a damaged one: `damaged` says what
stood there, and the columns are empty. SQLite adds no CHECK to a table, so the table is made anew there.
"""

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"

PICTURES = "(0, 1, 2, 3, 4, 5, 6, 7, 8)"
"""The places of up to nine pictures. A fraction, a text and a number beyond them are not in this list."""

WRONG = f"(best NOT IN {PICTURES} OR disliked IS NULL AND worst NOT IN {PICTURES})"
"""Whether an answer is no picture. `worst` says nothing beside `disliked`."""


def _answers() -> sa.Table:
    """The table of answers at this step, before its CHECK."""
    tables = sa.MetaData()
    sa.Table("palate_round", tables, sa.Column("id", sa.Integer, primary_key=True))
    answers = sa.Table(
        "palate_answer",
        tables,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "round_id", sa.Integer, sa.ForeignKey("palate_round.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("best", sa.Integer),
        sa.Column("worst", sa.Integer),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("liked", sa.JSON),
        sa.Column("disliked", sa.JSON),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("damaged", sa.String),
    )
    sa.Index("ix_palate_answer_round_id", answers.c.round_id)
    live = sa.text("undone_at IS NULL")
    sa.Index("palate_one_live_answer", answers.c.round_id, unique=True, sqlite_where=live)
    return answers


def upgrade() -> None:
    """Mark the damaged answers, and add the CHECK."""
    op.add_column("palate_answer", sa.Column("damaged", sa.String))
    op.execute(
        "UPDATE palate_answer SET best = NULL, worst = NULL, damaged = "
        "'best ' || COALESCE(CAST(best AS VARCHAR), 'empty') || "
        "', worst ' || COALESCE(CAST(worst AS VARCHAR), 'empty') "
        f"WHERE {WRONG}"
    )
    op.execute(f"UPDATE palate_answer SET worst = NULL WHERE worst NOT IN {PICTURES}")
    with op.batch_alter_table("palate_answer", copy_from=_answers()) as answers:
        answers.create_check_constraint(
            "palate_answer_is_a_picture", sa.text(f"best IN {PICTURES} AND worst IN {PICTURES}")
        )
