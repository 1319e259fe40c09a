"""in app displays: how a message is shown in the product, what was shown when, and how often an inbox changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.db.base import BigId, Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPEN = sa.text("expired_at IS NULL AND dismissed_at IS NULL AND archived_at IS NULL")
_MODAL = sa.text("display = 'modal'")
_STATES = ("delivered_at", "archived_at", "expired_at")
# What stood in an inbox before is a message of the list.
_SHOWN = {"display": "feed", "priority": "normal", "frequency": "until_dismissed"}


def upgrade() -> None:
    op.create_table(
        "in_app_inboxes",
        sa.Column("contact_id", BigId, autoincrement=False, nullable=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("quiet_until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_in_app_inboxes_contact_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_in_app_inboxes")),
    )
    op.create_table(
        "in_app_displays",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("item_id", BigId, nullable=False),
        sa.Column("contact_id", BigId, nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("display", sa.String(), nullable=False),
        sa.Column("shown_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_in_app_displays_contact_id")),
        sa.ForeignKeyConstraint(["item_id"], ["in_app_items.id"], name=op.f("fk_in_app_displays_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_in_app_displays")),
        sa.UniqueConstraint("item_id", "session", name=op.f("uq_in_app_displays_item_id_session")),
    )
    op.create_index(
        "uq_in_app_displays_modal",
        "in_app_displays",
        ["contact_id", "session"],
        unique=True,
        postgresql_where=_MODAL,
        sqlite_where=_MODAL,
    )
    for name, before in _SHOWN.items():
        op.add_column("in_app_items", sa.Column(name, sa.String(), nullable=False, server_default=before))
    op.add_column("in_app_items", sa.Column("pages", Json, nullable=False, server_default="[]"))
    for name in _STATES:
        op.add_column("in_app_items", sa.Column(name, UtcDateTime(), nullable=True))
    op.create_index(
        "ix_in_app_items_expiring",
        "in_app_items",
        ["expires_at"],
        unique=False,
        postgresql_where=_OPEN,
        sqlite_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_index("ix_in_app_items_expiring", table_name="in_app_items")
    with op.batch_alter_table("in_app_items", schema=None) as batch_op:
        for name in (*_STATES, "pages", *_SHOWN):
            batch_op.drop_column(name)
    op.drop_table("in_app_displays")
    op.drop_table("in_app_inboxes")
