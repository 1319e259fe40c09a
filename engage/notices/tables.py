"""The ledger of news for our own side, like that of messages: a row, its attempts, how each ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity


class Notice(Base):
    """One piece of news to one address; `due_at` is the job."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_due", "due_at", "id", postgresql_where=text("due_at IS NOT NULL"),
              sqlite_where=text("due_at IS NOT NULL")),
        Index("ix_notices_staff_id_about", "staff_id", "about", "created_at"),
    )  # fmt: skip

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # mail | slack | webhook
    target: Mapped[str]  # a role, or the name of an address in the settings
    staff_id: Mapped[int | None]  # whose letter it is; None: for a role, a channel, a webhook, or the whole team
    about: Mapped[str | None]  # of a letter: the kind of its news
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    playbook_key: Mapped[str]  # empty where a letter is about several
    content: Mapped[dict[str, Any]]  # title and text in {ja, en}, facts; the payload of a webhook; a letter's news
    state: Mapped[str] = mapped_column(default="queued")  # queued | sending | accepted | rejected | unknown
    reason: Mapped[str | None]
    fence: Mapped[int] = mapped_column(default=0)  # the number of the newest attempt
    due_at: Mapped[datetime | None]  # while sending: when the hand-over counts as lost
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class NoticeAttempt(Base):
    """One try, written down before the call."""

    __tablename__ = "notice_attempts"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]  # accepted | rejected | not_sent | unknown
    detail: Mapped[str | None]
