"""Work that only a human can do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity


class Task(Base):
    """One piece of work for one colleague (or for whoever has the role), raised once by key."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_state_due_at", "state", "due_at"),
        Index("ix_tasks_tell_at", "tell_at", postgresql_where=text("tell_at IS NOT NULL"),
              sqlite_where=text("tell_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id"))
    role: Mapped[str]  # csm | sales | leader | cs_ops …: who, when nobody is named
    title: Mapped[dict[str, Any]]  # {ja, en}
    note: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {ja, en}
    fields: Mapped[list[Any]] = mapped_column(default=list)  # of a form: [{name, type, label: {ja, en}, needed}]
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what was filled in
    reason: Mapped[str]  # step | nobody_found | no_permission | approval_expired | facts_missing | …
    playbook_key: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="open")  # open | done
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    outcome: Mapped[str | None]
    tell_at: Mapped[datetime | None]  # when whoever has to do it is to hear of it, or that it is overdue
    told_at: Mapped[datetime | None]
