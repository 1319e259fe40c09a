"""Clicks are judged; a mail keeps its Message-ID, so that what follows it can name it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.db.base import BigId, Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "click_verdicts",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("click_id", BigId, nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["click_id"], ["clicks.id"], name=op.f("fk_click_verdicts_click_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_click_verdicts")),
    )
    with op.batch_alter_table("click_verdicts", schema=None) as batch_op:
        batch_op.create_index("ix_click_verdicts_click_id", ["click_id"], unique=False)

    with op.batch_alter_table("clicks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("network", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("judge_at", UtcDateTime(), nullable=True))
        batch_op.create_index(
            "ix_clicks_judge_at",
            ["judge_at"],
            unique=False,
            postgresql_where=sa.text("judge_at IS NOT NULL"),
            sqlite_where=sa.text("judge_at IS NOT NULL"),
        )
        batch_op.create_index("ix_clicks_network_at", ["network", "at"], unique=False)

    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mail_id", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_column("mail_id")

    with op.batch_alter_table("clicks", schema=None) as batch_op:
        batch_op.drop_index("ix_clicks_network_at")
        batch_op.drop_index(
            "ix_clicks_judge_at",
            postgresql_where=sa.text("judge_at IS NOT NULL"),
            sqlite_where=sa.text("judge_at IS NOT NULL"),
        )
        batch_op.drop_column("judge_at")
        batch_op.drop_column("network")

    with op.batch_alter_table("click_verdicts", schema=None) as batch_op:
        batch_op.drop_index("ix_click_verdicts_click_id")

    op.drop_table("click_verdicts")
