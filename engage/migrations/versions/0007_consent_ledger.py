"""consent ledger: what proves each word on mail and each suppression, and the templates that Engage sends by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.db.base import BigId, Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TRAITS = "UPDATE consents SET source = 'traits' WHERE evidence = 'identify'"
# What was known before is the beginning of the ledger.
_BEGIN = """
    INSERT INTO consent_records (public_id, contact_id, address, topic, state, basis, source, evidence, said_by, at,
        recorded_at)
    SELECT 'cns_before_' || consents.id, contact_id, contacts.email, topic, state, basis, consents.source, evidence,
        'unknown', at, at
    FROM consents JOIN contacts ON contacts.id = consents.contact_id ORDER BY at, consents.id
"""
_PROVE = "UPDATE consents SET record_id = 'cns_before_' || id"


def upgrade() -> None:
    op.create_table(
        "consent_records",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_records")),
        sa.UniqueConstraint("public_id", name=op.f("uq_consent_records_public_id")),
    )
    op.create_index("ix_consent_records_contact_id", "consent_records", ["contact_id"], unique=False)
    op.add_column("consents", sa.Column("source", sa.String(), nullable=False, server_default="event"))
    op.add_column("consents", sa.Column("record_id", sa.String(), nullable=True))
    for statement in (_TRAITS, _BEGIN, _PROVE):
        op.execute(statement)
    for name in ("by", "message"):
        op.add_column("suppressions", sa.Column(name, sa.String(), nullable=True))
    op.add_column("suppressions", sa.Column("proof", Json, nullable=False, server_default="{}"))
    op.add_column("releases", sa.Column("templates", Json, nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.drop_column("templates")
    with op.batch_alter_table("suppressions", schema=None) as batch_op:
        for name in ("proof", "message", "by"):
            batch_op.drop_column(name)
    with op.batch_alter_table("consents", schema=None) as batch_op:
        for name in ("record_id", "source"):
            batch_op.drop_column(name)
    op.drop_index("ix_consent_records_contact_id", table_name="consent_records")
    op.drop_table("consent_records")
