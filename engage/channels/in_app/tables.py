"""What a contact's in-app inbox holds, how often it changed, and what was shown over a page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity

_OPEN = text("expired_at IS NULL AND dismissed_at IS NULL AND archived_at IS NULL")
_MODAL = text("display = 'modal'")


class InAppItem(Base):
    """One in-app message; its states are instants that are set once and never taken back."""

    __tablename__ = "in_app_items"
    __table_args__ = (
        Index("ix_in_app_items_contact_id_id", "contact_id", "id"),
        Index("ix_in_app_items_expiring", "expires_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    account_id: Mapped[int | None]
    locale: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    link: Mapped[str | None]
    display: Mapped[str] = mapped_column(default="feed")  # feed | banner | modal
    priority: Mapped[str] = mapped_column(default="normal")  # high | normal | low
    frequency: Mapped[str] = mapped_column(default="until_dismissed")  # once | until_dismissed | always
    pages: Mapped[list[str]] = mapped_column(default=list)  # patterns of paths; none = every page
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    clicked_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    expired_at: Mapped[datetime | None]


class InAppInbox(Base):
    """How often a contact's inbox has changed: all that a browser has to ask to know that it has everything."""

    __tablename__ = "in_app_inboxes"

    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True, autoincrement=False)
    version: Mapped[int]
    changed_at: Mapped[datetime]
    quiet_until: Mapped[datetime | None]  # somebody who closed a banner or modal is left in peace until then


class InAppDisplay(Base):
    """A banner or modal was shown in one session of a reader; the ledger that frequency is kept by."""

    __tablename__ = "in_app_displays"
    __table_args__ = (
        UniqueConstraint("item_id", "session"),
        Index("uq_in_app_displays_modal", "contact_id", "session", unique=True, postgresql_where=_MODAL,
              sqlite_where=_MODAL),
    )  # fmt: skip

    id: Mapped[identity]
    item_id: Mapped[int] = mapped_column(ForeignKey("in_app_items.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    session: Mapped[str]
    display: Mapped[str]
    shown_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
