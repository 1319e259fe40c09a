"""Mail that comes in, how far mailboxes were read, and until when people are away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.db.base import BigId, Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailbox_states",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("validity", BigId, nullable=False),
        sa.Column("uid", BigId, nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("failures", BigId, nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("rest_until", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailbox_states")),
    )
    op.create_table(
        "inbound_emails",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("natural_key", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("meaning", sa.String(), nullable=True),
        sa.Column("header_id", sa.String(), nullable=False),
        sa.Column("from_name", sa.String(), nullable=False),
        sa.Column("from_address", sa.String(), nullable=False),
        sa.Column("from_key", sa.String(), nullable=False),
        sa.Column("recipients", Json, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("attachments", Json, nullable=False),
        sa.Column("matched_by", sa.String(), nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("contact_id", BigId, nullable=True),
        sa.Column("account_id", BigId, nullable=True),
        sa.Column("findings", Json, nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_inbound_emails_account_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_inbound_emails_contact_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_inbound_emails_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_emails")),
        sa.UniqueConstraint("natural_key", name=op.f("uq_inbound_emails_natural_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inbound_emails_public_id")),
    )
    with op.batch_alter_table("inbound_emails", schema=None) as batch_op:
        batch_op.create_index("ix_inbound_emails_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_inbound_emails_from_key_received_at", ["from_key", "received_at"], unique=False)
        batch_op.create_index("ix_inbound_emails_header_id", ["header_id"], unique=False)
        batch_op.create_index("ix_inbound_emails_message_id", ["message_id"], unique=False)

    op.create_table(
        "inbound_raws",
        sa.Column("inbound_id", BigId, autoincrement=False, nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_emails.id"], name=op.f("fk_inbound_raws_inbound_id")),
        sa.PrimaryKeyConstraint("inbound_id", name=op.f("pk_inbound_raws")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("away_until", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_column("away_until")

    op.drop_table("inbound_raws")
    with op.batch_alter_table("inbound_emails", schema=None) as batch_op:
        batch_op.drop_index("ix_inbound_emails_message_id")
        batch_op.drop_index("ix_inbound_emails_header_id")
        batch_op.drop_index("ix_inbound_emails_from_key_received_at")
        batch_op.drop_index("ix_inbound_emails_account_id")

    op.drop_table("inbound_emails")
    op.drop_table("mailbox_states")
