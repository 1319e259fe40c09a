"""handover batches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.db.base import BigId, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover_batches",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("begun", BigId, nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_batches")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch_id", BigId, nullable=True))
        batch_op.add_column(sa.Column("place", BigId, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_column("place")
        batch_op.drop_column("batch_id")

    op.drop_table("handover_batches")
