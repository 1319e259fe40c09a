"""Mail that came in, its bytes, and how far each mailbox was read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity


class InboundEmail(Base):
    """One mail from outside, once by its natural key, with what was understood of it."""

    __tablename__ = "inbound_emails"
    __table_args__ = (
        Index("ix_inbound_emails_header_id", "header_id"),
        Index("ix_inbound_emails_from_key_received_at", "from_key", "received_at"),
        Index("ix_inbound_emails_account_id", "account_id"),
        Index("ix_inbound_emails_message_id", "message_id"),
    )

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    natural_key: Mapped[str] = mapped_column(unique=True)
    door: Mapped[str]  # sendgrid | imap
    received_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    kind: Mapped[str]  # reply | auto_reply | bounce | other
    # of an automatic reply: away | left | handed_over | other; of others: unmatched | colleague | ours | flood | unread
    meaning: Mapped[str | None]
    header_id: Mapped[str]  # its Message-ID
    from_name: Mapped[str]
    from_address: Mapped[str]
    from_key: Mapped[str]  # keys.address_key(from_address)
    recipients: Mapped[list[str]] = mapped_column(default=list)
    subject: Mapped[str]
    text: Mapped[str]  # the writer's own words
    attachments: Mapped[list[Any]] = mapped_column(default=list)  # [{name, type, size}]
    matched_by: Mapped[str | None]  # id | thread | address
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))  # of ours, that it answers or reports
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))  # who wrote it
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    findings: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by what sign, until when, who follows, what failed
    decided_at: Mapped[datetime | None]  # what a colleague said of the findings
    decided_by: Mapped[str | None]
    decision: Mapped[str | None]  # confirmed | dismissed


class InboundRaw(Base):
    """The bytes of a mail, as many as are kept."""

    __tablename__ = "inbound_raws"

    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound_emails.id"), primary_key=True, autoincrement=False)
    size: Mapped[int]  # of the whole mail
    raw: Mapped[bytes] = mapped_column(LargeBinary)


class MailboxState(Base):
    """How far a mailbox was read, and since when it cannot be."""

    __tablename__ = "mailbox_states"

    name: Mapped[str] = mapped_column(primary_key=True)
    validity: Mapped[int] = mapped_column(default=0)
    uid: Mapped[int] = mapped_column(default=0)
    read_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    rest_until: Mapped[datetime | None]
    problem: Mapped[str | None]
